#include "convert/probe_walk.h"

#include <algorithm>
#include <set>

#include "convert/probe_work.h"
#include "graph/functions.h"
#include "graph/infer.h"
#include "io/error.h"
#include "io/overloaded.h"

namespace tensorferry::convert {
namespace {

/// A value, and the inputs of the root graph whose numbers it still holds.
struct Carried {
  graph::Value value;
  std::set<std::size_t> inputs;
};

// An op with weights makes other numbers of its input, as a softmax and a comparison do; all else
// may still hand an index on, if only after some arithmetic.
bool hands_on(const graph::Program& program, const graph::Node& node) {
  const bool makes_others = std::holds_alternative<graph::Softmax>(node.op) ||
                            std::holds_alternative<graph::NotEqualTo>(node.op);
  if (makes_others) return false;
  if (const auto* function = std::get_if<graph::Function>(&node.op)) {
    const bool compares = function->kind->axes == graph::AxisUse::Elementwise &&
                          function->dtypes.at(0) == tensor::DType::Bool;
    if (compares) return false;
  }
  return !node.module || program.modules.at(*node.module).parameters.empty();
}

// Of the ops whose last input is one.
bool is_masked(const graph::Op& op) {
  return std::visit(io::overloaded{
                        [](const graph::Attention& attention) { return attention.masked; },
                        [](const graph::MultiHeadAttention& attention) { return attention.masked; },
                        [](const graph::Recurrent& recurrent) { return recurrent.masked; },
                        [](const graph::ConvRecurrent& recurrent) { return recurrent.masked; },
                        [](const graph::ApplyMask&) { return true; },
                        [](const graph::MaskedMean&) { return true; },
                        [](const auto&) { return false; },
                    },
                    op);
}

double bytes_of(const graph::Value& value) { return elements_of(value) * sizeof(double); }

void check_extents(const graph::Value& value) {
  for (const graph::Extent extent : value.shape) {
    if (extent != graph::unknown_extent && extent < 1) {
      throw io::Error(io::ErrorCode::ConfigInvalid, "An axis has no elements.");
    }
  }
}

class Walker {
 public:
  Walker(const graph::Program& program, std::size_t inputs) : program_(program) {
    result_.uses.resize(inputs);
  }

  std::vector<Carried> go(const graph::Graph& graph, const std::vector<Carried>& inputs) {
    std::vector<Carried> values;
    for (const graph::Value& value : graph.values) values.push_back({value, {}});
    for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
      values[graph.inputs[i].value] = inputs.at(i);
    }
    for (const graph::Node& node : graph.nodes) {
      std::vector<Carried> arguments;
      for (const graph::ValueId id : node.inputs) arguments.push_back(values[id]);
      const bool is_given = std::holds_alternative<graph::Input>(node.op) ||
                            std::holds_alternative<graph::Constant>(node.op);
      std::vector<Carried> results =
          is_given ? std::vector{values[node.outputs.at(0)]} : results_of(node, arguments);
      for (std::size_t i = 0; i < node.outputs.size(); ++i) {
        values[node.outputs[i]] = std::move(results.at(i));
      }
    }
    std::vector<Carried> outputs;
    for (const graph::Port& port : graph.outputs) outputs.push_back(values[port.value]);
    return outputs;
  }

  Walk result() && {
    result_.bytes += largest_weight_;
    return std::move(result_);
  }

 private:
  std::vector<Carried> results_of(const graph::Node& node, const std::vector<Carried>& arguments) {
    if (const auto* call = std::get_if<graph::CallGraph>(&node.op)) {
      return go(program_.graphs.at(call->graph), arguments);
    }
    std::vector<graph::Value> inputs;
    std::set<std::size_t> carried;
    for (const Carried& argument : arguments) {
      inputs.push_back(argument.value);
      if (hands_on(program_, node)) carried.insert(argument.inputs.begin(), argument.inputs.end());
    }
    std::vector<Carried> results;
    for (graph::Value& value : graph::infer(program_, node.op, inputs)) {
      check_extents(value);
      results.push_back({std::move(value), carried});
    }
    count(node, inputs, results);
    use(node, arguments);
    return results;
  }

  void count(const graph::Node& node, const std::vector<graph::Value>& inputs,
             const std::vector<Carried>& results) {
    std::vector<graph::Value> outputs;
    for (const Carried& result : results) {
      outputs.push_back(result.value);
      result_.bytes += bytes_of(result.value);
    }
    result_.work += work_of(node.op, inputs, outputs);
    if (!node.module) return;
    for (const graph::Parameter& parameter : program_.modules.at(*node.module).parameters) {
      const auto elements =
          static_cast<double>(tensor::element_count(program_.tensors.at(parameter.tensor).shape));
      result_.work += elements;
      largest_weight_ = std::max(largest_weight_, elements * sizeof(double));
    }
  }

  // Which of the inputs are indices, and which have times that are masked.
  void use(const graph::Node& node, const std::vector<Carried>& arguments) {
    if (const auto* embedding = std::get_if<graph::Embedding>(&node.op)) {
      use_as_index(arguments.at(0), embedding->input_dim);
    }
    if (const auto* mask = std::get_if<graph::NotEqualTo>(&node.op)) {
      for (const std::size_t input : arguments.at(0).inputs) {
        result_.uses[input].masked_by = mask->value;
        result_.uses[input].any_of_last = mask->any_of_last;
      }
    }
    if (is_masked(node.op)) {
      for (const std::size_t input : arguments.back().inputs) result_.uses[input].is_mask = true;
    }
    const auto* function = std::get_if<graph::Function>(&node.op);
    if (function == nullptr) return;
    if (function->kind->name == "one_hot") use_as_index(arguments.at(0), function->integers.at(0));
    const bool takes = function->kind->name == "take" || function->kind->name == "take_along_axis";
    if (takes && arguments.size() > 1) {
      const std::vector<graph::Extent>& shape = arguments[0].value.shape;
      use_as_index(arguments[1], shape.at(function->axes.at(0)));
    }
  }

  void use_as_index(const Carried& index, std::int64_t end) {
    for (const std::size_t input : index.inputs) {
      std::optional<std::int64_t>& below = result_.uses[input].below;
      below = std::max<std::int64_t>(1, below ? std::min(*below, end) : end);
    }
  }

  const graph::Program& program_;
  Walk result_;
  double largest_weight_ = 0;
};

}  // namespace

Walk walk(const graph::Program& program, const std::vector<std::vector<graph::Extent>>& shapes) {
  const graph::Graph& root = program.graphs.at(program.root);
  std::vector<Carried> inputs;
  for (std::size_t i = 0; i < root.inputs.size(); ++i) {
    Carried input{root.values[root.inputs[i].value], {i}};
    input.value.shape = shapes.at(i);
    inputs.push_back(std::move(input));
  }
  Walker walker(program, inputs.size());
  walker.go(root, inputs);
  return std::move(walker).result();
}

}  // namespace tensorferry::convert
