#include <fmt/format.h>

#include "graph/infer.h"
#include "graph/infer/values.h"

namespace tensorferry::graph {

std::vector<Value> infer_recurrent(const Recurrent& op, const std::vector<Value>& inputs) {
  const Value& x = inputs.at(0);
  require_rank(x, 3, "A recurrent layer");
  const std::size_t directions = op.bidirectional ? 2 : 1;
  const std::size_t states = directions * (op.cell == Recurrent::Cell::Lstm ? 2 : 1);
  if (inputs.size() != 1 + (op.initial_state ? states : 0) + (op.masked ? 1 : 0)) {
    refuse_inputs(fmt::format("A recurrent layer of {} states is given {} of them.", states,
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

}  // namespace tensorferry::graph
