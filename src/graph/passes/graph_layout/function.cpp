#include <algorithm>

#include "graph/functions.h"
#include "graph/passes/graph_layout/op_layouts.h"

namespace tensorferry::graph {

namespace {

bool are_of_one_rank(const LaidOutValues& values, const Node& node) {
  return std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId input) {
    return values.keras(input).shape.size() == values.keras(node.inputs[0]).shape.size();
  });
}

}  // namespace

void lay_out_function(LaidOutValues& values, const Node& node, Function op) {
  switch (op.kind->axes) {
    case AxisUse::Elementwise:
      if (!are_of_one_rank(values, node)) {
        return lay_out_as_keras(values, node, "its tensors have other axes");
      }
      return lay_out_merge(values, node);
    case AxisUse::Reduces:
      values.require_keras_elements(node);
      return lay_out_reduce(values, node, op);
    case AxisUse::Along: {
      values.require_keras_elements(node);
      const ValueId x = values.argument(node);
      for (std::size_t& axis : op.axes) axis = position_of(values.order_of(x), axis);
      const Axes order = values.order_of(x);
      return values.emit(node, op, {x}, std::vector<Axes>(node.outputs.size(), order));
    }
    case AxisUse::Channels: {
      values.require_keras_elements(node);
      const ValueId value = values.argument(node);
      const Axes order = channels_first_order(values.rank_of(value), op.axes.at(0));
      const ValueId x = values.held_in(value, order, node, "it takes the channels first");
      op.axes = {1};
      return values.emit(node, op, {x}, {order});
    }
    case AxisUse::Fixed:
      return lay_out_as_keras(values, node, "it counts the axes as Keras does");
  }
}

}  // namespace tensorferry::graph
