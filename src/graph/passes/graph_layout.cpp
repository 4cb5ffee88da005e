#include "graph/passes/graph_layout.h"

#include <algorithm>

#include "graph/functions.h"
#include "graph/passes/laid_out_values.h"
#include "io/overloaded.h"

namespace tensorferry::graph {

namespace {

class GraphLayout {
 public:
  GraphLayout(LayoutState& state, const Graph& source, std::uint32_t index, bool keep_ports)
      : state_(state),
        source_(source),
        index_(index),
        keep_ports_(keep_ports),
        values_(state, source, index) {}

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
  // Ops, by what they ask of the layout.

  void lay_out_node(std::size_t i) {
    const Node& node = source_.nodes[i];
    std::visit(
        io::overloaded{
            [&](const Input& op) { input(node, op); },
            [&](const Constant& op) { keep(node, op); },
            [&](const Conv& op) { over_channels(node, op, "a convolution"); },
            [&](const LocallyConnected& op) { over_channels(node, op, "a local convolution"); },
            [&](const Dense& op) { dense(node, op); },
            [&](const BatchNorm& op) { batch_norm(node, op); },
            [&](const LayerNorm& op) { layer_norm(node, op); },
            [&](const GroupNorm& op) { group_norm(node, op); },
            [&](const UnitNorm& op) { unit_norm(node, op); },
            [&](const Pool& op) { over_channels(node, op, "pooling"); },
            [&](const ReduceAxes& op) { reduce(node, op); },
            [&](const Unary& op) { elementwise(node, op); },
            [&](const Softmax& op) { softmax(node, op); },
            [&](const Glu& op) { glu(node, op); },
            [&](const PRelu& op) { prelu(node, op); },
            [&](const Flatten& op) { flatten(node, op, i); },
            [&](const Reshape& op) { reshape(node, op); },
            [&](const Permute& op) { permute(node, op); },
            [&](const RepeatVector& op) { keras_only(node, op, "it repeats a vector"); },
            [&](const PadAxes& op) { pad(node, op); },
            [&](const Upsample& op) { over_channels(node, op, "resizing"); },
            [&](const EinsumDense& op) { keras_only(node, op, "an einsum names each axis"); },
            [&](const Attention& op) { keras_only(node, op, "attention works along axes"); },
            [&](const MultiHeadAttention& op) {
              keras_only(node, op, "attention works along axes");
            },
            [&](const Embedding& op) { keras_only(node, op, "it looks up each position"); },
            [&](const ReverseEmbedding& op) {
              keras_only(node, op, "it works along the last axis");
            },
            [&](const Merge& op) { merge(node, op); },
            [&](const Concatenate& op) { concatenate(node, op); },
            [&](const Dot& op) { dot(node, op); },
            [&](const ScaleOffset& op) { scale_offset(node, op); },
            [&](const Normalize& op) { normalize(node, op); },
            [&](const ChannelScale& op) { channel_scale(node, op); },
            [&](const Dropout& op) { dropout(node, op); },
            [&](const Cast& op) { elementwise(node, op); },
            [&](const Literal& op) { keep(node, op); },
            [&](const Function& op) { function(node, op); },
            [&](const Recurrent& op) { keras_only(node, op, "it goes along axis 1"); },
            [&](const ConvRecurrent& op) { conv_recurrent(node, op); },
            [&](const NotEqualTo& op) { keras_only(node, op, "its mask is of each time"); },
            [&](const ApplyMask& op) { keras_only(node, op, "its mask is of each time"); },
            [&](const MaskedMean& op) { keras_only(node, op, "its mask is of each time"); },
            [&](const FoldTime& op) { fold_time(node, op); },
            [&](const UnfoldTime& op) { unfold_time(node, op); },
            [&](const Identity& op) { elementwise(node, op); },
            [&](const CallGraph& op) { call(node, op); },
            [&](const Unsupported& op) { keras_only(node, op, "it is not converted"); },
        },
        node.op);
  }

  void input(const Node& node, const Input& op) {
    const ValueId value = node.outputs.at(0);
    const std::size_t rank = source_.values[value].shape.size();
    Axes order = keras_order(rank);
    if (!keep_ports_ && rank >= 3) {
      const Wishes wishes = wishes_of(source_, value, state_.boundaries);
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

  template <class AnyOp>
  void elementwise(const Node& node, const AnyOp& op) {
    const ValueId x = values_.argument(node);
    values_.emit(node, op, {x}, {values_.order_of(x)}, values_.runs_of(x));
  }

  template <class AnyOp>
  void keras_only(const Node& node, const AnyOp& op, const std::string& reason) {
    values_.require_keras_elements(node);
    std::vector<ValueId> inputs;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const ValueId value = values_.argument(node, i);
      inputs.push_back(values_.held_in(value, keras_order(values_.rank_of(value)), node, reason));
    }
    std::vector<Axes> orders;
    for (const ValueId output : node.outputs) {
      orders.push_back(keras_order(source_.values[output].shape.size()));
    }
    values_.emit(node, op, std::move(inputs), orders);
  }

  /// Convolution, pooling, resizing: the channels at axis 1, the spatial axes in their order.
  template <class AnyOp>
  void over_channels(const Node& node, AnyOp op, const std::string& what) {
    values_.require_keras_elements(node);
    const ValueId value = values_.argument(node);
    const Axes order = channels_first_order(values_.rank_of(value), op.channel_axis);
    const ValueId x = values_.held_in(value, order, node, what + " takes the channels first");
    op.channel_axis = 1;
    values_.emit(node, op, {x}, {order});
  }

  void dense(const Node& node, const Dense& op) {
    const ValueId value = values_.argument(node);
    values_.absorb(node, {"kernel"});
    const Axes order = keras_order(values_.rank_of(value));
    const ValueId x =
        values_.held_in(value, order, node, "a linear layer works along the last axis");
    values_.emit(node, op, {x}, {order});
  }

  void batch_norm(const Node& node, BatchNorm op) {
    const ValueId value = values_.argument(node);
    const std::size_t rank = values_.rank_of(value);
    values_.absorb(node, {"gamma", "beta", "moving_mean", "moving_variance"});
    const Axes before = values_.order_of(value);
    const std::string reason = "batch normalization works along axis 1";
    const std::size_t axis = op.axis;
    op.axis = 1;
    if (rank < 3 || axis >= rank || position_of(before, axis) == 1) {
      op.axis = std::min<std::size_t>(axis, 1);
      values_.emit(node, op, {value}, {before}, values_.runs_of(value));
      return;
    }
    const Axes order = channels_first_order(rank, axis);
    const ValueId x = values_.held_in(value, order, node, reason);
    values_.emit(node, op, {x}, {order});
    if (axis + 1 != rank) return_to(node, before, reason);
  }

  // nn.GroupNorm works along axis 1; its groups are of channels in Keras's order.
  void group_norm(const Node& node, GroupNorm op) {
    values_.require_keras_elements(node);
    const ValueId value = values_.argument(node);
    const Axes before = values_.order_of(value);
    const std::string reason = "group normalization works along axis 1";
    const std::size_t axis = op.axis;
    op.axis = 1;
    if (position_of(before, axis) == 1) {
      values_.emit(node, op, {value}, {before});
      return;
    }
    const Axes order = channels_first_order(values_.rank_of(value), axis);
    values_.emit(node, op, {values_.held_in(value, order, node, reason)}, {order});
    if (axis + 1 != before.size()) return_to(node, before, reason);
  }

  void unit_norm(const Node& node, UnitNorm op) {
    // All elements of a flattened axis have a part in the norm, in whatever order.
    const ValueId x = values_.argument(node);
    op.axes = placed(op.axes, values_.order_of(x));
    values_.emit(node, op, {x}, {values_.order_of(x)}, values_.runs_of(x));
  }

  /// After an op that forced an odd layout: the output is turned back at once.
  void return_to(const Node& node, const Axes& order, const std::string& reason) {
    ValueId& now = values_.now(node.outputs.at(0));
    now = values_.held_in(now, order, node, reason + " and the value is turned back after it");
  }

  // nn.LayerNorm works on the last axes; its parameters follow any order among these.
  void layer_norm(const Node& node, LayerNorm op) {
    values_.require_keras_elements(node);
    const ValueId value = values_.as_at_first_call(node, values_.argument(node));
    const Axes before = values_.order_of(value);
    const std::string reason = "layer normalization works along the last axes";
    if (are_last(op.axes, before)) {
      emit_layer_norm(node, op, value);
      return;
    }
    const Axes keras = keras_order(values_.rank_of(value));
    if (are_last(op.axes, keras)) {
      emit_layer_norm(node, op, values_.held_in(value, keras, node, reason));
      return;
    }
    Axes order;
    for (const std::size_t axis : keras) {
      if (!contains(op.axes, axis)) order.push_back(axis);
    }
    order.insert(order.end(), op.axes.begin(), op.axes.end());
    emit_layer_norm(node, op, values_.held_in(value, order, node, reason));
    return_to(node, before, reason);
  }

  void emit_layer_norm(const Node& node, LayerNorm op, ValueId x) {
    const Axes order = values_.order_of(x);
    std::vector<std::pair<std::size_t, std::int64_t>> placed;
    for (std::size_t i = 0; i < op.axes.size(); ++i) {
      placed.push_back({position_of(order, op.axes[i]), op.extents.at(i)});
    }
    std::sort(placed.begin(), placed.end());
    for (std::size_t i = 0; i < placed.size(); ++i) {
      op.axes[i] = placed[i].first;
      op.extents[i] = placed[i].second;
    }
    values_.emit(node, op, {x}, {order});
  }

  static bool contains(const Axes& axes, std::size_t axis) {
    return std::find(axes.begin(), axes.end(), axis) != axes.end();
  }

  static bool are_last(const Axes& axes, const Axes& order) {
    return std::all_of(axes.begin(), axes.end(), [&](std::size_t axis) {
      return position_of(order, axis) + axes.size() >= order.size();
    });
  }

  Axes placed(const Axes& axes, const Axes& order) const {
    Axes result;
    for (const std::size_t axis : axes) result.push_back(position_of(order, axis));
    std::sort(result.begin(), result.end());
    return result;
  }

  void function(const Node& node, Function op) {
    switch (op.kind->axes) {
      case AxisUse::Elementwise:
        if (!are_of_one_rank(node)) return keras_only(node, op, "its tensors have other axes");
        return merge(node, op);
      case AxisUse::Reduces:
        values_.require_keras_elements(node);
        return reduce(node, op);
      case AxisUse::Along: {
        values_.require_keras_elements(node);
        const ValueId x = values_.argument(node);
        for (std::size_t& axis : op.axes) axis = position_of(values_.order_of(x), axis);
        const Axes order = values_.order_of(x);
        return values_.emit(node, op, {x}, std::vector<Axes>(node.outputs.size(), order));
      }
      case AxisUse::Channels: {
        values_.require_keras_elements(node);
        const ValueId value = values_.argument(node);
        const Axes order = channels_first_order(values_.rank_of(value), op.axes.at(0));
        const ValueId x = values_.held_in(value, order, node, "it takes the channels first");
        op.axes = {1};
        return values_.emit(node, op, {x}, {order});
      }
      case AxisUse::Fixed:
        return keras_only(node, op, "it counts the axes as Keras does");
    }
  }

  bool are_of_one_rank(const Node& node) const {
    return std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId input) {
      return source_.values[input].shape.size() == source_.values[node.inputs[0]].shape.size();
    });
  }

  template <class Reduction>
  void reduce(const Node& node, Reduction op) {
    // No order is needed along an axis that goes.
    const ValueId x = values_.argument(node);
    Axes order = values_.order_of(x);
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
    values_.emit(node, op, {x}, {order});
  }

  void softmax(const Node& node, Softmax op) {
    values_.require_keras_elements(node);
    const ValueId x = values_.argument(node);
    op.axes = placed(op.axes, values_.order_of(x));
    values_.emit(node, op, {x}, {values_.order_of(x)});
  }

  void glu(const Node& node, Glu op) {
    values_.require_keras_elements(node);
    const ValueId x = values_.argument(node);
    op.axis = position_of(values_.order_of(x), op.axis);
    values_.emit(node, op, {x}, {values_.order_of(x)});
  }

  void prelu(const Node& node, PRelu op) {
    const ValueId x = values_.as_at_first_call(node, values_.argument(node));
    const Axes order = values_.order_of(x);
    if (op.alpha_shape.size() == 1 && op.alpha_shape[0] != 1) values_.absorb(node, {"alpha"});
    Axes without_batch;
    for (const std::size_t axis : order) {
      if (axis != 0) without_batch.push_back(axis - 1);
    }
    op.alpha_shape = in_order(op.alpha_shape, without_batch);
    values_.emit(node, op, {x}, {order}, values_.runs_of(x));
  }

  void flatten(const Node& node, const Flatten& op, std::size_t node_index) {
    values_.require_keras_elements(node);
    const ValueId value = values_.argument(node);
    const Value& keras = source_.values[node.inputs.at(0)];
    const Axes order = values_.order_of(value);
    const Axes flat = keras_order(2);
    if (moves_nothing(keras.shape, order)) {
      values_.emit(node, op, {value}, {flat});
      return;
    }
    const std::vector<std::int64_t> extents(keras.shape.begin() + 1, keras.shape.end());
    const bool known = !contains_unknown(extents);
    if (!known || state_.lessons.plain_flattens.count({index_, node_index})) {
      const ValueId x =
          values_.held_in(value, keras_order(order.size()), node,
                          "the order of the flattened elements reaches a layer or an output "
                          "that cannot absorb it");
      values_.emit(node, op, {x}, {flat});
      return;
    }
    FlattenedRun run{extents, {}};
    for (std::size_t i = 1; i < order.size(); ++i) run.order.push_back(order[i] - 1);
    values_.emit(node, op, {value}, {flat}, {run});
  }

  static bool contains_unknown(const std::vector<Extent>& extents) {
    return std::find(extents.begin(), extents.end(), unknown_extent) != extents.end();
  }

  void reshape(const Node& node, Reshape op) {
    values_.require_keras_elements(node);
    ValueId x = values_.argument(node);
    if (!moves_nothing(source_.values[node.inputs.at(0)].shape, values_.order_of(x))) {
      x = values_.held_in(x, keras_order(values_.rank_of(x)), node,
                          "a reshape sees the order of the elements");
    }
    const ValueId output = node.outputs.at(0);
    const std::vector<Extent>& shape = source_.values[output].shape;
    Axes order = keras_order(shape.size());
    if (shape.size() >= 3) {
      const Axes channels_first = channels_first_order(shape.size(), shape.size() - 1);
      const Wishes wishes = wishes_of(source_, output, state_.boundaries);
      if (wishes.channels_first && moves_nothing(shape, channels_first)) order = channels_first;
    }
    Axes without_batch;
    for (std::size_t i = 1; i < order.size(); ++i) without_batch.push_back(order[i] - 1);
    op.shape = in_order(op.shape, without_batch);
    values_.emit(node, op, {x}, {order});
  }

  // A Permute of Keras's: into whatever layout is wanted; before a Flatten it is only another
  // order.
  void permute(const Node& node, const Permute& op) {
    values_.require_keras_elements(node);
    const ValueId x = values_.argument(node);
    const ValueId output = node.outputs.at(0);
    const std::size_t rank = op.axes.size();
    const Axes from = values_.order_of(x);
    if (only_flattened(output)) {
      Axes order;
      for (const std::size_t axis : from) order.push_back(position_of(op.axes, axis));
      values_.emit(node, Identity{}, {x}, {order});
      return;
    }
    Axes order = keras_order(rank);
    if (rank >= 3) {
      const Wishes wishes = wishes_of(source_, output, state_.boundaries);
      if (wishes.channels_first && !wishes.keras) order = channels_first_order(rank, rank - 1);
    }
    Axes axes;
    for (const std::size_t axis : order) axes.push_back(position_of(from, op.axes.at(axis)));
    if (axes == keras_order(rank)) {
      values_.emit(node, Identity{}, {x}, {order});
    } else {
      values_.emit(node, Permute{axes}, {x}, {order});
    }
  }

  bool only_flattened(ValueId source) const {
    bool flattened = false;
    for (const Node& node : source_.nodes) {
      if (std::find(node.inputs.begin(), node.inputs.end(), source) == node.inputs.end()) continue;
      if (!std::holds_alternative<Flatten>(node.op)) return false;
      flattened = true;
    }
    const bool is_output = std::any_of(source_.outputs.begin(), source_.outputs.end(),
                                       [source](const Port& port) { return port.value == source; });
    return flattened && !is_output;
  }

  void pad(const Node& node, PadAxes op) {
    values_.require_keras_elements(node);
    const ValueId x = values_.argument(node);
    op.pads = in_order(op.pads, values_.order_of(x));
    values_.emit(node, op, {x}, {values_.order_of(x)});
  }

  std::vector<ValueId> inputs_in(const Node& node, const Axes& order) {
    std::vector<ValueId> inputs;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const ValueId value = values_.argument(node, i);
      const Axes wanted =
          order.size() == values_.rank_of(value) ? order : keras_order(values_.rank_of(value));
      inputs.push_back(values_.held_in(value, wanted, node, "the other input has that layout"));
    }
    return inputs;
  }

  template <class AnyOp>
  void merge(const Node& node, const AnyOp& op) {
    const Axes order = values_.common_order(node);
    values_.emit(node, op, inputs_in(node, order), {order}, values_.common_runs(node));
  }

  void concatenate(const Node& node, Concatenate op) {
    const Axes order = values_.common_order(node);
    const std::size_t axis = op.axis;
    op.axis = position_of(order, axis);
    values_.emit(node, op, inputs_in(node, order), {order}, values_.concatenated_runs(node, axis));
  }

  // The result's axes stand in Keras's order if those that are left of each input do.
  void dot(const Node& node, Dot op) {
    values_.require_keras_elements(node);
    const ValueId a = dot_input(node, 0, op.axis_a);
    const ValueId b = dot_input(node, 1, op.axis_b);
    values_.emit(node, op, {a, b}, {keras_order(source_.values[node.outputs.at(0)].shape.size())});
  }

  ValueId dot_input(const Node& node, std::size_t i, std::int64_t& axis) {
    const ValueId value = values_.argument(node, i);
    Axes order = values_.order_of(value);
    const auto contracted = static_cast<std::size_t>(axis);
    Axes left = order;
    left.erase(std::remove(left.begin(), left.end(), contracted), left.end());
    if (std::is_sorted(left.begin(), left.end())) {
      axis = static_cast<std::int64_t>(position_of(order, contracted));
      return value;
    }
    return values_.held_in(value, keras_order(order.size()), node,
                           "the result's axes follow the input's");
  }

  void scale_offset(const Node& node, ScaleOffset op) {
    if (op.scale.size() > 1 || op.offset.size() > 1) values_.require_keras_elements(node);
    const ValueId x = values_.argument(node);
    op.axis = position_of(values_.order_of(x), op.axis);
    values_.emit(node, op, {x}, {values_.order_of(x)}, values_.runs_of(x));
  }

  void normalize(const Node& node, Normalize op) {
    if (!op.axes.empty()) values_.require_keras_elements(node);
    const ValueId x = values_.as_at_first_call(node, values_.argument(node));
    for (std::size_t& axis : op.axes) axis = position_of(values_.order_of(x), axis);
    values_.emit(node, op, {x}, {values_.order_of(x)}, values_.runs_of(x));
  }

  void channel_scale(const Node& node, ChannelScale op) {
    values_.require_keras_elements(node);
    const ValueId x = values_.argument(node);
    op.axis = position_of(values_.order_of(x), op.axis);
    values_.emit(node, op, {x}, {values_.order_of(x)});
  }

  void dropout(const Node& node, Dropout op) {
    if (op.kind == Dropout::Kind::Channels) {
      over_channels(node, op, "dropping channels");
      return;
    }
    const ValueId x = values_.argument(node);
    if (!op.noise_shape.empty()) {
      values_.require_keras_elements(node);
      op.noise_shape = in_order(op.noise_shape, values_.order_of(x));
    }
    values_.emit(node, op, {x}, {values_.order_of(x)}, values_.runs_of(x));
  }

  // The channels stand behind the time in a sequence, behind the batch in a state.
  void conv_recurrent(const Node& node, ConvRecurrent op) {
    values_.require_keras_elements(node);
    const auto rank = static_cast<std::size_t>(op.spatial_rank) + 2;
    const Axes state = channels_first_order(rank, op.channel_axis - 1);
    Axes sequence{0, 1};
    for (std::size_t i = 1; i < rank; ++i) sequence.push_back(state[i] + 1);
    std::vector<ValueId> inputs;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const bool is_mask = op.masked && i + 1 == node.inputs.size();
      const Axes& order = i == 0 ? sequence : is_mask ? keras_order(2) : state;
      inputs.push_back(values_.held_in(values_.argument(node, i), order, node,
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
    values_.emit(node, op, std::move(inputs), orders);
  }

  // The other axes keep their order, if the batch and the time are the first.
  void fold_time(const Node& node, const FoldTime& op) {
    const ValueId x = time_first(node, 0);
    const Axes order = values_.order_of(x);
    Axes folded{0};
    for (std::size_t i = 2; i < order.size(); ++i) folded.push_back(order[i] - 1);
    values_.emit(node, op, {x}, {folded}, values_.runs_of(x));
  }

  ValueId time_first(const Node& node, std::size_t argument) {
    const ValueId value = values_.argument(node, argument);
    const Axes order = values_.order_of(value);
    if (order.at(0) == 0 && order.at(1) == 1) return value;
    return values_.held_in(value, keras_order(order.size()), node,
                           "the times are folded into the batch");
  }

  void unfold_time(const Node& node, const UnfoldTime& op) {
    std::vector<ValueId> inputs{values_.argument(node)};
    if (node.inputs.size() > 1) inputs.push_back(time_first(node, 1));
    Axes order{0, 1};
    const Axes folded = values_.order_of(inputs.at(0));
    for (std::size_t i = 1; i < folded.size(); ++i) order.push_back(folded[i] + 1);
    values_.emit(node, op, inputs, {order}, values_.runs_of(inputs[0]));
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
  std::uint32_t index_;
  bool keep_ports_;
  LaidOutValues values_;
};

}  // namespace

LaidOut lay_out(LayoutState& state, const Graph& source, std::uint32_t index, bool keep_ports) {
  return GraphLayout(state, source, index, keep_ports).run();
}

}  // namespace tensorferry::graph
