#include <algorithm>
#include <cmath>
#include <limits>

#include "graph/evaluate/kernels.h"
#include "graph/infer.h"

namespace tensorferry::graph {

namespace {

std::vector<Pad> resolved_pads(const SpatialPadding& padding, const Array& x,
                               const std::vector<std::size_t>& axes,
                               const std::vector<std::int64_t>& size,
                               const std::vector<std::int64_t>& strides,
                               const std::vector<std::int64_t>& dilations) {
  if (padding.kind == SpatialPadding::Kind::Explicit) return padding.pads;
  std::vector<Pad> pads;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    pads.push_back(
        same_pad(static_cast<Extent>(x.shape[axes[i]]), size[i], strides[i], dilations[i]));
  }
  return pads;
}

Index window_shape(const Array& x, const std::vector<std::size_t>& axes,
                   const std::vector<std::int64_t>& size, const std::vector<std::int64_t>& strides,
                   const std::vector<std::int64_t>& dilations, const std::vector<Pad>& pads) {
  Index shape = x.shape;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    shape[axes[i]] = static_cast<std::uint64_t>(
        window_extent(static_cast<Extent>(shape[axes[i]]), size[i], strides[i], dilations[i],
                      {SpatialPadding::Kind::Explicit, pads}, i));
  }
  return shape;
}

/// A kernel (spatial…, and two channel axes by name) as a function of (spatial index, input channel
/// within its group, output channel). Output channels of a group lie `out_stride()` apart.
class KernelView {
 public:
  KernelView(const LoadedParameter& kernel, const Conv& conv)
      : data_(kernel.array.data), strides_(strides_of(kernel.array.shape)) {
    for (std::size_t axis = 0; axis < kernel.axes.size(); ++axis) {
      const std::string& name = kernel.axes[axis];
      if (name == "in") {
        in_ = axis;
      } else if (name == "out") {
        out_ = axis;
      } else if (name == "multiplier") {
        out_ = axis;
        multiplier_ = static_cast<std::uint64_t>(conv.out_channels / conv.in_channels);
      } else {
        spatial_.push_back(axis);
      }
    }
  }

  const double* at(const Index& window, std::uint64_t in, std::uint64_t out) const {
    std::uint64_t offset = 0;
    for (std::size_t i = 0; i < window.size(); ++i) offset += window[i] * strides_[spatial_[i]];
    if (multiplier_ != 0) {
      return &data_[offset + out / multiplier_ * strides_[in_] +
                    out % multiplier_ * strides_[out_]];
    }
    return &data_[offset + in * strides_[in_] + out * strides_[out_]];
  }

  std::uint64_t out_stride() const { return strides_[out_]; }

 private:
  const std::vector<double>& data_;
  std::vector<std::uint64_t> strides_;
  std::vector<std::size_t> spatial_;
  std::size_t in_ = 0;
  std::size_t out_ = 0;
  std::uint64_t multiplier_ = 0;
};

Index window_of(const std::vector<std::int64_t>& size) { return Index(size.begin(), size.end()); }

/// Moves `index` to input position `window` of the output position; false outside the input.
bool source_position(Index& index, const Index& output, const Array& x,
                     const std::vector<std::size_t>& axes, const Index& window,
                     const std::vector<std::int64_t>& strides,
                     const std::vector<std::int64_t>& dilations, const std::vector<Pad>& pads) {
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::int64_t at = static_cast<std::int64_t>(output[axes[i]]) * strides[i] +
                            static_cast<std::int64_t>(window[i]) * dilations[i] - pads[i].before;
    if (at < 0 || at >= static_cast<std::int64_t>(x.shape[axes[i]])) return false;
    index[axes[i]] = static_cast<std::uint64_t>(at);
  }
  return true;
}

void add_bias(Array& result, const Array* bias, std::size_t channel_axis) {
  if (bias == nullptr) return;
  std::size_t next = 0;
  for_each_index(result.shape, [&](const Index& index) {
    result.data[next++] += bias->data[index[channel_axis]];
  });
}

Array forward_conv(const Conv& conv, const Array& x, const KernelView& kernel) {
  const auto axes = spatial_axes(conv.spatial_rank, conv.channel_axis);
  const auto pads =
      resolved_pads(conv.padding, x, axes, conv.kernel_size, conv.strides, conv.dilations);
  Index shape = window_shape(x, axes, conv.kernel_size, conv.strides, conv.dilations, pads);
  shape[conv.channel_axis] = static_cast<std::uint64_t>(conv.out_channels);
  Array result = zeros(shape);
  const auto strides = strides_of(x.shape);
  const auto groups = static_cast<std::uint64_t>(conv.groups);
  const auto group_inputs = static_cast<std::uint64_t>(conv.in_channels) / groups;
  const auto group_outputs = static_cast<std::uint64_t>(conv.out_channels) / groups;
  const Index window_extents = window_of(conv.kernel_size);
  const std::uint64_t x_stride = strides[conv.channel_axis];
  const auto result_strides = strides_of(shape);
  const std::uint64_t result_stride = result_strides[conv.channel_axis];
  Index places = shape;
  places[conv.channel_axis] = 1;
  // Each element of a window adds its multiple of a row of the kernel, which lies together: to go
  // along the columns of a large kernel would take several times as long.
  for_each_index(places, [&](const Index& place) {
    double* sums = &result.data[offset_of(place, result_strides)];
    Index source = place;
    for_each_index(window_extents, [&](const Index& window) {
      if (!source_position(source, place, x, axes, window, conv.strides, conv.dilations, pads)) {
        return;
      }
      const double* values = &x.data[offset_of(source, strides)];
      for (std::uint64_t in = 0; in < group_inputs * groups; ++in) {
        const std::uint64_t first_output = in / group_inputs * group_outputs;
        const double* weights = kernel.at(window, in % group_inputs, first_output);
        const double value = values[in * x_stride];
        for (std::uint64_t out = 0; out < group_outputs; ++out) {
          sums[(first_output + out) * result_stride] += value * weights[out * kernel.out_stride()];
        }
      }
    });
  });
  return result;
}

/// Every input element adds its multiple of the kernel; what the pads cut off falls away.
Array transposed_conv(const Conv& conv, const Array& x, const KernelView& kernel) {
  const auto axes = spatial_axes(conv.spatial_rank, conv.channel_axis);
  Index shape = x.shape;
  shape[conv.channel_axis] = static_cast<std::uint64_t>(conv.out_channels);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const Pad& cut = conv.padding.pads[i];
    const std::int64_t full = (static_cast<std::int64_t>(x.shape[axes[i]]) - 1) * conv.strides[i] +
                              (conv.kernel_size[i] - 1) * conv.dilations[i] + 1;
    shape[axes[i]] = static_cast<std::uint64_t>(full - cut.before - cut.after);
  }
  Array result = zeros(shape);
  const auto strides = strides_of(shape);
  const Index window_extents = window_of(conv.kernel_size);
  std::size_t next = 0;
  for_each_index(x.shape, [&](const Index& input) {
    const double element = x.data[next++];
    Index target = input;
    for_each_index(window_extents, [&](const Index& window) {
      for (std::size_t i = 0; i < axes.size(); ++i) {
        const std::int64_t at = static_cast<std::int64_t>(input[axes[i]]) * conv.strides[i] +
                                static_cast<std::int64_t>(window[i]) * conv.dilations[i] -
                                conv.padding.pads[i].before;
        if (at < 0 || at >= static_cast<std::int64_t>(shape[axes[i]])) return;
        target[axes[i]] = static_cast<std::uint64_t>(at);
      }
      target[conv.channel_axis] = 0;
      double* sums = &result.data[offset_of(target, strides)];
      const double* weights = kernel.at(window, input[conv.channel_axis], 0);
      for (std::uint64_t out = 0; out < static_cast<std::uint64_t>(conv.out_channels); ++out) {
        sums[out * strides[conv.channel_axis]] += element * weights[out * kernel.out_stride()];
      }
    });
  });
  return result;
}

}  // namespace

Array evaluate_conv(const Conv& conv, const Array& x, const LoadedParameter& kernel,
                    const Array* bias) {
  const KernelView view(kernel, conv);
  Array result = conv.transposed ? transposed_conv(conv, x, view) : forward_conv(conv, x, view);
  add_bias(result, bias, conv.channel_axis);
  return result;
}

Array evaluate_pool(const Pool& pool, const Array& x) {
  const auto axes = spatial_axes(pool.spatial_rank, pool.channel_axis);
  const std::vector<std::int64_t> dilations(axes.size(), 1);
  const auto pads = resolved_pads(pool.padding, x, axes, pool.size, pool.strides, dilations);
  Array result = zeros(window_shape(x, axes, pool.size, pool.strides, dilations, pads));
  const auto strides = strides_of(x.shape);
  const Index window_extents = window_of(pool.size);
  std::size_t next = 0;
  for_each_index(result.shape, [&](const Index& output) {
    double largest = -std::numeric_limits<double>::infinity();
    double sum = 0;
    double cells = 0;
    Index source = output;
    for_each_index(window_extents, [&](const Index& window) {
      if (!source_position(source, output, x, axes, window, pool.strides, dilations, pads)) return;
      const double element = x.data[offset_of(source, strides)];
      largest = std::max(largest, element);
      sum += element;
      cells += 1;
    });
    result.data[next++] = pool.kind == Pool::Kind::Max ? largest : sum / cells;
  });
  return result;
}

Array resampled(const Array& x, std::size_t axis, std::uint64_t extent,
                tensor::Interpolation interpolation, bool antialias) {
  const std::uint64_t cells = x.shape[axis];
  const std::vector<float> matrix =
      tensor::resampling_matrix(static_cast<std::int64_t>(cells), static_cast<std::int64_t>(extent),
                                interpolation, antialias);
  Index shape = x.shape;
  shape[axis] = extent;
  Array result = zeros(shape);
  const auto strides = strides_of(x.shape);
  std::size_t next = 0;
  for_each_index(shape, [&](const Index& output) {
    Index source = output;
    double& value = result.data[next++];
    for (std::uint64_t cell = 0; cell < cells; ++cell) {
      source[axis] = cell;
      value += static_cast<double>(matrix[cell * extent + output[axis]]) *
               x.data[offset_of(source, strides)];
    }
  });
  return result;
}

Array evaluate_upsample(const Upsample& upsample, const Array& x) {
  Array result = x;
  const auto axes = spatial_axes(static_cast<int>(upsample.factors.size()), upsample.channel_axis);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::uint64_t extent = x.shape[axes[i]] * static_cast<std::uint64_t>(upsample.factors[i]);
    result = resampled(result, axes[i], extent, upsample.kind, false);
  }
  return result;
}

}  // namespace tensorferry::graph
