#include "graph/passes/graph_layout/op_layouts.h"

namespace tensorferry::graph {

// The channels stand behind the time in a sequence, behind the batch in a state.
void lay_out_conv_recurrent(LaidOutValues& values, const Node& node, ConvRecurrent op) {
  values.require_keras_elements(node);
  const auto rank = static_cast<std::size_t>(op.spatial_rank) + 2;
  const Axes state = channels_first_order(rank, op.channel_axis - 1);
  Axes sequence{0, 1};
  for (std::size_t i = 1; i < rank; ++i) sequence.push_back(state[i] + 1);
  std::vector<ValueId> inputs;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const bool is_mask = op.masked && i + 1 == node.inputs.size();
    const Axes& order = i == 0 ? sequence : is_mask ? keras_order(2) : state;
    inputs.push_back(values.held_in(values.argument(node, i), order, node,
                                    "a convolution takes the channels first"));
  }
  std::vector<Axes> orders(node.outputs.size(), state);
  if (op.return_sequences) orders.front() = sequence;
  op.channel_axis = 2;
  for (StepFunction* function : {&op.activation, &op.recurrent_activation}) {
    if (auto* softmax = std::get_if<Softmax>(function)) {
      softmax->axes = placed(softmax->axes, state);
    }
  }
  values.emit(node, op, std::move(inputs), orders);
}

}  // namespace tensorferry::graph
