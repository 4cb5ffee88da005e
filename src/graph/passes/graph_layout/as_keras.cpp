#include "graph/passes/graph_layout/op_layouts.h"

namespace tensorferry::graph {

void lay_out_as_keras(LaidOutValues& values, const Node& node, const std::string& reason) {
  values.require_keras_elements(node);
  std::vector<ValueId> inputs;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const ValueId value = values.argument(node, i);
    inputs.push_back(values.held_in(value, keras_order(values.rank_of(value)), node, reason));
  }
  std::vector<Axes> orders;
  for (const ValueId output : node.outputs) {
    orders.push_back(keras_order(values.keras(output).shape.size()));
  }
  values.emit(node, node.op, std::move(inputs), orders);
}

void lay_out_dense(LaidOutValues& values, const Node& node, const Dense& op) {
  const ValueId value = values.argument(node);
  values.absorb(node, {"kernel"});
  const Axes order = keras_order(values.rank_of(value));
  const ValueId x = values.held_in(value, order, node, "a linear layer works along the last axis");
  values.emit(node, op, {x}, {order});
}

}  // namespace tensorferry::graph
