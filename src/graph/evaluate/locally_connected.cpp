#include "graph/locally_connected.h"

#include "graph/evaluate/kernels.h"
#include "graph/infer.h"

namespace tensorferry::graph {

Array evaluate_locally_connected(const LocallyConnected& op, const Array& x, const Array& kernel,
                                 const Array& bias) {
  const auto axes = spatial_axes(static_cast<int>(op.kernel_size.size()), op.channel_axis);
  Index shape = x.shape;
  shape[op.channel_axis] = static_cast<std::uint64_t>(op.out_channels);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    shape[axes[i]] = static_cast<std::uint64_t>(op.out_extents[i]);
  }
  Array result = zeros(shape);
  const auto strides = strides_of(x.shape);
  std::size_t next = 0;
  for_each_index(shape, [&](const Index& output) {
    const std::uint64_t out = output[op.channel_axis];
    std::vector<std::int64_t> place;
    for (const std::size_t axis : axes) place.push_back(static_cast<std::int64_t>(output[axis]));
    const PlaceKernel found = place_kernel(op, place);
    Index source = output;
    double sum = 0;
    for_each_index(Index(found.count.begin(), found.count.end()), [&](const Index& cell) {
      std::int64_t at = found.offset + static_cast<std::int64_t>(out) * found.out_stride;
      for (std::size_t i = 0; i < axes.size(); ++i) {
        const auto step = static_cast<std::int64_t>(cell[i]);
        at += step * found.cell_strides[i];
        source[axes[i]] = static_cast<std::uint64_t>(place[i] * op.strides[i] - op.pads[i].before +
                                                     found.first[i] + step);
      }
      for (std::int64_t in = 0; in < op.in_channels; ++in) {
        source[op.channel_axis] = static_cast<std::uint64_t>(in);
        sum += x.data[offset_of(source, strides)] *
               kernel.data.at(static_cast<std::size_t>(at + in * found.in_stride));
      }
    });
    if (op.bias) {
      // With the channels first Keras takes the elements as (out, spatial…).
      std::uint64_t at = op.channels_first ? out : 0;
      for (const std::size_t axis : axes) at = at * shape[axis] + output[axis];
      sum += bias.data.at(op.channels_first ? at : at * shape[op.channel_axis] + out);
    }
    result.data[next++] = sum;
  });
  return result;
}

}  // namespace tensorferry::graph
