#include "graph/locally_connected.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace tensorferry::graph {

namespace {

using Extents = std::vector<std::int64_t>;

std::int64_t number_in(const Extents& extents) {
  return std::accumulate(extents.begin(), extents.end(), std::int64_t{1}, std::multiplies<>());
}

std::int64_t first_cell(const LocallyConnected& op, std::size_t axis, std::int64_t place) {
  return std::max<std::int64_t>(op.pads[axis].before - place * op.strides[axis], 0);
}

std::int64_t count_of_cells(const LocallyConnected& op, std::size_t axis, std::int64_t place) {
  const std::int64_t begin = place * op.strides[axis] - op.pads[axis].before;
  const std::int64_t end = std::min(begin + op.kernel_size[axis], op.in_extents[axis]);
  return end - std::max<std::int64_t>(begin, 0);
}

/// The cells inside the input at the places [0, end) of an axis.
std::int64_t cells_before(const LocallyConnected& op, std::size_t axis, std::int64_t end) {
  std::int64_t sum = 0;
  for (std::int64_t place = 0; place < end; ++place) sum += count_of_cells(op, axis, place);
  return sum;
}

/// The row-major strides of a value's spatial axes and channels, times `factor`.
struct PlaceStrides {
  Extents spatial;
  std::int64_t channel = 1;
};

PlaceStrides place_strides(const Extents& spatial, std::int64_t channels, bool channels_first,
                           std::int64_t factor) {
  PlaceStrides strides;
  strides.spatial.resize(spatial.size());
  std::int64_t next = factor;
  if (!channels_first) {
    strides.channel = next;
    next *= channels;
  }
  for (std::size_t axis = spatial.size(); axis-- > 0;) {
    strides.spatial[axis] = next;
    next *= spatial[axis];
  }
  if (channels_first) strides.channel = next;
  return strides;
}

std::int64_t place_offset(const PlaceStrides& strides, const Extents& index) {
  return std::inner_product(index.begin(), index.end(), strides.spatial.begin(), std::int64_t{0});
}

void take_cells(PlaceKernel& kernel, const PlaceStrides& cells) {
  kernel.cell_strides = cells.spatial;
  kernel.in_stride = cells.channel;
}

/// tf_keras/src/backend.py: local_conv.
void find_in_windows(const LocallyConnected& op, const Extents& place, PlaceKernel& kernel) {
  take_cells(kernel,
             place_strides(op.kernel_size, op.in_channels, op.channels_first, op.out_channels));
  kernel.out_stride = 1;
  const std::int64_t window = number_in(op.kernel_size) * op.in_channels * op.out_channels;
  kernel.offset = place_offset(place_strides(op.out_extents, 1, false, window), place);
}

/// tf_keras/src/layers/locally_connected/locally_connected_utils.py: local_conv_matmul.
void find_in_whole(const LocallyConnected& op, const Extents& place, PlaceKernel& kernel) {
  const PlaceStrides of_output =
      place_strides(op.out_extents, op.out_channels, op.channels_first, 1);
  const PlaceStrides of_input = place_strides(op.in_extents, op.in_channels, op.channels_first,
                                              number_in(op.out_extents) * op.out_channels);
  take_cells(kernel, of_input);
  kernel.out_stride = of_output.channel;
  Extents begin;
  for (std::size_t axis = 0; axis < place.size(); ++axis) {
    begin.push_back(place[axis] * op.strides[axis] - op.pads[axis].before + kernel.first[axis]);
  }
  kernel.offset = place_offset(of_output, place) + place_offset(of_input, begin);
}

/// tf_keras/src/utils/conv_utils.py: conv_kernel_idxs, sorted.
void find_in_sparse(const LocallyConnected& op, const Extents& place, PlaceKernel& kernel) {
  take_cells(kernel, place_strides(kernel.count, op.in_channels, op.channels_first, 1));
  // Cells of the places before this one, in row-major order.
  std::int64_t before = 0;
  std::int64_t rows = 1;
  std::int64_t all = 1;
  for (std::size_t axis = 0; axis < place.size(); ++axis) {
    const std::int64_t total = cells_before(op, axis, op.out_extents[axis]);
    before = before * total + rows * cells_before(op, axis, place[axis]);
    rows *= kernel.count[axis];
    all *= total;
  }
  if (op.channels_first) {
    kernel.out_stride = all * op.in_channels;
    kernel.offset = before * op.in_channels;
  } else {
    kernel.out_stride = number_in(kernel.count) * op.in_channels;
    kernel.offset = before * op.in_channels * op.out_channels;
  }
}

}  // namespace

PlaceKernel place_kernel(const LocallyConnected& op, const Extents& place) {
  PlaceKernel kernel;
  for (std::size_t axis = 0; axis < place.size(); ++axis) {
    kernel.first.push_back(first_cell(op, axis, place[axis]));
    kernel.count.push_back(count_of_cells(op, axis, place[axis]));
  }
  switch (op.kernel) {
    case LocallyConnected::Kernel::Windows:
      find_in_windows(op, place, kernel);
      break;
    case LocallyConnected::Kernel::Whole:
      find_in_whole(op, place, kernel);
      break;
    case LocallyConnected::Kernel::Sparse:
      find_in_sparse(op, place, kernel);
      break;
  }
  return kernel;
}

std::vector<Extent> kernel_shape(const LocallyConnected& op) {
  const auto with_channels = [&](Extents spatial, std::int64_t channels) {
    spatial.insert(op.channels_first ? spatial.begin() : spatial.end(), channels);
    return spatial;
  };
  switch (op.kernel) {
    case LocallyConnected::Kernel::Windows:
      return {number_in(op.out_extents), number_in(op.kernel_size) * op.in_channels,
              op.out_channels};
    case LocallyConnected::Kernel::Whole: {
      Extents shape = with_channels(op.in_extents, op.in_channels);
      const Extents of_output = with_channels(op.out_extents, op.out_channels);
      shape.insert(shape.end(), of_output.begin(), of_output.end());
      return shape;
    }
    case LocallyConnected::Kernel::Sparse: {
      std::int64_t count = op.in_channels * op.out_channels;
      for (std::size_t axis = 0; axis < op.out_extents.size(); ++axis) {
        count *= cells_before(op, axis, op.out_extents[axis]);
      }
      return {count};
    }
  }
  return {};
}

}  // namespace tensorferry::graph
