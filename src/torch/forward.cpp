#include "torch/forward.h"

#include <algorithm>
#include <optional>
#include <set>

#include "torch/identifier.h"
#include "torch/variables.h"

namespace tensorferry::torch {

namespace {

// A call that is wrapped by an activation stays on one line with it.
constexpr std::size_t longest_wrapped = 60;

bool is_activation(const graph::Node& node) {
  return std::holds_alternative<graph::Unary>(node.op) ||
         std::holds_alternative<graph::Softmax>(node.op);
}

class Forward {
 public:
  Forward(const graph::Program& program, Classes& classes, const Class& own, python::Writer& writer,
          std::map<std::string, std::string>& becomes)
      : program_(program),
        classes_(classes),
        own_(own),
        graph_(program.graphs[own.graph]),
        writer_(writer),
        becomes_(becomes),
        variables_(graph_, argument_names(graph_)),
        end_(graph_.nodes.size()) {}

  void write_logits() {
    end_ -= 1;
    for (std::size_t i = 0; i < end_; ++i) write_node(i);
    writer_.set_layer("");
    writer_.statement("return ", take(graph_.nodes[end_].inputs.front()));
  }

  void write_of_logits() {
    std::vector<Expression> arguments;
    for (const std::string& name : argument_names(graph_)) arguments.push_back(python::atom(name));
    const std::size_t last = end_ - 1;
    const graph::Node& node = graph_.nodes[last];
    writer_.set_layer(node.layer);
    const Expression value =
        spell_node(last, {python::call("self.forward_logits", std::move(arguments))}, "x");
    tell(node, label(last, value));
    writer_.statement("return ", value);
    writer_.set_layer("");
  }

  void write() {
    for (std::size_t i = 0; i < end_; ++i) write_node(i);
    writer_.set_layer("");
    std::vector<Expression> results;
    for (const graph::Port& port : graph_.outputs) {
      results.push_back(python::atom(variables_.of(port.value)));
    }
    if (results.size() == 1) {
      writer_.statement("return ", results.front());
    } else {
      write_tuple("return ", results);
    }
  }

 private:
  void write_node(std::size_t i) {
    const graph::Node& node = graph_.nodes[i];
    if (std::holds_alternative<graph::Input>(node.op)) return;
    writer_.set_layer(node.layer);
    if (std::holds_alternative<graph::Identity>(node.op)) {
      tell(node, "nothing");
      variables_.alias(i, node.outputs[0], node.inputs[0]);
      return;
    }
    if (followed_.count(i)) {
      tell(node, "");
      variables_.alias(i, node.outputs[0], node.inputs[0]);
      return;
    }
    if (const auto* op = std::get_if<graph::Recurrent>(&node.op)) {
      write_recurrent(i, *op);
    } else if (const auto* conv = std::get_if<graph::ConvRecurrent>(&node.op)) {
      write_conv_recurrent(i, *conv);
    } else if (node.outputs.size() == 1) {
      write_value(i);
    } else {
      write_values(i);
    }
  }

  void write_value(std::size_t i) {
    const graph::Node& node = graph_.nodes[i];
    std::vector<Expression> inputs;
    for (const graph::ValueId input : node.inputs) inputs.push_back(take(input));
    const std::string variable = variables_.assign(i, node.outputs[0]);
    const Expression value = spell_node(i, std::move(inputs), variable);
    tell(node, label(i, value));
    if (is_wrapped(i, value)) {
      pending_ = value;
      pending_->about = node.layer;
      pending_value_ = node.outputs[0];
      return;
    }
    if (python::text_of(value) != variable) writer_.statement(variable + " = ", value);
  }

  void write_values(std::size_t i) {
    const graph::Node& node = graph_.nodes[i];
    std::vector<Expression> inputs;
    for (const graph::ValueId input : node.inputs) inputs.push_back(take(input));
    const Expression value = spell_node(i, std::move(inputs), "");
    tell(node, label(i, value));
    std::string names;
    for (const graph::ValueId output : node.outputs) {
      const std::string name = variables_.is_read(output) ? variables_.assign(i, output) : "_";
      names += (names.empty() ? "" : ", ") + name;
    }
    writer_.statement(names + " = ", value);
  }

  /// The module's call, then the layer's outputs that are parts of what it gave.
  void write_recurrent(std::size_t i, const graph::Recurrent& op) {
    const graph::Node& node = graph_.nodes[i];
    std::vector<Expression> inputs;
    for (const graph::ValueId input : node.inputs) inputs.push_back(take(input));
    RecurrentNames names;
    std::vector<std::string> targets;
    for (const graph::ValueId output : node.outputs) {
      names.is_read.push_back(variables_.is_read(output));
      if (names.is_read.back()) targets.push_back(variables_.assign(i, output));
    }
    const bool gives_sequence =
        op.return_sequences && names.is_read.front() && (!op.bidirectional || is_whole(op));
    names.sequence = gives_sequence ? targets.front() : variables_.temporary(i, "y");
    names.h = variables_.temporary(i, "h");
    names.c = variables_.temporary(i, "c");
    names.unpack = [&](const std::string& left, const Expression& value) {
      writer_.statement(left + " = ", value);
    };
    const Site site{program_, graph_, node};
    Call call{site, std::move(inputs), self_of(i), is_alike(i), classes_.helpers, let_as("x")};
    std::vector<Expression> values = call_recurrent(op, call, names);
    tell(node, label(i, python::atom("")));
    if (gives_sequence) {
      targets.erase(targets.begin());
      values.erase(values.begin());
    }
    write_assignment(targets, values);
  }

  /// The module gives (sequence, (h, c)), and the layer of these what is read.
  void write_conv_recurrent(std::size_t i, const graph::ConvRecurrent& op) {
    const graph::Node& node = graph_.nodes[i];
    std::vector<Expression> inputs;
    for (const graph::ValueId input : node.inputs) inputs.push_back(take(input));
    std::vector<std::string> names;
    for (const graph::ValueId output : node.outputs) {
      names.push_back(variables_.is_read(output) ? variables_.assign(i, output) : "_");
    }
    const Expression value = spell_node(i, std::move(inputs), names.front());
    tell(node, label(i, value));
    const bool is_last_of_sequence = !last_output_is_state(op) && !op.return_sequences;
    const bool has_last = !op.return_sequences && names[0] != "_" && !is_last_of_sequence;
    std::string h = op.return_state ? names[1] : "_";
    const bool is_both = has_last && h != "_";
    if (has_last && !is_both) h = names[0];
    const std::string c = op.return_state ? names[2] : "_";
    std::string sequence = op.return_sequences ? names[0] : "_";
    if (is_last_of_sequence && names[0] != "_") sequence = variables_.temporary(i, "y");
    const std::string states = h == "_" && c == "_" ? "_" : "(" + h + ", " + c + ")";
    writer_.statement(sequence + ", " + states + " = ", value);
    if (is_both) writer_.line(names[0] + " = " + h);
    if (is_last_of_sequence && names[0] != "_") {
      writer_.line(names[0] + " = " + sequence + "[:, -1]");
    }
  }

  static bool is_whole(const graph::Recurrent& op) {
    return op.merge == graph::Recurrent::Merge::Concatenate;
  }

  void write_assignment(const std::vector<std::string>& targets,
                        const std::vector<Expression>& values) {
    if (values.empty()) return;
    std::string left;
    for (const std::string& target : targets) left += (left.empty() ? "" : ", ") + target;
    const std::string text = python::text_of(python::tuple(values));
    if (values.size() > 1 && fits(left + " = " + text)) {
      write_tuple(left + " = ", values);
      return;
    }
    for (std::size_t k = 0; k < values.size(); ++k) {
      writer_.statement(targets[k] + " = ", values[k]);
    }
  }

  Expression spell_node(std::size_t i, std::vector<Expression> inputs,
                        const std::string& variable) {
    const graph::Node& node = graph_.nodes[i];
    const Site site{program_, graph_, node};
    Call call{site, std::move(inputs), self_of(i), is_alike(i), classes_.helpers, let_as(variable)};
    return spell(call);
  }

  std::function<Expression(Expression)> let_as(const std::string& variable) {
    return [this, variable](const Expression& value) {
      writer_.statement(variable + " = ", value);
      return python::atom(variable);
    };
  }

  /// The variable, or the expression that was not written down yet.
  Expression take(graph::ValueId value) {
    if (pending_ && pending_value_ == value) {
      Expression expression = std::move(*pending_);
      pending_.reset();
      return expression;
    }
    return python::atom(variables_.of(value));
  }

  /// An activation right behind a call of a module or a sum: F.relu(self.conv(x)), F.relu(x + y).
  bool is_wrapped(std::size_t i, const Expression& value) const {
    const graph::Node& node = graph_.nodes[i];
    std::size_t reader = 0;
    if (!variables_.has_one_reader(node.outputs[0], reader) || reader != i + 1) return false;
    if (reader >= end_) return false;
    const bool is_module_call =
        value.kind == Expression::Kind::Bracketed && value.text.starts_with("self.");
    const bool is_sum = value.kind == Expression::Kind::Operators;
    return (is_module_call || is_sum) && python::text_of(value).size() <= longest_wrapped &&
           is_activation(graph_.nodes[reader]) && takes_expression(graph_.nodes[reader]);
  }

  // A formula that says x twice wants it in a variable.
  static bool takes_expression(const graph::Node& node) {
    if (const auto* softmax = std::get_if<graph::Softmax>(&node.op))
      return softmax->axes.size() == 1;
    return is_one_call(std::get<graph::Unary>(node.op));
  }

  bool is_alike(std::size_t i) const {
    const auto layer = classes_.layer_of.find({own_.graph, i});
    return layer == classes_.layer_of.end() || classes_.layers[layer->second].alike;
  }

  std::string self_of(std::size_t i) {
    const graph::Node& node = graph_.nodes[i];
    if (const auto* call = std::get_if<graph::CallGraph>(&node.op)) {
      for (const Attribute& attribute : own_.attributes) {
        if (attribute.graph == call->graph) return "self." + attribute.name;
      }
    }
    const std::size_t layer = classes_.layer_of.at({own_.graph, i});
    const Attribute* attribute = classes_.attribute_of(own_, layer);
    if (attribute == nullptr) return "";
    if (attribute->layers.size() == 1 && classes_.layers[layer].part.empty()) {
      return "self." + attribute->name;
    }
    if (attribute->layers.front() == layer && is_called_whole(i, *attribute)) {
      for (std::size_t k = 1; k < attribute->layers.size(); ++k) followed_.insert(i + k);
      return "self." + attribute->name;
    }
    return "self." + attribute->name + "." + classes_.layers[layer].part;
  }

  /// The parts of a layer are called one behind the other, with nothing between.
  bool is_called_whole(std::size_t i, const Attribute& attribute) const {
    for (std::size_t k = 1; k < attribute.layers.size(); ++k) {
      const auto layer = classes_.layer_of.find({own_.graph, i + k});
      std::size_t reader = 0;
      if (layer == classes_.layer_of.end() || layer->second != attribute.layers[k] ||
          !classes_.layers[layer->second].declaration->stock ||
          !variables_.has_one_reader(graph_.nodes[i + k - 1].outputs[0], reader) ||
          reader != i + k) {
        return false;
      }
    }
    return true;
  }

  std::string label(std::size_t i, const Expression& value) const {
    const auto layer = classes_.layer_of.find({own_.graph, i});
    if (layer != classes_.layer_of.end() && classes_.layers[layer->second].declaration) {
      return classes_.layers[layer->second].declaration->constructor.text;
    }
    if (const auto* call = std::get_if<graph::CallGraph>(&graph_.nodes[i].op)) {
      return classes_.of(call->graph).name;
    }
    if (value.kind == Expression::Kind::Atom) return value.text;
    if (value.kind == Expression::Kind::Operators) return "x " + value.text + " y";
    const bool is_method = !value.text.starts_with("F.") && !value.text.starts_with("torch.") &&
                           value.text.find('.') != std::string::npos;
    return is_method ? "x" + value.text.substr(value.text.rfind('.')) : value.text;
  }

  void tell(const graph::Node& node, const std::string& label) {
    if (node.layer.empty() || label.empty()) return;
    std::string& entry = becomes_[node.layer];
    if (entry.find(label) != std::string::npos) return;
    if (entry == "nothing") entry.clear();
    entry += (entry.empty() ? "" : " + ") + label;
  }

  static bool fits(const std::string& statement) {
    constexpr std::size_t room = 88 - 8;
    return statement.size() <= room;
  }

  // A bare tuple, in parentheses only where it is broken.
  void write_tuple(const std::string& prefix, const std::vector<Expression>& items) {
    std::string text = python::text_of(python::tuple(items));
    text = text.substr(1, text.size() - 2);
    if (fits(prefix + text)) {
      writer_.line(prefix + text);
    } else {
      writer_.statement(prefix, python::tuple(items));
    }
  }

  const graph::Program& program_;
  Classes& classes_;
  const Class& own_;
  const graph::Graph& graph_;
  python::Writer& writer_;
  std::map<std::string, std::string>& becomes_;
  Variables variables_;
  std::size_t end_;                 ///< nodes from here on are not written
  std::set<std::size_t> followed_;  ///< nodes that an earlier statement has called already
  std::optional<Expression> pending_;
  graph::ValueId pending_value_ = 0;
};

}  // namespace

std::vector<std::string> argument_names(const graph::Graph& graph) {
  if (graph.inputs.size() == 1) return {"x"};
  Scope scope(reserved_names());
  std::vector<std::string> names;
  for (const graph::Port& port : graph.inputs) names.push_back(scope.identifier(port.name));
  return names;
}

void write_forward(const graph::Program& program, Classes& classes, const Class& own,
                   python::Writer& writer, std::map<std::string, std::string>& becomes) {
  Forward(program, classes, own, writer, becomes).write();
}

void write_forward_logits(const graph::Program& program, Classes& classes, const Class& own,
                          python::Writer& writer, std::map<std::string, std::string>& becomes) {
  Forward(program, classes, own, writer, becomes).write_logits();
}

void write_forward_of_logits(const graph::Program& program, Classes& classes, const Class& own,
                             python::Writer& writer, std::map<std::string, std::string>& becomes) {
  Forward(program, classes, own, writer, becomes).write_of_logits();
}

}  // namespace tensorferry::torch
