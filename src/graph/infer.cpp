#include "graph/infer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>

#include "graph/einsum.h"
#include "graph/functions.h"
#include "io/error.h"
#include "io/overloaded.h"

namespace tensorferry::graph {

namespace {

bool is_known(Extent extent) { return extent != unknown_extent; }

[[noreturn]] void refuse(const std::string& sentence) {
  throw io::Error(io::ErrorCode::ConfigInvalid, sentence);
}

const Extent& extent_at(const Value& value, std::size_t axis) {
  if (axis >= value.shape.size()) {
    refuse(fmt::format("An axis {} is asked of a tensor of shape [{}].", axis,
                       fmt::join(value.shape, ", ")));
  }
  return value.shape[axis];
}

Value same_as(const Value& input) {
  Value value = input;
  value.layout = {};
  return value;
}

Value with_shape(const Value& input, std::vector<Extent> shape) {
  Value value = same_as(input);
  value.shape = std::move(shape);
  return value;
}

void require_rank(const Value& input, std::size_t rank, std::string_view op) {
  if (input.shape.size() != rank) {
    refuse(fmt::format("{} takes a tensor of {} axes, but is given shape [{}].", op, rank,
                       fmt::join(input.shape, ", ")));
  }
}

/// The product of the extents, unknown if one of them is.
Extent product(const std::vector<Extent>& extents) {
  Extent result = 1;
  for (const Extent extent : extents) {
    if (!is_known(extent)) return unknown_extent;
    result *= extent;
  }
  return result;
}

Value infer_conv(const Conv& conv, const Value& input) {
  require_rank(input, static_cast<std::size_t>(conv.spatial_rank) + 2, "Conv");
  Value value = same_as(input);
  value.rank_known = true;
  value.shape[conv.channel_axis] = conv.out_channels;
  const auto axes = spatial_axes(conv.spatial_rank, conv.channel_axis);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    Extent& extent = value.shape[axes[i]];
    if (!conv.transposed) {
      extent = window_extent(extent, conv.kernel_size[i], conv.strides[i], conv.dilations[i],
                             conv.padding, i);
    } else if (is_known(extent)) {
      const Pad& cut = conv.padding.pads[i];
      extent = (extent - 1) * conv.strides[i] + (conv.kernel_size[i] - 1) * conv.dilations[i] + 1 -
               cut.before - cut.after;
    }
  }
  return value;
}

Value infer_locally_connected(const LocallyConnected& op, const Value& input) {
  require_rank(input, op.kernel_size.size() + 2, "LocallyConnected");
  Value value = same_as(input);
  value.rank_known = true;
  value.shape[op.channel_axis] = op.out_channels;
  const auto axes = spatial_axes(static_cast<int>(op.kernel_size.size()), op.channel_axis);
  for (std::size_t i = 0; i < axes.size(); ++i) value.shape[axes[i]] = op.out_extents.at(i);
  return value;
}

Value infer_pool(const Pool& pool, const Value& input) {
  require_rank(input, static_cast<std::size_t>(pool.spatial_rank) + 2, "Pool");
  Value value = same_as(input);
  value.rank_known = true;
  const auto axes = spatial_axes(pool.spatial_rank, pool.channel_axis);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    Extent& extent = value.shape[axes[i]];
    extent = window_extent(extent, pool.size[i], pool.strides[i], 1, pool.padding, i);
  }
  return value;
}

Value infer_reduce(const ReduceAxes& reduce, const Value& input) {
  std::vector<Extent> shape;
  for (std::size_t axis = 0; axis < input.shape.size(); ++axis) {
    const bool reduced =
        std::find(reduce.axes.begin(), reduce.axes.end(), axis) != reduce.axes.end();
    if (!reduced) {
      shape.push_back(input.shape[axis]);
    } else if (reduce.keep_dims) {
      shape.push_back(1);
    }
  }
  return with_shape(input, shape);
}

Value infer_dense(const Dense& dense, const Value& input) {
  if (input.shape.empty()) refuse("Dense takes a tensor of at least one axis.");
  Value value = same_as(input);
  value.shape.back() = dense.out_features;
  return value;
}

Value infer_glu(const Glu& glu, const Value& input) {
  Value value = same_as(input);
  Extent& extent = value.shape[glu.axis];
  if (is_known(extent) && extent % 2 != 0) {
    refuse(fmt::format("GLU halves an axis, but is given {} elements.", extent));
  }
  if (is_known(extent)) extent /= 2;
  return value;
}

Value infer_flatten(const Value& input) {
  const std::vector<Extent> rest(input.shape.begin() + (input.shape.empty() ? 0 : 1),
                                 input.shape.end());
  return with_shape(input, {input.shape.empty() ? unknown_extent : input.shape[0], product(rest)});
}

Value infer_reshape(const Reshape& reshape, const Value& input) {
  std::vector<Extent> shape{input.shape.at(0)};
  shape.insert(shape.end(), reshape.shape.begin(), reshape.shape.end());
  const auto free = std::find(shape.begin() + 1, shape.end(), unknown_extent);
  const Extent total = product({input.shape.begin() + 1, input.shape.end()});
  if (is_known(total)) {
    Extent rest = 1;
    for (const Extent extent : reshape.shape) rest *= extent == unknown_extent ? 1 : extent;
    const bool fits = free == shape.end() ? rest == total : rest != 0 && total % rest == 0;
    if (!fits) {
      refuse(fmt::format("[{}] elements a sample cannot be reshaped to [{}].",
                         fmt::join(input.shape, ", "), fmt::join(reshape.shape, ", ")));
    }
    if (free != shape.end()) *free = total / rest;
  }
  Value value = with_shape(input, shape);
  value.rank_known = true;
  return value;
}

Value infer_permute(const Permute& permute, const Value& input) {
  require_rank(input, permute.axes.size(), "Permute");
  Value value = same_as(input);
  for (std::size_t axis = 0; axis < permute.axes.size(); ++axis) {
    value.shape[axis] = extent_at(input, permute.axes[axis]);
  }
  return value;
}

Value infer_pad(const PadAxes& pad, const Value& input) {
  require_rank(input, pad.pads.size(), "PadAxes");
  Value value = same_as(input);
  for (std::size_t axis = 0; axis < pad.pads.size(); ++axis) {
    if (is_known(value.shape[axis])) {
      value.shape[axis] += pad.pads[axis].before + pad.pads[axis].after;
      if (value.shape[axis] < 0) {
        refuse(
            fmt::format("More is cut off an axis of {} elements than it has.", input.shape[axis]));
      }
    }
  }
  return value;
}

Value infer_upsample(const Upsample& upsample, const Value& input) {
  require_rank(input, upsample.factors.size() + 2, "Upsample");
  Value value = same_as(input);
  const auto axes = spatial_axes(static_cast<int>(upsample.factors.size()), upsample.channel_axis);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (is_known(value.shape[axes[i]])) value.shape[axes[i]] *= upsample.factors[i];
  }
  return value;
}

Value infer_merge(const std::vector<Value>& inputs) {
  Value value = same_as(inputs.at(0));
  for (const Value& input : inputs) {
    value.shape = broadcast(value.shape, input.shape);
    value.rank_known = value.rank_known && input.rank_known;
  }
  return value;
}

Value infer_concatenate(const Concatenate& concatenate, const std::vector<Value>& inputs) {
  Value value = same_as(inputs.at(0));
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    require_rank(inputs[i], value.shape.size(), "Concatenate");
    value.rank_known = value.rank_known && inputs[i].rank_known;
    for (std::size_t axis = 0; axis < value.shape.size(); ++axis) {
      Extent& extent = value.shape[axis];
      const Extent other = inputs[i].shape[axis];
      if (axis == concatenate.axis) {
        extent = is_known(extent) && is_known(other) ? extent + other : unknown_extent;
      } else if (!is_known(extent)) {
        extent = other;
      } else if (is_known(other) && other != extent) {
        refuse(fmt::format("[{}] and [{}] cannot be concatenated along axis {}.",
                           fmt::join(inputs[0].shape, ", "), fmt::join(inputs[i].shape, ", "),
                           concatenate.axis));
      }
    }
  }
  return value;
}

Value infer_dot(const Dot& dot, const Value& a, const Value& b) {
  const Extent left = extent_at(a, static_cast<std::size_t>(dot.axis_a));
  const Extent right = extent_at(b, static_cast<std::size_t>(dot.axis_b));
  if (is_known(left) && is_known(right) && left != right) {
    refuse(fmt::format("Dot contracts axes of {} and {} elements.", left, right));
  }
  std::vector<Extent> shape{a.shape[0]};
  const auto append_others = [&shape](const Value& value, std::int64_t contracted) {
    for (std::size_t axis = 1; axis < value.shape.size(); ++axis) {
      if (static_cast<std::int64_t>(axis) != contracted) shape.push_back(value.shape[axis]);
    }
  };
  append_others(a, dot.axis_a);
  append_others(b, dot.axis_b);
  if (shape.size() == 1) shape.push_back(1);
  Value value = with_shape(a, shape);
  value.rank_known = a.rank_known && b.rank_known;
  return value;
}

Value infer_einsum_dense(const EinsumDense& op, const Value& input) {
  const EinsumLabels labels = einsum_labels(op, input.shape.size());
  std::vector<Extent> shape;
  for (const char label : labels.output) {
    const std::size_t in_kernel = labels.kernel.find(label);
    shape.push_back(in_kernel != std::string::npos ? op.kernel_shape[in_kernel]
                                                   : input.shape[labels.input.find(label)]);
  }
  return with_shape(input, shape);
}

// A mask behind them may have other axes.
void require_attention_inputs(const std::vector<Value>& inputs) {
  for (const Value& input : std::span(inputs).first(3)) {
    const bool fits = input.shape.size() >= 3 && input.shape.size() == inputs[0].shape.size();
    if (!fits) {
      refuse(fmt::format("Attention is given tensors of {} and {} axes.", inputs[0].shape.size(),
                         input.shape.size()));
    }
  }
}

std::vector<Value> infer_attention(const Attention& op, const std::vector<Value>& inputs) {
  require_attention_inputs(inputs);
  Value output = same_as(inputs.at(0));
  output.shape.back() = inputs.at(1).shape.back();
  if (!op.return_scores) return {output};
  Value scores = same_as(inputs[0]);
  scores.shape.back() = extent_at(inputs.at(2), inputs[2].shape.size() - 2);
  return {output, scores};
}

std::vector<Value> infer_multi_head_attention(const MultiHeadAttention& op,
                                              const std::vector<Value>& inputs) {
  require_attention_inputs(inputs);
  Value output = same_as(inputs.at(0));
  output.shape.back() = op.out_features;
  if (!op.return_scores) return {output};
  Value scores = same_as(inputs[0]);
  scores.shape.insert(scores.shape.end() - 2, op.heads);
  scores.shape.back() = extent_at(inputs.at(2), inputs[2].shape.size() - 2);
  return {output, scores};
}

Value infer_embedding(const Embedding& embedding, const Value& input) {
  Value value = same_as(input);
  value.shape.push_back(embedding.output_dim);
  return value;
}

Value infer_reverse_embedding(const ReverseEmbedding& embedding, const Value& input) {
  if (input.shape.empty()) refuse("A reversed Embedding takes a tensor of at least one axis.");
  Value value = same_as(input);
  value.shape.back() = embedding.input_dim;
  return value;
}

Value infer_not_equal_to(const NotEqualTo& op, const Value& x) {
  std::vector<Extent> shape = x.shape;
  if (op.any_of_last && !shape.empty()) shape.pop_back();
  Value value = with_shape(x, shape);
  value.dtype = tensor::DType::Bool;
  return value;
}

Value infer_masked_mean(const MaskedMean& op, const Value& x) {
  require_rank(x, 3, "A mean over the time");
  return with_shape(x, op.keep_dims ? std::vector<Extent>{x.shape[0], 1, x.shape[2]}
                                    : std::vector<Extent>{x.shape[0], x.shape[2]});
}

Value infer_fold_time(const Value& x) {
  if (x.shape.size() < 3) refuse("A value without a time cannot be folded.");
  std::vector<Extent> shape(x.shape.begin() + 1, x.shape.end());
  const bool known = x.shape[0] != unknown_extent && x.shape[1] != unknown_extent;
  shape[0] = known ? x.shape[0] * x.shape[1] : unknown_extent;
  return with_shape(x, shape);
}

Value infer_unfold_time(const UnfoldTime& unfold, const std::vector<Value>& inputs) {
  const Value& x = inputs.at(0);
  std::vector<Extent> shape = x.shape;
  const bool known = x.shape.at(0) != unknown_extent && unfold.times > 0;
  shape[0] = known ? x.shape[0] / unfold.times : unknown_extent;
  if (inputs.size() > 1) shape[0] = inputs[1].shape.at(0);
  shape.insert(shape.begin() + 1, unfold.times);
  return with_shape(x, shape);
}

std::vector<Value> infer_recurrent(const Recurrent& op, const std::vector<Value>& inputs) {
  const Value& x = inputs.at(0);
  require_rank(x, 3, "A recurrent layer");
  const std::size_t directions = op.bidirectional ? 2 : 1;
  const std::size_t states = directions * (op.cell == Recurrent::Cell::Lstm ? 2 : 1);
  if (inputs.size() != 1 + (op.initial_state ? states : 0) + (op.masked ? 1 : 0)) {
    refuse(fmt::format("A recurrent layer of {} states is given {} of them.", states,
                       inputs.size() - 1));
  }
  Value state = with_shape(x, {x.shape[0], op.units});
  state.rank_known = true;
  Value output = state;
  if (op.return_sequences) output.shape.insert(output.shape.begin() + 1, x.shape[1]);
  std::vector<Value> outputs{output};
  if (op.bidirectional && op.merge == Recurrent::Merge::Concatenate) outputs[0].shape.back() *= 2;
  if (op.bidirectional && op.merge == Recurrent::Merge::None) outputs.push_back(output);
  if (op.return_state) outputs.insert(outputs.end(), states, state);
  return outputs;
}

std::vector<Value> infer_conv_recurrent(const ConvRecurrent& op, const std::vector<Value>& inputs) {
  const Value& x = inputs.at(0);
  require_rank(x, static_cast<std::size_t>(op.spatial_rank) + 3, "A convolutional LSTM");
  Value state = with_shape(x, x.shape);
  state.rank_known = true;
  state.shape.erase(state.shape.begin() + 1);
  state.shape[op.channel_axis - 1] = op.filters;
  const auto axes = spatial_axes(op.spatial_rank, op.channel_axis - 1);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    Extent& extent = state.shape[axes[i]];
    extent = window_extent(extent, op.kernel_size[i], op.strides[i], op.dilations[i],
                           {SpatialPadding::Kind::Explicit, op.pads}, i);
  }
  Value output = state;
  if (op.return_sequences) output.shape.insert(output.shape.begin() + 1, x.shape[1]);
  std::vector<Value> outputs{output};
  if (op.return_state) outputs.insert(outputs.end(), 2, state);
  return outputs;
}

Value infer_unsupported(const std::vector<Value>& inputs) {
  Value value;
  value.rank_known = false;
  // Most layers that are not known keep the rank; nothing more is guessed.
  const std::size_t rank = inputs.empty() ? 2 : inputs[0].shape.size();
  value.shape.assign(rank, unknown_extent);
  if (!inputs.empty()) value.dtype = inputs[0].dtype;
  return value;
}

/// What the called graph makes of these inputs: its own values may know less.
std::vector<Value> infer_call(const Program& program, const CallGraph& call,
                              const std::vector<Value>& inputs) {
  const Graph& graph = program.graphs.at(call.graph);
  std::vector<Value> values = graph.values;
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    if (inputs.at(i).rank_known) values[graph.inputs[i].value].shape = inputs[i].shape;
  }
  for (const Node& node : graph.nodes) {
    if (std::holds_alternative<Input>(node.op) || std::holds_alternative<Constant>(node.op)) {
      continue;
    }
    std::vector<Value> arguments;
    for (const ValueId id : node.inputs) arguments.push_back(values[id]);
    const std::vector<Value> results = infer(program, node.op, arguments);
    for (std::size_t i = 0; i < results.size(); ++i) values[node.outputs[i]] = results[i];
  }
  std::vector<Value> outputs;
  for (const Port& port : graph.outputs) outputs.push_back(values[port.value]);
  return outputs;
}

}  // namespace

Pad same_pad(Extent extent, std::int64_t size, std::int64_t stride, std::int64_t dilation) {
  const std::int64_t reach = (size - 1) * dilation + 1;
  // With a stride of 1 the extent cancels out.
  const std::int64_t outputs = stride == 1 ? extent : (extent + stride - 1) / stride;
  const std::int64_t total =
      stride == 1 ? reach - 1 : std::max<std::int64_t>((outputs - 1) * stride + reach - extent, 0);
  return {total / 2, total - total / 2};
}

Extent window_extent(Extent extent, std::int64_t size, std::int64_t stride, std::int64_t dilation,
                     const SpatialPadding& padding, std::size_t spatial_axis) {
  if (!is_known(extent)) return unknown_extent;
  if (padding.kind == SpatialPadding::Kind::Same) return (extent + stride - 1) / stride;
  const Pad& pad = padding.pads.at(spatial_axis);
  const std::int64_t room = extent + pad.before + pad.after - ((size - 1) * dilation + 1);
  if (room < 0) {
    refuse(fmt::format("A window of {} (dilation {}) does not fit an axis of {} elements.", size,
                       dilation, extent));
  }
  return room / stride + 1;
}

std::vector<std::size_t> spatial_axes(int spatial_rank, std::size_t channel_axis) {
  std::vector<std::size_t> axes;
  for (std::size_t axis = 1; axis < static_cast<std::size_t>(spatial_rank) + 2; ++axis) {
    if (axis != channel_axis) axes.push_back(axis);
  }
  return axes;
}

std::vector<Extent> broadcast(const std::vector<Extent>& a, const std::vector<Extent>& b) {
  std::vector<Extent> shape(a.size());
  for (std::size_t axis = 0; axis < a.size(); ++axis) {
    const Extent left = a[axis];
    const Extent right = axis < b.size() ? b[axis] : unknown_extent;
    const bool clash =
        is_known(left) && is_known(right) && left != right && left != 1 && right != 1;
    if (a.size() != b.size() || clash) {
      refuse(fmt::format("Shapes [{}] and [{}] do not broadcast.", fmt::join(a, ", "),
                         fmt::join(b, ", ")));
    }
    if (left == 1) {
      shape[axis] = right;
    } else if (right == 1 || !is_known(right)) {
      shape[axis] = left;
    } else {
      shape[axis] = right;
    }
  }
  return shape;
}

std::vector<Value> infer(const Program& program, const Op& op, const std::vector<Value>& inputs) {
  const auto x = [&inputs]() -> const Value& { return inputs.at(0); };
  const auto unchanged = [&x] { return std::vector<Value>{same_as(x())}; };
  using Values = std::vector<Value>;
  return std::visit(
      io::overloaded{
          [&](const Input&) { return Values{}; },
          [&](const Constant&) { return Values{}; },
          [&](const Conv& conv) { return Values{infer_conv(conv, x())}; },
          [&](const LocallyConnected& op) { return Values{infer_locally_connected(op, x())}; },
          [&](const Dense& dense) { return Values{infer_dense(dense, x())}; },
          [&](const BatchNorm&) { return unchanged(); },
          [&](const LayerNorm&) { return unchanged(); },
          [&](const GroupNorm&) { return unchanged(); },
          [&](const UnitNorm&) { return unchanged(); },
          [&](const Pool& pool) { return Values{infer_pool(pool, x())}; },
          [&](const ReduceAxes& reduce) { return Values{infer_reduce(reduce, x())}; },
          [&](const Unary&) { return unchanged(); },
          [&](const Softmax&) { return unchanged(); },
          [&](const Glu& glu) { return Values{infer_glu(glu, x())}; },
          [&](const PRelu&) { return unchanged(); },
          [&](const Flatten&) { return Values{infer_flatten(x())}; },
          [&](const Reshape& reshape) { return Values{infer_reshape(reshape, x())}; },
          [&](const Permute& permute) { return Values{infer_permute(permute, x())}; },
          [&](const RepeatVector& repeat) {
            require_rank(x(), 2, "RepeatVector");
            return Values{with_shape(x(), {x().shape[0], repeat.count, x().shape[1]})};
          },
          [&](const PadAxes& pad) { return Values{infer_pad(pad, x())}; },
          [&](const Upsample& upsample) { return Values{infer_upsample(upsample, x())}; },
          [&](const EinsumDense& dense) { return Values{infer_einsum_dense(dense, x())}; },
          [&](const Attention& attention) { return infer_attention(attention, inputs); },
          [&](const MultiHeadAttention& attention) {
            return infer_multi_head_attention(attention, inputs);
          },
          [&](const Embedding& embedding) { return Values{infer_embedding(embedding, x())}; },
          [&](const ReverseEmbedding& op) { return Values{infer_reverse_embedding(op, x())}; },
          [&](const Merge&) { return Values{infer_merge(inputs)}; },
          [&](const Concatenate& concatenate) {
            return Values{infer_concatenate(concatenate, inputs)};
          },
          [&](const Dot& dot) { return Values{infer_dot(dot, x(), inputs.at(1))}; },
          [&](const ScaleOffset&) { return unchanged(); },
          [&](const Normalize&) { return unchanged(); },
          [&](const ChannelScale&) { return unchanged(); },
          [&](const Dropout&) { return unchanged(); },
          [&](const Cast& cast) {
            Value value = same_as(x());
            value.dtype = cast.to;
            return Values{value};
          },
          [&](const Literal& literal) {
            Value value;
            value.shape = literal.shape;
            value.dtype = literal.dtype;
            return Values{value};
          },
          [&](const Function& function) { return infer_function(function, inputs); },
          [&](const Recurrent& recurrent) { return infer_recurrent(recurrent, inputs); },
          [&](const ConvRecurrent& op) { return infer_conv_recurrent(op, inputs); },
          [&](const NotEqualTo& op) { return Values{infer_not_equal_to(op, x())}; },
          [&](const ApplyMask&) { return unchanged(); },
          [&](const MaskedMean& op) { return Values{infer_masked_mean(op, x())}; },
          [&](const FoldTime&) { return Values{infer_fold_time(x())}; },
          [&](const UnfoldTime& unfold) { return Values{infer_unfold_time(unfold, inputs)}; },
          [&](const Identity&) { return unchanged(); },
          [&](const CallGraph& call) { return infer_call(program, call, inputs); },
          [&](const Unsupported&) { return Values{infer_unsupported(inputs)}; },
      },
      op);
}

}  // namespace tensorferry::graph
