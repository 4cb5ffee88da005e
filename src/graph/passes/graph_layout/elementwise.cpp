#include "graph/passes/graph_layout/op_layouts.h"

namespace tensorferry::graph {

void lay_out_elementwise(LaidOutValues& values, const Node& node) {
  const ValueId x = values.argument(node);
  values.emit(node, node.op, {x}, {values.order_of(x)}, values.runs_of(x));
}

void lay_out_softmax(LaidOutValues& values, const Node& node, Softmax op) {
  values.require_keras_elements(node);
  const ValueId x = values.argument(node);
  op.axes = placed(op.axes, values.order_of(x));
  values.emit(node, op, {x}, {values.order_of(x)});
}

void lay_out_glu(LaidOutValues& values, const Node& node, Glu op) {
  values.require_keras_elements(node);
  const ValueId x = values.argument(node);
  op.axis = position_of(values.order_of(x), op.axis);
  values.emit(node, op, {x}, {values.order_of(x)});
}

void lay_out_prelu(LaidOutValues& values, const Node& node, PRelu op) {
  const ValueId x = values.as_at_first_call(node, values.argument(node));
  const Axes order = values.order_of(x);
  if (op.alpha_shape.size() == 1 && op.alpha_shape[0] != 1) values.absorb(node, {"alpha"});
  Axes without_batch;
  for (const std::size_t axis : order) {
    if (axis != 0) without_batch.push_back(axis - 1);
  }
  op.alpha_shape = in_order(op.alpha_shape, without_batch);
  values.emit(node, op, {x}, {order}, values.runs_of(x));
}

void lay_out_dropout(LaidOutValues& values, const Node& node, Dropout op) {
  if (op.kind == Dropout::Kind::Channels) {
    lay_out_over_channels(values, node, op, "dropping channels");
    return;
  }
  const ValueId x = values.argument(node);
  if (!op.noise_shape.empty()) {
    values.require_keras_elements(node);
    op.noise_shape = in_order(op.noise_shape, values.order_of(x));
  }
  values.emit(node, op, {x}, {values.order_of(x)}, values.runs_of(x));
}

}  // namespace tensorferry::graph
