#include "torch/match/keras_structure.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "graph/functions.h"
#include "graph/kind_names.h"

namespace tensorferry::torch {

namespace {

using graph::Node;
using Kind = TargetModule::Kind;
using Axis = std::optional<std::size_t>;

/// A value: what computes it, and which of its axes is that of the channels. Shapes are compared no
/// further: the same elements in another order would have their channels elsewhere.
struct Traced {
  ExpressionId expression = 0;
  Axis channels;
  std::optional<ExpressionId>
      unpadded;  ///< before zeros that a convolution or pool takes as its own
};

/// "relu", "leaky_relu 0.3".
std::string name_of_unary(const graph::Unary& op) {
  static const std::map<graph::UnaryKind, const char*> names{
      {graph::UnaryKind::GeluErf, "gelu"},       {graph::UnaryKind::HardSigmoid3, "hardsigmoid"},
      {graph::UnaryKind::HardSilu, "hardswish"}, {graph::UnaryKind::Relu, "relu"},
      {graph::UnaryKind::Relu6, "relu6"},        {graph::UnaryKind::Sigmoid, "sigmoid"},
      {graph::UnaryKind::Silu, "silu"},
  };
  const auto found = names.find(op.kind);
  if (found != names.end()) return found->second;
  std::string name(graph::kind_name(op.kind));
  for (const double number : {op.alpha, op.beta, op.gamma}) {
    if (number != 0) name += fmt::format(" {:g}", number);
  }
  return name;
}

std::string with_number(const char* operation, double number) {
  return fmt::format("{} {:g}", operation, number);
}

/// A sum or a product with a number; else empty.
std::string name_of_function(const graph::Function& function) {
  if (function.operands.size() != 2) return "";
  const auto& [a, b] = std::pair(function.operands[0], function.operands[1]);
  const std::string_view name = function.kind->name;
  if (!a && !b) return name == "add" ? "add" : name == "multiply" ? "mul" : "";
  if (a && b) return "";
  const double number = a ? a->value : b->value;
  if (name == "add") return with_number("add", number);
  if (name == "multiply") return with_number("mul", number);
  if (name == "subtract" && b) return with_number("add", -number);
  if (name == "divide" && b) return with_number("mul", 1 / number);
  return "";
}

std::string name_of_merge(graph::Merge::Kind kind) {
  if (kind == graph::Merge::Kind::Add) return "add";
  return kind == graph::Merge::Kind::Multiply ? "mul" : std::string(graph::kind_name(kind));
}

/// The axis along which a layer's weights lie; none: it has no such axis, or several.
Axis channels_of(const Node& node, std::size_t rank) {
  if (const auto* conv = std::get_if<graph::Conv>(&node.op)) return conv->channel_axis;
  if (const auto* pool = std::get_if<graph::Pool>(&node.op)) return pool->channel_axis;
  if (const auto* norm = std::get_if<graph::BatchNorm>(&node.op)) return norm->axis;
  if (const auto* norm = std::get_if<graph::GroupNorm>(&node.op)) return norm->axis;
  if (const auto* scale = std::get_if<graph::ChannelScale>(&node.op)) return scale->axis;
  if (std::holds_alternative<graph::Dense>(node.op)) return rank - 1;
  const auto* norm = std::get_if<graph::LayerNorm>(&node.op);
  if (norm != nullptr && norm->axes.size() == 1) return norm->axes.front();
  return std::nullopt;
}

/// The axes besides that of the channels stay in order.
bool moves_channels_only(const graph::Permute& permute, Axis channels) {
  std::vector<std::size_t> others;
  for (const std::size_t axis : permute.axes) {
    if (axis != channels) others.push_back(axis);
  }
  return channels && std::is_sorted(others.begin(), others.end());
}

std::vector<graph::Extent> without_ones(const std::vector<graph::Extent>& shape) {
  std::vector<graph::Extent> extents;
  for (std::size_t axis = 1; axis < shape.size(); ++axis) {
    if (shape[axis] != 1) extents.push_back(shape[axis]);
  }
  return extents;
}

/// The axis of the channels after a change of shape that keeps each element's place among them, or
/// that of torch's flatten; none: another.
Axis channels_after(const graph::Value& from, Axis channels, const graph::Value& to) {
  if (!channels) return std::nullopt;
  if (without_ones(from.shape) != without_ones(to.shape)) {
    const bool flattens = to.shape.size() == 2 && channels == 1U;
    return flattens ? Axis(1) : std::nullopt;
  }
  const graph::Extent extent = from.shape[*channels];
  if (extent == 1) return to.shape.size() == from.shape.size() ? channels : std::nullopt;
  // Which of the axes that are not 1 it is.
  const auto place = std::count_if(from.shape.begin() + 1,
                                   from.shape.begin() + static_cast<std::ptrdiff_t>(*channels),
                                   [](graph::Extent one) { return one != 1; });
  std::ptrdiff_t seen = 0;
  for (std::size_t axis = 1; axis < to.shape.size(); ++axis) {
    if (to.shape[axis] == 1) continue;
    if (seen++ == place) return axis;
  }
  return std::nullopt;
}

bool averages_all_but_channels(const graph::ReduceAxes& reduce, std::size_t rank, Axis channels) {
  if (reduce.kind != graph::ReduceAxes::Kind::Mean || !channels || rank < 3) return false;
  std::vector<std::size_t> others;
  for (std::size_t axis = 1; axis < rank; ++axis) {
    if (axis != *channels) others.push_back(axis);
  }
  return reduce.axes == others;
}

class Tracer {
 public:
  Tracer(const StructureOfKeras& keras, const std::function<std::string(std::size_t)>& name_of,
         Expressions& expressions)
      : keras_(keras), name_of_(name_of), expressions_(expressions) {
    for (std::size_t i = 0; i < keras.layers->size(); ++i) {
      weighted_[(*keras.layers)[i].layer] = i;
    }
  }

  TracedModel run() {
    const graph::Graph& root = keras_.program->graphs[keras_.program->root];
    std::vector<Traced> inputs;
    for (const graph::Port& port : root.inputs) {
      const std::string name = root.inputs.size() == 1 ? "the input" : "the input " + port.name;
      inputs.push_back({expressions_.leaf(name), std::nullopt, std::nullopt});
    }
    const std::vector<Traced> results = visit(keras_.program->root, inputs);
    if (inputs.size() == 1 && results.size() == 1) result_.result = results.front().expression;
    return std::move(result_);
  }

 private:
  std::vector<Traced> visit(std::uint32_t index, const std::vector<Traced>& inputs) {
    const graph::Graph& graph = keras_.program->graphs[index];
    std::vector<Traced> values(graph.values.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) values[graph.inputs[i].value] = inputs[i];
    for (std::size_t number = 0; number < graph.nodes.size(); ++number) {
      const Node& node = graph.nodes[number];
      if (std::holds_alternative<graph::Input>(node.op)) continue;
      std::vector<Traced> arguments;
      for (const graph::ValueId value : node.inputs) arguments.push_back(values[value]);
      std::vector<Traced> results;
      if (const auto* call = std::get_if<graph::CallGraph>(&node.op)) {
        results = visit(call->graph, arguments);
      } else {
        results.push_back(result_of(index, number, arguments));
      }
      for (std::size_t i = 0; i < node.outputs.size(); ++i) {
        values[node.outputs[i]] = i < results.size() ? results[i] : part(results.front(), i);
      }
    }
    std::vector<Traced> results;
    for (const graph::Port& port : graph.outputs) results.push_back(values[port.value]);
    return results;
  }

  Traced part(const Traced& whole, std::size_t number) {
    return {
        expressions_.apply(fmt::format("result {} of", number + 1), {whole.expression}), {}, {}};
  }

  Traced result_of(std::uint32_t index, std::size_t number, const std::vector<Traced>& arguments) {
    const graph::Graph& graph = keras_.program->graphs[index];
    const Node& node = graph.nodes[number];
    if (is_done_elsewhere(index, node) && !arguments.empty()) return arguments.front();
    const auto layer = keras_.classes->layer_of.find({index, number});
    if (layer != keras_.classes->layer_of.end() && weighted_.count(layer->second) != 0) {
      return result_of_weighted(graph, node, weighted_.at(layer->second), arguments);
    }
    return result_of_step(graph, node, arguments);
  }

  bool is_done_elsewhere(std::uint32_t index, const Node& node) const {
    const graph::Graph& graph = keras_.program->graphs[index];
    const bool ends = index == keras_.program->root && !node.outputs.empty() &&
                      node.outputs.front() == graph.outputs.front().value;
    if (ends && !keras_.output_activation.empty()) return true;
    return std::any_of(keras_.input_steps->begin(), keras_.input_steps->end(),
                       [&node](const InputStep& step) { return step.node == &node; });
  }

  Traced result_of_weighted(const graph::Graph& graph, const Node& node, std::size_t weighted,
                            const std::vector<Traced>& arguments) {
    const WeightedLayer& layer = (*keras_.layers)[weighted];
    const std::size_t rank =
        node.inputs.empty() ? 0 : graph.values[node.inputs.front()].shape.size();
    const Axis channels = channels_of(node, rank);
    const ExpressionId given = given_to(layer, channels, arguments);
    const auto [before, is_first] = result_.given.emplace(weighted, given);
    if (!is_first && before->second != given) result_.given_several.push_back(weighted);
    const std::string name = name_of_(weighted);
    if (!name.empty()) return {expressions_.leaf(name), channels, std::nullopt};
    const std::string operation = is_pool(layer.kind) ? pool_operation(layer) : layer.keras_name;
    return {expressions_.apply(operation, {given}), channels, std::nullopt};
  }

  ExpressionId given_to(const WeightedLayer& layer, Axis channels,
                        const std::vector<Traced>& arguments) {
    std::vector<ExpressionId> all;
    for (const Traced& x : arguments) {
      const bool slides = !layer.surroundings.extents.empty();
      all.push_back(slides && x.unpadded ? *x.unpadded : x.expression);
      if (x.channels && channels && channels != x.channels) {
        all.back() = expressions_.apply("other axes of", {all.back()});
      }
    }
    return all.size() == 1 ? all.front() : expressions_.apply("", std::move(all));
  }

  /// A layer without weights, or a function.
  Traced result_of_step(const graph::Graph& graph, const Node& node,
                        const std::vector<Traced>& arguments) {
    if (arguments.empty()) return {expressions_.leaf(unlike_any(node)), {}, {}};
    const Traced& x = arguments.front();
    const graph::Value& from = graph.values[node.inputs.front()];
    const graph::Value& to = graph.values[node.outputs.front()];
    const std::size_t rank = from.shape.size();
    if (std::holds_alternative<graph::Dropout>(node.op) ||
        std::holds_alternative<graph::Identity>(node.op)) {
      return x;
    }
    if (const auto* cast = std::get_if<graph::Cast>(&node.op)) {
      if (is_floating_point(cast->to)) return x;
    }
    if (const auto* permute = std::get_if<graph::Permute>(&node.op)) {
      if (moves_channels_only(*permute, x.channels)) {
        const auto at = std::find(permute->axes.begin(), permute->axes.end(), *x.channels);
        return {x.expression, static_cast<std::size_t>(at - permute->axes.begin()), std::nullopt};
      }
    }
    if (std::holds_alternative<graph::Flatten>(node.op) ||
        std::holds_alternative<graph::Reshape>(node.op)) {
      const Axis channels = channels_after(from, x.channels, to);
      if (channels) return {x.expression, channels, std::nullopt};
    }
    if (const auto* reduce = std::get_if<graph::ReduceAxes>(&node.op)) {
      if (averages_all_but_channels(*reduce, rank, x.channels)) {
        return {expressions_.apply("mean", {x.expression}), reduce->keep_dims ? x.channels : 1, {}};
      }
    }
    if (const auto* pad = std::get_if<graph::PadAxes>(&node.op)) {
      Traced padded{expressions_.apply(unlike_any(node), {x.expression}), x.channels, {}};
      if (is_taken_by_next(*pad)) padded.unpadded = x.expression;
      return padded;
    }
    return result_of_operation(graph, node, arguments);
  }

  // As surroundings_of (weighted_layers.cpp) takes it.
  static bool is_taken_by_next(const graph::PadAxes& pad) {
    return pad.value == 0 &&
           std::none_of(pad.pads.begin(), pad.pads.end(),
                        [](const graph::Pad& one) { return one.before < 0 || one.after < 0; });
  }

  Traced result_of_operation(const graph::Graph& graph, const Node& node,
                             const std::vector<Traced>& arguments) {
    const Axis channels = common_channels(graph, node, arguments);
    std::vector<ExpressionId> given;
    for (const Traced& argument : arguments) given.push_back(argument.expression);
    if (const auto* scale = std::get_if<graph::ScaleOffset>(&node.op)) {
      if (scale->scale.size() <= 1 && scale->offset.size() <= 1) {
        return {scaled(*scale, given.front()), channels, std::nullopt};
      }
    }
    std::string name;
    if (const auto* unary = std::get_if<graph::Unary>(&node.op)) {
      name = name_of_unary(*unary);
    } else if (const auto* function = std::get_if<graph::Function>(&node.op)) {
      name = name_of_function(*function);
    } else if (const auto* merge = std::get_if<graph::Merge>(&node.op)) {
      name = name_of_merge(merge->kind);
    } else if (const auto* concatenate = std::get_if<graph::Concatenate>(&node.op)) {
      name = channels == concatenate->axis ? "cat" : "";
    }
    // numpy would broadcast other axes of theirs.
    if (given.size() > 1 && !channels) name.clear();
    if (name.empty()) return {expressions_.apply(unlike_any(node), given), channels, std::nullopt};
    if (name == "cat") return {expressions_.apply(name, given), channels, std::nullopt};
    ExpressionId result = given.front();
    if (given.size() == 1) result = expressions_.apply(name, {result});
    for (std::size_t i = 1; i < given.size(); ++i) {
      result = expressions_.apply(name, {result, given[i]});
    }
    return {result, channels, std::nullopt};
  }

  ExpressionId scaled(const graph::ScaleOffset& op, ExpressionId x) {
    if (!op.scale.empty() && op.scale.front() != 1) {
      x = expressions_.apply(with_number("mul", op.scale.front()), {x});
    }
    if (!op.offset.empty() && op.offset.front() != 0) {
      x = expressions_.apply(with_number("add", op.offset.front()), {x});
    }
    return x;
  }

  /// None where they are not the same axis, or the ranks differ.
  static Axis common_channels(const graph::Graph& graph, const Node& node,
                              const std::vector<Traced>& arguments) {
    const std::size_t rank = graph.values[node.inputs.front()].shape.size();
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      if (arguments[i].channels != arguments.front().channels) return std::nullopt;
      if (graph.values[node.inputs[i]].shape.size() != rank) return std::nullopt;
    }
    return arguments.front().channels;
  }

  /// The name of a step that no target has: that of its Keras layer.
  static std::string unlike_any(const Node& node) {
    return node.layer.empty() ? std::string(graph::op_name(node.op)) : node.layer;
  }

  const StructureOfKeras& keras_;
  const std::function<std::string(std::size_t)>& name_of_;
  Expressions& expressions_;
  std::map<std::size_t, std::size_t> weighted_;  ///< layer of the classes → weighted layer
  TracedModel result_;
};

std::string both(const char* letter, const std::vector<std::int64_t>& values, std::int64_t usual) {
  const bool is_one = std::all_of(values.begin(), values.end(),
                                  [&](std::int64_t value) { return value == values.front(); });
  if (is_one && values.front() == usual) return "";
  return is_one ? fmt::format(" {}{}", letter, values.front())
                : fmt::format(" {}{}", letter, fmt::join(values, ","));
}

}  // namespace

std::string pool_operation(const WeightedLayer& layer) {
  const auto& pool = std::get<graph::Pool>(layer.node->op);
  const Surroundings& around = layer.surroundings;
  std::vector<std::int64_t> pads;
  bool is_even = !around.by_size;
  for (const graph::Pad& pad : around.pads) {
    is_even = is_even && pad.before == pad.after;
    pads.push_back(pad.before);
  }
  const bool is_max = layer.kind == Kind::MaxPool;
  const bool is_padded =
      std::any_of(pads.begin(), pads.end(), [](std::int64_t pad) { return pad != 0; });
  const bool pads_otherwise = (is_padded && is_max == around.zeros) || around.counted;
  return fmt::format("{}{}{}{}{}", is_max ? "max" : "average", both("", pool.size, -1),
                     both("s", pool.strides, 1), both("p", pads, 0),
                     is_even && !pads_otherwise ? "" : " as " + layer.keras_name);
}

TracedModel trace(const StructureOfKeras& keras,
                  const std::function<std::string(std::size_t layer)>& name_of,
                  Expressions& expressions) {
  return Tracer(keras, name_of, expressions).run();
}

}  // namespace tensorferry::torch
