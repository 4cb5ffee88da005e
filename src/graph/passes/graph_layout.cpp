#include "graph/passes/graph_layout.h"

#include "graph/passes/graph_layout/op_layouts.h"
#include "graph/passes/laid_out_values.h"
#include "io/overloaded.h"

namespace tensorferry::graph {

namespace {

class GraphLayout {
 public:
  GraphLayout(LayoutState& state, const Graph& source, std::uint32_t index, bool keep_ports)
      : state_(state), source_(source), keep_ports_(keep_ports), values_(state, source, index) {}

  LaidOut run() {
    for (std::size_t i = 0; i < source_.nodes.size(); ++i) lay_out_node(i);
    Boundary boundary;
    for (const Port& port : source_.inputs) {
      values_.result().inputs.push_back({port.name, values_.now(port.value)});
      boundary.inputs.push_back(values_.order_of(values_.now(port.value)));
    }
    for (const Port& port : source_.outputs) {
      values_.result().outputs.push_back({port.name, output(port)});
      boundary.outputs.push_back(values_.order_of(values_.result().outputs.back().value));
    }
    return {std::move(values_.result()), std::move(boundary)};
  }

 private:
  void lay_out_node(std::size_t i) {
    const Node& node = source_.nodes[i];
    std::visit(
        io::overloaded{
            [&](const Input& op) { input(node, op); },
            [&](const Constant& op) { keep(node, op); },
            [&](const Conv& op) { lay_out_over_channels(values_, node, op, "a convolution"); },
            [&](const LocallyConnected& op) {
              lay_out_over_channels(values_, node, op, "a local convolution");
            },
            [&](const Dense& op) { lay_out_dense(values_, node, op); },
            [&](const BatchNorm& op) { lay_out_batch_norm(values_, node, op); },
            [&](const LayerNorm& op) { lay_out_layer_norm(values_, node, op); },
            [&](const GroupNorm& op) { lay_out_group_norm(values_, node, op); },
            [&](const UnitNorm& op) { lay_out_unit_norm(values_, node, op); },
            [&](const Pool& op) { lay_out_over_channels(values_, node, op, "pooling"); },
            [&](const ReduceAxes& op) { lay_out_reduce(values_, node, op); },
            [&](const Unary&) { lay_out_elementwise(values_, node); },
            [&](const Softmax& op) { lay_out_softmax(values_, node, op); },
            [&](const Glu& op) { lay_out_glu(values_, node, op); },
            [&](const PRelu& op) { lay_out_prelu(values_, node, op); },
            [&](const Flatten& op) { lay_out_flatten(values_, node, op, i); },
            [&](const Reshape& op) { lay_out_reshape(values_, node, op); },
            [&](const Permute& op) { lay_out_permute(values_, node, op); },
            [&](const RepeatVector&) { lay_out_as_keras(values_, node, "it repeats a vector"); },
            [&](const PadAxes& op) { lay_out_pad(values_, node, op); },
            [&](const Upsample& op) { lay_out_over_channels(values_, node, op, "resizing"); },
            [&](const EinsumDense&) {
              lay_out_as_keras(values_, node, "an einsum names each axis");
            },
            [&](const Attention&) {
              lay_out_as_keras(values_, node, "attention works along axes");
            },
            [&](const MultiHeadAttention&) {
              lay_out_as_keras(values_, node, "attention works along axes");
            },
            [&](const Embedding&) { lay_out_as_keras(values_, node, "it looks up each position"); },
            [&](const ReverseEmbedding&) {
              lay_out_as_keras(values_, node, "it works along the last axis");
            },
            [&](const Merge&) { lay_out_merge(values_, node); },
            [&](const Concatenate& op) { lay_out_concatenate(values_, node, op); },
            [&](const Dot& op) { lay_out_dot(values_, node, op); },
            [&](const ScaleOffset& op) { lay_out_scale_offset(values_, node, op); },
            [&](const Normalize& op) { lay_out_normalize(values_, node, op); },
            [&](const ChannelScale& op) { lay_out_channel_scale(values_, node, op); },
            [&](const Dropout& op) { lay_out_dropout(values_, node, op); },
            [&](const Cast&) { lay_out_elementwise(values_, node); },
            [&](const Literal& op) { keep(node, op); },
            [&](const Function& op) { lay_out_function(values_, node, op); },
            [&](const Recurrent&) { lay_out_as_keras(values_, node, "it goes along axis 1"); },
            [&](const ConvRecurrent& op) { lay_out_conv_recurrent(values_, node, op); },
            [&](const NotEqualTo&) { lay_out_as_keras(values_, node, "its mask is of each time"); },
            [&](const ApplyMask&) { lay_out_as_keras(values_, node, "its mask is of each time"); },
            [&](const MaskedMean&) { lay_out_as_keras(values_, node, "its mask is of each time"); },
            [&](const FoldTime& op) { lay_out_fold_time(values_, node, op); },
            [&](const UnfoldTime& op) { lay_out_unfold_time(values_, node, op); },
            [&](const Identity&) { lay_out_elementwise(values_, node); },
            [&](const CallGraph& op) { call(node, op); },
            [&](const Unsupported&) { lay_out_as_keras(values_, node, "it is not converted"); },
        },
        node.op);
  }

  void input(const Node& node, const Input& op) {
    const ValueId value = node.outputs.at(0);
    const std::size_t rank = source_.values[value].shape.size();
    Axes order = keras_order(rank);
    if (!keep_ports_ && rank >= 3) {
      const Wishes wishes = values_.wishes(value);
      const bool each_time = wishes.channels_first_each_time;
      if (wishes.channels_first && !wishes.keras && !each_time) {
        order = channels_first_order(rank, rank - 1);
      }
      if (each_time && !wishes.keras && !wishes.channels_first) {
        order = channels_first_each_time(rank);
      }
      if (wishes.channels_first && wishes.keras) {
        state_.program.notes.push_back({io::Severity::Info, node.layer, "mixed-layout",
                                        "The input keeps Keras's layout, as some of its consumers "
                                        "work along the last axis and "
                                        "some take the channels first."});
      }
    }
    values_.emit(node, op, {}, {order});
  }

  void keep(const Node& node, const Op& op) {
    values_.emit(node, op, {}, {keras_order(source_.values[node.outputs.at(0)].shape.size())});
  }

  void call(const Node& node, const CallGraph& op) {
    values_.require_keras_elements(node);
    const Boundary& boundary = state_.boundaries.at(op.graph);
    std::vector<ValueId> inputs;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      inputs.push_back(values_.held_in(values_.argument(node, i), boundary.inputs.at(i), node,
                                       "the nested model takes that layout"));
    }
    values_.emit(node, op, std::move(inputs), boundary.outputs);
  }

  ValueId output(const Port& port) {
    values_.require_keras_elements(port.value);
    const ValueId value = values_.now(port.value);
    const Axes order = values_.order_of(value);
    const std::size_t rank = order.size();
    if (!keep_ports_ && rank >= 3 && order == channels_first_order(rank, rank - 1)) return value;
    if (!keep_ports_ && rank >= 4 && order == channels_first_each_time(rank)) return value;
    Node consumer;
    consumer.layer = port.name;
    return values_.held_in(value, keras_order(rank), consumer, "the output keeps Keras's layout");
  }

  LayoutState& state_;
  const Graph& source_;
  bool keep_ports_;
  LaidOutValues values_;
};

}  // namespace

LaidOut lay_out(LayoutState& state, const Graph& source, std::uint32_t index, bool keep_ports) {
  return GraphLayout(state, source, index, keep_ports).run();
}

}  // namespace tensorferry::graph
