#include <fmt/format.h>

#include <algorithm>

#include "graph/infer.h"
#include "graph/infer/values.h"

namespace tensorferry::graph {

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

Value infer_upsample(const Upsample& upsample, const Value& input) {
  require_rank(input, upsample.factors.size() + 2, "Upsample");
  Value value = same_as(input);
  const auto axes = spatial_axes(static_cast<int>(upsample.factors.size()), upsample.channel_axis);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (is_known(value.shape[axes[i]])) value.shape[axes[i]] *= upsample.factors[i];
  }
  return value;
}

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
    refuse_inputs(fmt::format("A window of {} (dilation {}) does not fit an axis of {} elements.",
                              size, dilation, extent));
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

}  // namespace tensorferry::graph
