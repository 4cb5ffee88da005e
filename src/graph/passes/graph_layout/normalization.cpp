#include <algorithm>
#include <utility>

#include "graph/passes/graph_layout/op_layouts.h"

namespace tensorferry::graph {

namespace {

/// After an op that forced an odd layout: the output is turned back at once.
void return_to(LaidOutValues& values, const Node& node, const Axes& order,
               const std::string& reason) {
  ValueId& now = values.now(node.outputs.at(0));
  now = values.held_in(now, order, node, reason + " and the value is turned back after it");
}

void emit_layer_norm(LaidOutValues& values, const Node& node, LayerNorm op, ValueId x) {
  const Axes order = values.order_of(x);
  std::vector<std::pair<std::size_t, std::int64_t>> by_position;
  for (std::size_t i = 0; i < op.axes.size(); ++i) {
    by_position.push_back({position_of(order, op.axes[i]), op.extents.at(i)});
  }
  std::sort(by_position.begin(), by_position.end());
  for (std::size_t i = 0; i < by_position.size(); ++i) {
    op.axes[i] = by_position[i].first;
    op.extents[i] = by_position[i].second;
  }
  values.emit(node, op, {x}, {order});
}

bool are_last(const Axes& axes, const Axes& order) {
  return std::all_of(axes.begin(), axes.end(), [&](std::size_t axis) {
    return position_of(order, axis) + axes.size() >= order.size();
  });
}

}  // namespace

void lay_out_batch_norm(LaidOutValues& values, const Node& node, BatchNorm op) {
  const ValueId value = values.argument(node);
  const std::size_t rank = values.rank_of(value);
  values.absorb(node, {"gamma", "beta", "moving_mean", "moving_variance"});
  const Axes before = values.order_of(value);
  const std::string reason = "batch normalization works along axis 1";
  const std::size_t axis = op.axis;
  op.axis = 1;
  if (rank < 3 || axis >= rank || position_of(before, axis) == 1) {
    op.axis = std::min<std::size_t>(axis, 1);
    values.emit(node, op, {value}, {before}, values.runs_of(value));
    return;
  }
  const Axes order = channels_first_order(rank, axis);
  const ValueId x = values.held_in(value, order, node, reason);
  values.emit(node, op, {x}, {order});
  if (axis + 1 != rank) return_to(values, node, before, reason);
}

// nn.GroupNorm works along axis 1; its groups are of channels in Keras's order.
void lay_out_group_norm(LaidOutValues& values, const Node& node, GroupNorm op) {
  values.require_keras_elements(node);
  const ValueId value = values.argument(node);
  const Axes before = values.order_of(value);
  const std::string reason = "group normalization works along axis 1";
  const std::size_t axis = op.axis;
  op.axis = 1;
  if (position_of(before, axis) == 1) {
    values.emit(node, op, {value}, {before});
    return;
  }
  const Axes order = channels_first_order(values.rank_of(value), axis);
  values.emit(node, op, {values.held_in(value, order, node, reason)}, {order});
  if (axis + 1 != before.size()) return_to(values, node, before, reason);
}

void lay_out_unit_norm(LaidOutValues& values, const Node& node, UnitNorm op) {
  // All elements of a flattened axis have a part in the norm, in whatever order.
  const ValueId x = values.argument(node);
  op.axes = placed(op.axes, values.order_of(x));
  values.emit(node, op, {x}, {values.order_of(x)}, values.runs_of(x));
}

// nn.LayerNorm works on the last axes; its parameters follow any order among these.
void lay_out_layer_norm(LaidOutValues& values, const Node& node, LayerNorm op) {
  values.require_keras_elements(node);
  const ValueId value = values.as_at_first_call(node, values.argument(node));
  const Axes before = values.order_of(value);
  const std::string reason = "layer normalization works along the last axes";
  if (are_last(op.axes, before)) {
    emit_layer_norm(values, node, op, value);
    return;
  }
  const Axes keras = keras_order(values.rank_of(value));
  if (are_last(op.axes, keras)) {
    emit_layer_norm(values, node, op, values.held_in(value, keras, node, reason));
    return;
  }
  Axes order;
  for (const std::size_t axis : keras) {
    if (!contains(op.axes, axis)) order.push_back(axis);
  }
  order.insert(order.end(), op.axes.begin(), op.axes.end());
  emit_layer_norm(values, node, op, values.held_in(value, order, node, reason));
  return_to(values, node, before, reason);
}

void lay_out_scale_offset(LaidOutValues& values, const Node& node, ScaleOffset op) {
  if (op.scale.size() > 1 || op.offset.size() > 1) values.require_keras_elements(node);
  const ValueId x = values.argument(node);
  op.axis = position_of(values.order_of(x), op.axis);
  values.emit(node, op, {x}, {values.order_of(x)}, values.runs_of(x));
}

void lay_out_normalize(LaidOutValues& values, const Node& node, Normalize op) {
  if (!op.axes.empty()) values.require_keras_elements(node);
  const ValueId x = values.as_at_first_call(node, values.argument(node));
  for (std::size_t& axis : op.axes) axis = position_of(values.order_of(x), axis);
  values.emit(node, op, {x}, {values.order_of(x)}, values.runs_of(x));
}

void lay_out_channel_scale(LaidOutValues& values, const Node& node, ChannelScale op) {
  values.require_keras_elements(node);
  const ValueId x = values.argument(node);
  op.axis = position_of(values.order_of(x), op.axis);
  values.emit(node, op, {x}, {values.order_of(x)});
}

}  // namespace tensorferry::graph
