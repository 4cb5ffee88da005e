#include "torch/match/keras_steps.h"

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
  std::size_t value = 0;
  Axis channels = std::nullopt;
  /// The PadAxes that has just made it, of what.
  const Node* pad = nullptr;
  std::size_t unpadded = 0;
  /// Of it and those before it, of what.
  std::vector<graph::Pad> pads = {};
  std::size_t before_pads = 0;
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

/// A sum or a product of two, or with a number; else empty.
std::string name_of_function(const graph::Function& function) {
  if (const auto scale = scale_of(function)) {
    return scale->scale.empty() ? with_number("add", scale->offset.front())
                                : with_number("mul", scale->scale.front());
  }
  if (function.operands.size() != 2 || function.operands[0] || function.operands[1]) return "";
  const std::string_view name = function.kind->name;
  return name == "add" ? "add" : name == "multiply" ? "mul" : "";
}

std::string name_of_merge(graph::Merge::Kind kind) {
  if (kind == graph::Merge::Kind::Add) return "add";
  return kind == graph::Merge::Kind::Multiply ? "mul" : std::string(graph::kind_name(kind));
}

/// "pad -1,1": what is cut off or set before and behind the rows and columns.
std::string name_of_pads(const std::vector<graph::Pad>& pads) {
  const auto text = [&pads](std::size_t axis) {
    return fmt::format(" {},{}", pads[axis].before, pads[axis].after);
  };
  return "pad" + text(2) + (text(2) == text(3) ? "" : text(3));
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

/// Whether there is one place only.
bool has_one_place(const graph::Value& value, std::size_t channels) {
  for (std::size_t axis = 1; axis < value.shape.size(); ++axis) {
    if (axis != channels && value.shape[axis] != 1) return false;
  }
  return true;
}

/// The axis of the channels after a change of shape that keeps each element's place; none: another.
Axis channels_after(const graph::Value& from, Axis channels, const graph::Value& to) {
  if (!channels) return std::nullopt;
  if (from.shape == to.shape) return channels;
  if (!has_one_place(from, *channels)) return std::nullopt;
  for (std::size_t axis = 1; axis < to.shape.size(); ++axis) {
    if (to.shape[axis] == from.shape[*channels] && has_one_place(to, axis)) return axis;
  }
  return std::nullopt;
}

/// "flatten 7,7": all places of a map beside each other, as torch's flatten has them; else empty.
std::string name_of_flattening(const graph::Value& from, Axis channels, const graph::Value& to) {
  const bool flattens = channels == 1U && from.shape.size() == 4 && to.shape.size() == 2;
  return flattens ? fmt::format("flatten {},{}", from.shape[2], from.shape[3]) : "";
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
  explicit Tracer(const KerasModel& keras) : keras_(keras) {
    for (std::size_t i = 0; i < keras.layers->size(); ++i) {
      weighted_[(*keras.layers)[i].layer] = i;
    }
  }

  KerasSteps run() {
    const graph::Graph& root = keras_.program->graphs[keras_.program->root];
    std::vector<Traced> inputs;
    for (const graph::Port& port : root.inputs) {
      const bool is_only = root.inputs.size() == 1;
      inputs.push_back({is_only ? 0 : add("the input " + port.name, {})});
    }
    const std::vector<Traced> results = visit(keras_.program->root, inputs);
    if (inputs.size() == 1 && results.size() == 1) result_.result = results.front().value;
    return std::move(result_);
  }

 private:
  std::size_t add(std::string operation, std::vector<std::size_t> inputs) {
    result_.steps.push_back({std::nullopt, "", std::move(operation), std::move(inputs)});
    return result_.steps.size();
  }

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
    return {add(fmt::format("result {} of", number + 1), {whole.value})};
  }

  Traced result_of(std::uint32_t index, std::size_t number, const std::vector<Traced>& arguments) {
    const graph::Graph& graph = keras_.program->graphs[index];
    const Node& node = graph.nodes[number];
    if (is_done_elsewhere(node, arguments)) return arguments.front();
    const auto layer = keras_.classes->layer_of.find({index, number});
    if (layer != keras_.classes->layer_of.end() && weighted_.count(layer->second) != 0) {
      return result_of_weighted(graph, node, weighted_.at(layer->second), arguments);
    }
    return result_of_step(graph, node, arguments);
  }

  /// By `preprocess`, on the model's input only; or by whoever calls the model.
  bool is_done_elsewhere(const Node& node, const std::vector<Traced>& arguments) const {
    if (arguments.empty()) return false;
    if (&node == keras_.output_activation) return true;
    return arguments.front().value == 0 &&
           std::any_of(keras_.input_steps->begin(), keras_.input_steps->end(),
                       [&node](const InputStep& step) { return step.node == &node; });
  }

  Traced result_of_weighted(const graph::Graph& graph, const Node& node, std::size_t weighted,
                            const std::vector<Traced>& arguments) {
    const WeightedLayer& layer = (*keras_.layers)[weighted];
    const std::size_t rank =
        node.inputs.empty() ? 0 : graph.values[node.inputs.front()].shape.size();
    const Axis channels = channels_of(node, rank);
    std::vector<std::size_t> given = given_to(layer, channels, arguments);
    result_.steps.push_back({weighted, "", "", std::move(given)});
    return {result_.steps.size(), channels};
  }

  std::vector<std::size_t> given_to(const WeightedLayer& layer, Axis channels,
                                    const std::vector<Traced>& arguments) {
    std::vector<std::size_t> all;
    for (const Traced& x : arguments) {
      const bool takes_pad = x.pad != nullptr && x.pad == layer.surroundings.pad;
      all.push_back(takes_pad ? x.unpadded : x.value);
      if (x.channels && channels && channels != x.channels) {
        all.back() = add("other axes of", {all.back()});
      }
    }
    return all;
  }

  /// A layer without weights, or a function.
  Traced result_of_step(const graph::Graph& graph, const Node& node,
                        const std::vector<Traced>& arguments) {
    if (arguments.empty()) return {add(unlike_any(node), {})};
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
        return {x.value, static_cast<std::size_t>(at - permute->axes.begin())};
      }
    }
    if (std::holds_alternative<graph::Flatten>(node.op) ||
        std::holds_alternative<graph::Reshape>(node.op)) {
      const Axis channels = channels_after(from, x.channels, to);
      if (channels) return {x.value, channels};
      const std::string flattening = name_of_flattening(from, x.channels, to);
      if (!flattening.empty()) return {add(flattening, {x.value}), 1};
    }
    if (const auto* reduce = std::get_if<graph::ReduceAxes>(&node.op)) {
      if (averages_all_but_channels(*reduce, rank, x.channels)) {
        return {add("mean", {x.value}), reduce->keep_dims ? x.channels : 1};
      }
    }
    if (const auto* pad = std::get_if<graph::PadAxes>(&node.op)) return padded(node, *pad, x);
    return result_of_operation(graph, node, arguments);
  }

  Traced padded(const Node& node, const graph::PadAxes& pad, const Traced& x) {
    Traced result{0, x.channels, &node, x.value};
    if (x.channels != 1U || pad.pads.size() != 4 || pad.value != 0) {
      result.value = add(unlike_any(node), {x.value});
      return result;
    }
    const bool is_one_with_last = can_be_one(x.pads, pad.pads);
    result.pads = pad.pads;
    result.before_pads = is_one_with_last ? x.before_pads : x.value;
    for (std::size_t axis = 0; is_one_with_last && axis < pad.pads.size(); ++axis) {
      result.pads[axis].before += x.pads[axis].before;
      result.pads[axis].after += x.pads[axis].after;
    }
    result.value = add(name_of_pads(result.pads), {result.before_pads});
    return result;
  }

  /// Not where zeros come in the place of what was cut off.
  static bool can_be_one(const std::vector<graph::Pad>& first,
                         const std::vector<graph::Pad>& second) {
    if (first.size() != second.size()) return false;
    for (std::size_t axis = 0; axis < first.size(); ++axis) {
      if (first[axis].before < 0 && second[axis].before > 0) return false;
      if (first[axis].after < 0 && second[axis].after > 0) return false;
    }
    return true;
  }

  Traced result_of_operation(const graph::Graph& graph, const Node& node,
                             const std::vector<Traced>& arguments) {
    const Axis channels = common_channels(graph, node, arguments);
    std::vector<std::size_t> given;
    for (const Traced& argument : arguments) given.push_back(argument.value);
    if (const auto* scale = std::get_if<graph::ScaleOffset>(&node.op)) {
      if (scale->scale.size() <= 1 && scale->offset.size() <= 1) {
        return {scaled(*scale, given.front()), channels};
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
    if (name.empty()) return {add(unlike_any(node), given), channels};
    if (name == "cat" || given.size() == 1) return {add(name, given), channels};
    std::size_t result = given.front();
    for (std::size_t i = 1; i < given.size(); ++i) result = add(name, {result, given[i]});
    return {result, channels};
  }

  std::size_t scaled(const graph::ScaleOffset& op, std::size_t x) {
    if (!op.scale.empty()) x = add(with_number("mul", op.scale.front()), {x});
    if (!op.offset.empty()) x = add(with_number("add", op.offset.front()), {x});
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

  /// The name of a step that no target has, whatever its Keras layer is called.
  static std::string unlike_any(const Node& node) {
    return "layer " + (node.layer.empty() ? std::string(graph::op_name(node.op)) : node.layer);
  }

  const KerasModel& keras_;
  std::map<std::size_t, std::size_t> weighted_;  ///< layer of the classes → weighted layer
  KerasSteps result_;
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

KerasSteps keras_steps(const KerasModel& keras) { return Tracer(keras).run(); }

}  // namespace tensorferry::torch
