#include "torch/source.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

#include "graph/passes/axes.h"
#include "torch/forward.h"
#include "torch/identifier.h"

namespace tensorferry::torch {

namespace {

using python::Writer;

std::string extent_text(graph::Extent extent, const char* free) {
  return extent == graph::unknown_extent ? std::string(free) : std::to_string(extent);
}

/// What stands for an unknown extent of Keras's axis `axis`.
const char* extent_letter(std::size_t rank, std::size_t axis) {
  static constexpr const char* letters[] = {"N", "D", "H", "W", "L"};
  if (rank == 3 && axis == 1) return "L";
  if (rank == 4 && axis < 3) return letters[axis + 1];
  if (rank == 5 && axis < 4) return letters[axis];
  return "C";
}

/// "(N, 3, H, W), channels first": unknown extents by letters.
std::string shape_text(const graph::Value& value) {
  const std::size_t rank = value.shape.size();
  const graph::Axes& order = value.layout.axes;
  const bool channels_first = !order.empty();
  const bool each_time = rank >= 4 && order == graph::channels_first_each_time(rank);
  std::string text = "(N";
  for (std::size_t axis = 1; axis < rank; ++axis) {
    const std::size_t keras = channels_first ? order[axis] : axis;
    const char* letter = extent_letter(rank, keras);
    if (each_time) letter = keras == 1 ? "T" : extent_letter(rank - 1, keras - 1);
    text += ", " + extent_text(value.shape[axis], letter);
  }
  text += rank == 1 ? ",)" : ")";
  return text + (channels_first ? ", channels first" : "");
}

void write_docstring(Writer& writer, const graph::Graph& graph) {
  const std::vector<std::string> arguments = argument_names(graph);
  writer.line(graph.name.empty()
                  ? std::string("\"\"\"A Keras model.")
                  : fmt::format("\"\"\"The Keras model {}.", python::comment_text(graph.name)));
  writer.line("");
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    writer.line(fmt::format("Takes {}: {}.", arguments[i],
                            shape_text(graph.values[graph.inputs[i].value])));
  }
  for (const graph::Port& port : graph.outputs) {
    writer.line(fmt::format("Gives {}: {}.", python::comment_text(port.name),
                            shape_text(graph.values[port.value])));
  }
  writer.line("\"\"\"");
}

Expression never_trained(const std::string& place) {
  return python::call(place + ".requires_grad_", {python::boolean(false)});
}

Expression in_dtype(const std::string& place, tensor::DType dtype) {
  return python::call(place + ".to", {python::atom(fmt::format("torch.{}", dtype_name(dtype)))});
}

Expression self(const std::string& attribute) { return python::atom("self." + attribute); }

class ClassWriter {
 public:
  ClassWriter(const graph::Program& program, Classes& classes, const Class& own,
              const Precision& precision, bool with_logits, Writer& writer,
              std::map<std::string, std::string>& becomes)
      : program_(program),
        classes_(classes),
        own_(own),
        graph_(program.graphs[own.graph]),
        precision_(precision),
        with_logits_(with_logits && own.graph == program.root),
        writer_(writer),
        becomes_(becomes) {}

  void write() {
    const Expression base = python::atom(own_.is_sequence ? "nn.Sequential" : "nn.Module");
    writer_.statement("class ", python::call(own_.name, {base}), ":");
    writer_.indent();
    write_docstring(writer_, graph_);
    writer_.line("");
    if (own_.is_sequence) {
      write_sequence();
    } else {
      write_init();
      write_train();
      write_forward_method();
    }
    writer_.outdent();
  }

 private:
  bool is_root() const { return own_.graph == program_.root; }

  void write_sequence() {
    std::set<std::string> taken;
    for (const Attribute& attribute : own_.attributes) taken.insert(attribute.name);
    Scope names(taken);
    std::vector<Expression> steps;
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      const graph::Node& node = graph_.nodes[i];
      if (std::holds_alternative<graph::Input>(node.op)) continue;
      const std::size_t number = classes_.layer_of.at({own_.graph, i});
      const Layer& layer = classes_.layers[number];
      const Attribute* attribute = classes_.attribute_of(own_, number);
      const std::string name = attribute ? attribute->name : names.identifier(node.layer);
      const Expression module = layer.declaration ? layer.declaration->constructor
                                                  : stock_module(layer.sites.front()).value();
      becomes_[node.layer] = module.text;
      steps.push_back(python::tuple({python::string(name), module}));
      steps.back().about = node.layer;
    }
    writer_.line("def __init__(self):");
    writer_.indent();
    writer_.statement(
        "", python::call("super().__init__",
                         {python::call("OrderedDict", {python::list(std::move(steps))})}));
    write_end_of_init();
    writer_.outdent();
    if (with_logits_) write_logits_of_sequence();
  }

  void write_logits_of_sequence() {
    writer_.line("");
    writer_.line("def forward_logits(self, x):");
    writer_.indent();
    write_about_logits();
    writer_.line("for module in list(self)[:-1]:");
    writer_.indent();
    writer_.line("x = module(x)");
    writer_.outdent();
    writer_.line("return x");
    writer_.outdent();
  }

  void write_about_logits() {
    writer_.line("\"\"\"What the last activation takes; losses are stable on it.\"\"\"");
  }

  void write_init() {
    writer_.line("def __init__(self):");
    writer_.indent();
    writer_.line("super().__init__()");
    for (const Attribute& attribute : own_.attributes) {
      writer_.set_layer(layer_of(attribute));
      if (attribute.declared) write_attribute(attribute);
    }
    for (const Attribute& attribute : own_.attributes) {
      writer_.set_layer(layer_of(attribute));
      if (attribute.declared) write_constants(attribute);
    }
    writer_.set_layer("");
    write_frozen();
    write_end_of_init();
    writer_.outdent();
    writer_.line("");
  }

  /// The Keras layer that it is of.
  std::string layer_of(const Attribute& attribute) const {
    if (!attribute.graph) return classes_.layers[attribute.layers.front()].sites.front().node.layer;
    for (const graph::Node& node : graph_.nodes) {
      const auto* call = std::get_if<graph::CallGraph>(&node.op);
      if (call != nullptr && call->graph == *attribute.graph) return node.layer;
    }
    return "";
  }

  void write_attribute(const Attribute& attribute) {
    const std::string prefix = fmt::format("self.{} = ", attribute.name);
    if (attribute.graph) {
      writer_.statement(prefix, python::call(classes_.of(*attribute.graph).name, {}));
      return;
    }
    const Layer& first = classes_.layers[attribute.layers.front()];
    if (first.part.empty()) {
      writer_.statement(prefix, first.declaration->constructor);
      return;
    }
    std::vector<Expression> parts;
    for (const std::size_t number : attribute.layers) {
      const Layer& layer = classes_.layers[number];
      parts.push_back(python::tuple(
          {python::string(checked_identifier(layer.part)), layer.declaration->constructor}));
    }
    writer_.statement(
        prefix, python::call("nn.Sequential",
                             {python::call("OrderedDict", {python::list(std::move(parts))})}));
  }

  std::string place(const Attribute& attribute, const Layer& layer) const {
    return "self." + attribute.name + (layer.part.empty() ? "" : "." + layer.part);
  }

  // What Keras leaves out (a BatchNormalization without scale) is a constant here.
  void write_constants(const Attribute& attribute) {
    for (const std::size_t number : attribute.layers) {
      const Layer& layer = classes_.layers[number];
      for (const std::string& parameter : layer.declaration->constant) {
        if (layer.trainable) {
          writer_.statement("", never_trained(place(attribute, layer) + "." + parameter));
        }
      }
      const auto dtype = precision_.of_layer.find(number);
      if (dtype != precision_.of_layer.end()) {
        writer_.statement("", in_dtype(place(attribute, layer), dtype->second));
      }
    }
  }

  bool is_batch_norm(const Layer& layer) const {
    return std::holds_alternative<graph::BatchNorm>(layer.sites.front().node.op);
  }

  /// Layers of this class (not of those nested in it) that are frozen.
  std::vector<Expression> frozen(bool batch_norms_only) const {
    std::vector<Expression> result;
    for (const Attribute& attribute : own_.attributes) {
      const bool any =
          std::any_of(attribute.layers.begin(), attribute.layers.end(), [&](std::size_t number) {
            const Layer& layer = classes_.layers[number];
            return layer.is_frozen() && (!batch_norms_only || is_batch_norm(layer));
          });
      if (attribute.declared && any) result.push_back(self(attribute.name));
    }
    return result;
  }

  void for_each(const std::vector<Expression>& layers,
                const std::function<Expression(const std::string&)>& statement) {
    if (layers.size() == 1) {
      writer_.statement("", statement(layers.front().text));
      return;
    }
    writer_.statement("for layer in ", python::tuple(layers), ":");
    writer_.indent();
    writer_.statement("", statement("layer"));
    writer_.outdent();
  }

  void write_frozen() {
    const std::vector<Expression> layers = frozen(false);
    if (!layers.empty()) for_each(layers, never_trained);
    if (!frozen(true).empty()) writer_.line("self.train()");
  }

  void write_end_of_init() {
    if (!is_root()) return;
    for (const Alias& alias : classes_.aliases) {
      writer_.line(fmt::format("{} = {}", alias.to, alias.from));
    }
    if (precision_.all) writer_.statement("", in_dtype("self", *precision_.all));
  }

  void write_train() {
    const std::vector<Expression> layers = frozen(true);
    if (layers.empty()) return;
    writer_.line("def train(self, mode=True):");
    writer_.indent();
    writer_.line("super().train(mode)");
    writer_.line("# Frozen: they keep their statistics, as in Keras.");
    for_each(layers, [](const std::string& place) { return python::call(place + ".eval", {}); });
    writer_.line("return self");
    writer_.outdent();
    writer_.line("");
  }

  void begin_method(const std::string& name) {
    std::vector<Expression> arguments{python::atom("self")};
    for (const std::string& input : argument_names(graph_))
      arguments.push_back(python::atom(input));
    writer_.statement("def ", python::call(name, arguments), ":");
    writer_.indent();
  }

  void write_forward_method() {
    if (with_logits_) {
      begin_method("forward_logits");
      write_about_logits();
      write_forward_logits(program_, classes_, own_, writer_, becomes_);
      writer_.outdent();
      writer_.line("");
    }
    begin_method("forward");
    if (with_logits_) {
      write_forward_of_logits(program_, classes_, own_, writer_, becomes_);
    } else {
      write_forward(program_, classes_, own_, writer_, becomes_);
    }
    writer_.outdent();
  }

  const graph::Program& program_;
  Classes& classes_;
  const Class& own_;
  const graph::Graph& graph_;
  const Precision& precision_;
  bool with_logits_;
  Writer& writer_;
  std::map<std::string, std::string>& becomes_;
};

std::size_t line_count(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::string import_lines(const std::string& body) {
  const auto says = [&](const char* word) { return body.find(word) != std::string::npos; };
  std::string text;
  if (says("OrderedDict(")) text += "from collections import OrderedDict\n\n";
  if (says("torch.")) text += "import torch\n";
  if (says("F.")) text += "import torch.nn.functional as F\n";
  return text + "from torch import nn\n";
}

}  // namespace

Precision precision_of(const Classes& classes) {
  std::map<std::size_t, tensor::DType> dtypes;
  std::set<tensor::DType> kinds;
  for (std::size_t i = 0; i < classes.layers.size(); ++i) {
    const auto& declaration = classes.layers[i].declaration;
    const bool is_stub =
        std::holds_alternative<graph::Unsupported>(classes.layers[i].sites.front().node.op);
    if (!declaration || is_stub) continue;
    for (const State& state : declaration->state) {
      const tensor::DType dtype = state.weight.contiguous.dtype;
      if (!is_floating_point(dtype)) continue;
      dtypes.emplace(i, dtype);
      kinds.insert(dtype);
    }
  }
  Precision precision;
  if (kinds.size() == 1 && *kinds.begin() != tensor::DType::Float32) precision.all = *kinds.begin();
  if (kinds.size() < 2) return precision;
  for (const auto& [layer, dtype] : dtypes) {
    if (dtype != tensor::DType::Float32) precision.of_layer[layer] = dtype;
  }
  return precision;
}

ModelSource model_source(const graph::Program& program, Classes& classes, bool with_logits,
                         std::map<std::string, std::string>& becomes) {
  const Precision precision = precision_of(classes);
  std::string definitions;
  std::vector<LinesOfLayer> lines;
  std::size_t written = 0;
  for (const Class& own : classes.classes) {
    Writer writer;
    ClassWriter(program, classes, own, precision, with_logits, writer, becomes).write();
    definitions += "\n\n" + writer.text();
    written += 2;
    for (const python::LayerLines& found : writer.layer_lines()) {
      lines.push_back({own.graph, found.layer, found.first + written, found.last + written});
    }
    written += line_count(writer.text());
  }
  std::string head;
  for (const Helper* helper : classes.helpers.used()) head += "\n\n" + helper->source;
  head = import_lines(head + definitions) + head;
  for (LinesOfLayer& found : lines) {
    found.first += line_count(head);
    found.last += line_count(head);
  }
  return {head + definitions, std::move(lines)};
}

}  // namespace tensorferry::torch
