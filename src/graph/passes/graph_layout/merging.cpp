#include <algorithm>

#include "graph/passes/graph_layout/op_layouts.h"

namespace tensorferry::graph {

namespace {

std::vector<ValueId> inputs_in(LaidOutValues& values, const Node& node, const Axes& order) {
  std::vector<ValueId> inputs;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const ValueId value = values.argument(node, i);
    const Axes wanted =
        order.size() == values.rank_of(value) ? order : keras_order(values.rank_of(value));
    inputs.push_back(values.held_in(value, wanted, node, "the other input has that layout"));
  }
  return inputs;
}

ValueId dot_input(LaidOutValues& values, const Node& node, std::size_t i, std::int64_t& axis) {
  const ValueId value = values.argument(node, i);
  Axes order = values.order_of(value);
  const auto contracted = static_cast<std::size_t>(axis);
  Axes left = order;
  left.erase(std::remove(left.begin(), left.end(), contracted), left.end());
  if (std::is_sorted(left.begin(), left.end())) {
    axis = static_cast<std::int64_t>(position_of(order, contracted));
    return value;
  }
  return values.held_in(value, keras_order(order.size()), node,
                        "the result's axes follow the input's");
}

}  // namespace

void lay_out_merge(LaidOutValues& values, const Node& node) {
  const Axes order = values.common_order(node);
  values.emit(node, node.op, inputs_in(values, node, order), {order}, values.common_runs(node));
}

void lay_out_concatenate(LaidOutValues& values, const Node& node, Concatenate op) {
  const Axes order = values.common_order(node);
  const std::size_t axis = op.axis;
  op.axis = position_of(order, axis);
  values.emit(node, op, inputs_in(values, node, order), {order},
              values.concatenated_runs(node, axis));
}

// The result's axes stand in Keras's order if those that are left of each input do.
void lay_out_dot(LaidOutValues& values, const Node& node, Dot op) {
  values.require_keras_elements(node);
  const ValueId a = dot_input(values, node, 0, op.axis_a);
  const ValueId b = dot_input(values, node, 1, op.axis_b);
  values.emit(node, op, {a, b}, {keras_order(values.keras(node.outputs.at(0)).shape.size())});
}

}  // namespace tensorferry::graph
