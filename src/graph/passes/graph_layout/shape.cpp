#include <algorithm>

#include "graph/passes/graph_layout/op_layouts.h"

namespace tensorferry::graph {

namespace {

bool contains_unknown(const std::vector<Extent>& extents) {
  return std::find(extents.begin(), extents.end(), unknown_extent) != extents.end();
}

bool only_flattened(const Graph& graph, ValueId source) {
  bool flattened = false;
  for (const Node& node : graph.nodes) {
    if (std::find(node.inputs.begin(), node.inputs.end(), source) == node.inputs.end()) continue;
    if (!std::holds_alternative<Flatten>(node.op)) return false;
    flattened = true;
  }
  const bool is_output = std::any_of(graph.outputs.begin(), graph.outputs.end(),
                                     [source](const Port& port) { return port.value == source; });
  return flattened && !is_output;
}

ValueId time_first(LaidOutValues& values, const Node& node, std::size_t argument) {
  const ValueId value = values.argument(node, argument);
  const Axes order = values.order_of(value);
  if (order.at(0) == 0 && order.at(1) == 1) return value;
  return values.held_in(value, keras_order(order.size()), node,
                        "the times are folded into the batch");
}

template <class Reduction>
void reduce_axes(LaidOutValues& values, const Node& node, Reduction op) {
  // No order is needed along an axis that goes.
  const ValueId x = values.argument(node);
  Axes order = values.order_of(x);
  const Axes reduced = op.axes;
  op.axes = placed(op.axes, order);
  if (!op.keep_dims) {
    Axes kept;
    for (const std::size_t axis : order) {
      if (contains(reduced, axis)) continue;
      const auto gone = std::count_if(reduced.begin(), reduced.end(),
                                      [axis](std::size_t other) { return other < axis; });
      kept.push_back(axis - static_cast<std::size_t>(gone));
    }
    order = kept;
  }
  values.emit(node, op, {x}, {order});
}

}  // namespace

void lay_out_reduce(LaidOutValues& values, const Node& node, const ReduceAxes& op) {
  reduce_axes(values, node, op);
}

void lay_out_reduce(LaidOutValues& values, const Node& node, const Function& op) {
  reduce_axes(values, node, op);
}

void lay_out_flatten(LaidOutValues& values, const Node& node, const Flatten& op,
                     std::size_t node_index) {
  values.require_keras_elements(node);
  const ValueId value = values.argument(node);
  const Value& keras = values.keras(node.inputs.at(0));
  const Axes order = values.order_of(value);
  const Axes flat = keras_order(2);
  if (moves_nothing(keras.shape, order)) {
    values.emit(node, op, {value}, {flat});
    return;
  }
  const std::vector<std::int64_t> extents(keras.shape.begin() + 1, keras.shape.end());
  const bool known = !contains_unknown(extents);
  if (!known || values.must_permute_before(node_index)) {
    const ValueId x =
        values.held_in(value, keras_order(order.size()), node,
                       "the order of the flattened elements reaches a layer or an output "
                       "that cannot absorb it");
    values.emit(node, op, {x}, {flat});
    return;
  }
  FlattenedRun run{extents, {}};
  for (std::size_t i = 1; i < order.size(); ++i) run.order.push_back(order[i] - 1);
  values.emit(node, op, {value}, {flat}, {run});
}

void lay_out_reshape(LaidOutValues& values, const Node& node, Reshape op) {
  values.require_keras_elements(node);
  ValueId x = values.argument(node);
  if (!moves_nothing(values.keras(node.inputs.at(0)).shape, values.order_of(x))) {
    x = values.held_in(x, keras_order(values.rank_of(x)), node,
                       "a reshape sees the order of the elements");
  }
  const ValueId output = node.outputs.at(0);
  const std::vector<Extent>& shape = values.keras(output).shape;
  Axes order = keras_order(shape.size());
  if (shape.size() >= 3) {
    const Axes channels_first = channels_first_order(shape.size(), shape.size() - 1);
    const Wishes wishes = values.wishes(output);
    if (wishes.channels_first && moves_nothing(shape, channels_first)) order = channels_first;
  }
  Axes without_batch;
  for (std::size_t i = 1; i < order.size(); ++i) without_batch.push_back(order[i] - 1);
  op.shape = in_order(op.shape, without_batch);
  values.emit(node, op, {x}, {order});
}

// A Permute of Keras's: into whatever layout is wanted; before a Flatten it is only another order.
void lay_out_permute(LaidOutValues& values, const Node& node, const Permute& op) {
  values.require_keras_elements(node);
  const ValueId x = values.argument(node);
  const ValueId output = node.outputs.at(0);
  const std::size_t rank = op.axes.size();
  const Axes from = values.order_of(x);
  if (only_flattened(values.source(), output)) {
    Axes order;
    for (const std::size_t axis : from) order.push_back(position_of(op.axes, axis));
    values.emit(node, Identity{}, {x}, {order});
    return;
  }
  Axes order = keras_order(rank);
  if (rank >= 3) {
    const Wishes wishes = values.wishes(output);
    if (wishes.channels_first && !wishes.keras) order = channels_first_order(rank, rank - 1);
  }
  Axes axes;
  for (const std::size_t axis : order) axes.push_back(position_of(from, op.axes.at(axis)));
  if (axes == keras_order(rank)) {
    values.emit(node, Identity{}, {x}, {order});
  } else {
    values.emit(node, Permute{axes}, {x}, {order});
  }
}

void lay_out_pad(LaidOutValues& values, const Node& node, PadAxes op) {
  values.require_keras_elements(node);
  const ValueId x = values.argument(node);
  op.pads = in_order(op.pads, values.order_of(x));
  values.emit(node, op, {x}, {values.order_of(x)});
}

// The other axes keep their order, if the batch and the time are the first.
void lay_out_fold_time(LaidOutValues& values, const Node& node, const FoldTime& op) {
  const ValueId x = time_first(values, node, 0);
  const Axes order = values.order_of(x);
  Axes folded{0};
  for (std::size_t i = 2; i < order.size(); ++i) folded.push_back(order[i] - 1);
  values.emit(node, op, {x}, {folded}, values.runs_of(x));
}

void lay_out_unfold_time(LaidOutValues& values, const Node& node, const UnfoldTime& op) {
  std::vector<ValueId> inputs{values.argument(node)};
  if (node.inputs.size() > 1) inputs.push_back(time_first(values, node, 1));
  Axes order{0, 1};
  const Axes folded = values.order_of(inputs.at(0));
  for (std::size_t i = 1; i < folded.size(); ++i) order.push_back(folded[i] + 1);
  values.emit(node, op, inputs, {order}, values.runs_of(inputs[0]));
}

}  // namespace tensorferry::graph
