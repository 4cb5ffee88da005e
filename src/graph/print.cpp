#include "graph/print.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "graph/functions.h"
#include "graph/kind_names.h"
#include "io/overloaded.h"

namespace tensorferry::graph {

namespace {

std::string sizes(const std::vector<std::int64_t>& numbers) {
  return fmt::format("{}", fmt::join(numbers, "x"));
}

std::string shape_text(const std::vector<Extent>& shape) {
  std::string text = "[";
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (axis != 0) text += ", ";
    text += shape[axis] == unknown_extent ? "?" : std::to_string(shape[axis]);
  }
  return text + "]";
}

std::string pads_text(const std::vector<Pad>& pads) {
  std::string text;
  for (const Pad& pad : pads) text += fmt::format(" {}+{}", pad.before, pad.after);
  return text;
}

std::string padding_text(const SpatialPadding& padding) {
  return padding.kind == SpatialPadding::Kind::Same ? ", same" : ", pads" + pads_text(padding.pads);
}

std::string_view flag(bool value, std::string_view text) { return value ? text : ""; }

std::string conv_text(const Conv& op) {
  return fmt::format(
      "({} -> {}, kernel {}, strides {}, dilation {}{}, groups {}, channels at {}{}{})",
      op.in_channels, op.out_channels, sizes(op.kernel_size), sizes(op.strides),
      sizes(op.dilations), padding_text(op.padding), op.groups, op.channel_axis,
      flag(op.transposed, ", transposed"), flag(op.bias, ", bias"));
}

std::string function_text(const Function& op) {
  std::string text = std::string(op.kind->name);
  for (const auto& operand : op.operands) {
    text += operand ? fmt::format(", {}", operand->value) : std::string(", x");
  }
  if (!op.axes.empty()) text += fmt::format(", axes {}", fmt::join(op.axes, " "));
  if (!op.integers.empty()) text += fmt::format(", {}", fmt::join(op.integers, " "));
  if (!op.numbers.empty()) text += fmt::format(", {}", fmt::join(op.numbers, " "));
  if (!op.text.empty()) text += ", " + op.text;
  return fmt::format("({}{})", text, flag(op.keep_dims, ", keeps axes"));
}

std::string normalized_axes(const std::vector<std::size_t>& axes, double epsilon, bool scale,
                            bool center) {
  return fmt::format("axes {}, epsilon {}{}{}", fmt::join(axes, " "), epsilon,
                     flag(scale, ", scale"), flag(center, ", center"));
}

std::string_view kind_suffix(LayerNorm::Kind kind) {
  switch (kind) {
    case LayerNorm::Kind::Standard:
      return "";
    case LayerNorm::Kind::Deviation:
      return ", deviation";
    case LayerNorm::Kind::MeanSquare:
      return ", mean square";
  }
  return "";
}

std::string step_function_text(const StepFunction& function) {
  return std::visit(io::overloaded{
                        [](const Identity&) { return std::string("linear"); },
                        [](const Unary& unary) {
                          return fmt::format("{} {} {} {}", kind_name(unary.kind), unary.alpha,
                                             unary.beta, unary.gamma);
                        },
                        [](const Softmax& softmax) { return std::string(kind_name(softmax.kind)); },
                    },
                    function);
}

std::string recurrent_text(const Recurrent& op) {
  const std::string both =
      op.bidirectional ? fmt::format(", bidirectional {}", kind_name(op.merge)) : "";
  return fmt::format("({}, {} -> {}, {}, {}{}{}{}{}{}{}{}{}{}{})", kind_name(op.cell),
                     op.in_features, op.units, step_function_text(op.activation),
                     step_function_text(op.recurrent_activation), flag(op.bias, ", bias"),
                     flag(op.reset_after, ", reset after"), flag(op.cudnn, ", cuDNN"),
                     flag(op.go_backwards, ", backwards"), flag(op.return_sequences, ", sequences"),
                     flag(op.return_state, ", states"), flag(op.initial_state, ", initial state"),
                     flag(op.masked, ", masked"), flag(op.zero_output, ", zero output"), both);
}

std::string locally_connected_text(const LocallyConnected& op) {
  return fmt::format("({}{}, {} -> {}, kernel {}, strides {},{}, {} -> {}{}, channels at {})",
                     kind_name(op.kernel), flag(op.channels_first, " channels first"),
                     op.in_channels, op.out_channels, sizes(op.kernel_size), sizes(op.strides),
                     pads_text(op.pads), sizes(op.in_extents), sizes(op.out_extents),
                     flag(op.bias, ", bias"), op.channel_axis);
}

std::string conv_recurrent_text(const ConvRecurrent& op) {
  return fmt::format(
      "({} -> {}, kernel {}, strides {}, dilations {},{}, {}, {}{}{}{}{}{}{}{}, channels at {})",
      op.in_channels, op.filters, sizes(op.kernel_size), sizes(op.strides), sizes(op.dilations),
      pads_text(op.pads), step_function_text(op.activation),
      step_function_text(op.recurrent_activation), flag(op.bias, ", bias"),
      flag(op.go_backwards, ", backwards"), flag(op.return_sequences, ", sequences"),
      flag(op.return_state, ", states"), flag(op.initial_state, ", initial state"),
      flag(op.masked, ", masked"), flag(op.zero_output, ", zero output"), op.channel_axis);
}

std::string arguments(const Op& op) {
  return std::visit(
      io::overloaded{
          [](const Input& o) { return fmt::format("(\"{}\")", o.name); },
          [](const Constant&) { return std::string(); },
          [](const Conv& o) { return conv_text(o); },
          [](const LocallyConnected& o) { return locally_connected_text(o); },
          [](const Dense& o) {
            return fmt::format("({} -> {}{})", o.in_features, o.out_features,
                               flag(o.bias, ", bias"));
          },
          [](const BatchNorm& o) {
            return fmt::format("({} features, {}, momentum {})", o.features,
                               normalized_axes({o.axis}, o.epsilon, o.scale, o.center), o.momentum);
          },
          [](const LayerNorm& o) {
            return fmt::format("({}, {}{})", sizes(o.extents),
                               normalized_axes(o.axes, o.epsilon, o.scale, o.center),
                               kind_suffix(o.kind));
          },
          [](const GroupNorm& o) {
            return fmt::format("({} features in {} groups, {})", o.features, o.groups,
                               normalized_axes({o.axis}, o.epsilon, o.scale, o.center));
          },
          [](const UnitNorm& o) {
            return fmt::format("(axes {}, least {})", fmt::join(o.axes, " "), o.least);
          },
          [](const Pool& o) {
            return fmt::format("({}, size {}, strides {}{}, channels at {})", kind_name(o.kind),
                               sizes(o.size), sizes(o.strides), padding_text(o.padding),
                               o.channel_axis);
          },
          [](const ReduceAxes& o) {
            return fmt::format("({}, axes {}{})", kind_name(o.kind), fmt::join(o.axes, " "),
                               flag(o.keep_dims, ", keeps them"));
          },
          [](const Unary& o) {
            return fmt::format("({}, {} {} {})", kind_name(o.kind), o.alpha, o.beta, o.gamma);
          },
          [](const Softmax& o) {
            return fmt::format("({}, axes {})", kind_name(o.kind), fmt::join(o.axes, " "));
          },
          [](const Glu& o) { return fmt::format("(axis {})", o.axis); },
          [](const PRelu& o) { return fmt::format("(alpha {})", sizes(o.alpha_shape)); },
          [](const Flatten&) { return std::string(); },
          [](const Reshape& o) { return fmt::format("({})", shape_text(o.shape)); },
          [](const Permute& o) { return fmt::format("({})", fmt::join(o.axes, " ")); },
          [](const RepeatVector& o) { return fmt::format("({})", o.count); },
          [](const PadAxes& o) { return fmt::format("({},{})", o.value, pads_text(o.pads)); },
          [](const Upsample& o) {
            return fmt::format("({}, {}, channels at {})", tensor::interpolation_name(o.kind),
                               sizes(o.factors), o.channel_axis);
          },
          [](const EinsumDense& o) {
            return fmt::format("(\"{}\"{})", o.equation, flag(o.bias, ", bias"));
          },
          [](const Attention& o) {
            return fmt::format("({}{}{}{}{})", kind_name(o.score), flag(o.scale, ", scale"),
                               flag(o.causal, ", causal"), flag(o.masked, ", masked"),
                               flag(o.return_scores, ", scores"));
          },
          [](const MultiHeadAttention& o) {
            return fmt::format(
                "({} of {} heads, {} and {} -> {}{}{}{}{}{}{}{})", o.heads, o.key_value_heads,
                o.key_dim, o.value_dim, o.out_features, flag(o.bias, ", bias"),
                flag(o.gate, ", gate"), o.window == 0 ? "" : fmt::format(", window {}", o.window),
                flag(o.causal, ", causal"), flag(o.masked, ", masked"),
                flag(o.blind_is_zero, ", blind is zero"), flag(o.return_scores, ", scores"));
          },
          [](const Embedding& o) { return fmt::format("({} -> {})", o.input_dim, o.output_dim); },
          [](const ReverseEmbedding& o) {
            return fmt::format("({} -> {})", o.output_dim, o.input_dim);
          },
          [](const Merge& o) { return fmt::format("({})", kind_name(o.kind)); },
          [](const Concatenate& o) { return fmt::format("(axis {})", o.axis); },
          [](const Dot& o) {
            return fmt::format("(axes {} {}{})", o.axis_a, o.axis_b,
                               flag(o.normalize, ", normalized"));
          },
          [](const ScaleOffset& o) {
            return fmt::format("(axis {}, scale {}, offset {})", o.axis, fmt::join(o.scale, " "),
                               fmt::join(o.offset, " "));
          },
          [](const Normalize& o) {
            return fmt::format("(axes {}{}{})", fmt::join(o.axes, " "),
                               flag(!o.mean.empty(), ", constants"), flag(o.invert, ", inverted"));
          },
          [](const ChannelScale& o) {
            return fmt::format("({} features at {})", o.features, o.axis);
          },
          [](const Dropout& o) { return fmt::format("({}, {})", kind_name(o.kind), o.rate); },
          [](const Cast& o) { return fmt::format("({})", tensor::dtype_name(o.to)); },
          [](const Literal& o) {
            return fmt::format("({} of {})", sizes(o.shape), tensor::dtype_name(o.dtype));
          },
          [](const Function& o) { return function_text(o); },
          [](const Recurrent& o) { return recurrent_text(o); },
          [](const ConvRecurrent& o) { return conv_recurrent_text(o); },
          [](const NotEqualTo& o) {
            return fmt::format("({}{})", o.value, flag(o.any_of_last, ", any of last axis"));
          },
          [](const ApplyMask&) { return std::string(); },
          [](const MaskedMean& o) { return std::string(flag(o.keep_dims, "(keep dims)")); },
          [](const FoldTime&) { return std::string(); },
          [](const UnfoldTime& o) { return fmt::format("({})", o.times); },
          [](const Identity&) { return std::string(); },
          [](const CallGraph& o) { return fmt::format("(graph {})", o.graph); },
          [](const Unsupported& o) { return fmt::format("(\"{}\": {})", o.class_name, o.reason); },
      },
      op);
}

std::string layout_text(const Layout& layout) {
  std::string text;
  if (!layout.axes.empty()) text += fmt::format(" order {}", fmt::join(layout.axes, " "));
  for (const FlattenedRun& run : layout.last_axis) {
    text += fmt::format(" run {} by {}", sizes(run.extents), fmt::join(run.order, " "));
  }
  return text;
}

std::string value_text(const Graph& graph, ValueId id) {
  const Value& value = graph.values[id];
  return fmt::format("%{} {}{}{}{}", id, shape_text(value.shape),
                     value.dtype == tensor::DType::Float32
                         ? ""
                         : fmt::format(" {}", tensor::dtype_name(value.dtype)),
                     flag(!value.rank_known, " guessed"), layout_text(value.layout));
}

std::string module_text(const Program& program, const Node& node) {
  std::string text = node.layer;
  if (node.fused) text += " (its activation)";
  if (!node.module) return text;
  const Module& module = program.modules[*node.module];
  text = module.layer;
  if (!module.part.empty()) text += "." + module.part;
  if (!module.trainable) text += " (frozen)";
  for (std::size_t i = 0; i < module.parameters.size(); ++i) {
    const Parameter& parameter = module.parameters[i];
    text += fmt::format("{} {}({}) {}", i == 0 ? ":" : ",", parameter.role,
                        fmt::join(parameter.axes, " "), program.tensors[parameter.tensor].name);
  }
  return text;
}

std::string node_text(const Program& program, const Graph& graph, const Node& node) {
  std::string text = "  ";
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    if (i != 0) text += ", ";
    text += value_text(graph, node.outputs[i]);
  }
  text += " = " + print(node.op);
  for (const ValueId input : node.inputs) text += fmt::format(" %{}", input);
  return text + "    # " + module_text(program, node) + "\n";
}

}  // namespace

std::string print(const Op& op) { return std::string(op_name(op)) + arguments(op); }

std::string print(const Program& program) {
  std::string text;
  for (std::size_t i = 0; i < program.graphs.size(); ++i) {
    const Graph& graph = program.graphs[i];
    text += fmt::format("graph {} \"{}\"{}{}\n", i, graph.name,
                        flag(graph.sequential, " sequential"), flag(i == program.root, " root"));
    for (const Node& node : graph.nodes) text += node_text(program, graph, node);
    text += "  return";
    for (const Port& port : graph.outputs) text += fmt::format(" %{}", port.value);
    text += "\n";
  }
  return text;
}

}  // namespace tensorferry::graph
