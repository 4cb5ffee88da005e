#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "graph/ops/extents.h"
#include "tensor/resampling.h"

/// Ops with windows or factors along spatial axes.
namespace tensorferry::graph {

/// Convolution (cross-correlation) over `kernel` (spatial…, in/groups, out) and optional
/// `bias`(out). A depthwise convolution is groups = in, its kernel's named axes (spatial…, in,
/// multiplier), where output channel = in · multiplier + m. Input: x. Transposed: the gradient of a
/// convolution. Of the full result, extent (in − 1)·stride + (k − 1)·dilation + 1, `padding.pads`
/// elements are cut off at each side; a negative `after` adds zeros (before the bias). Kernel's
/// named axes (spatial…, out, in).
struct Conv {
  int spatial_rank = 2;
  std::int64_t in_channels = 0;
  std::int64_t out_channels = 0;
  std::vector<std::int64_t> kernel_size;
  std::vector<std::int64_t> strides;
  std::vector<std::int64_t> dilations;
  SpatialPadding padding;
  std::int64_t groups = 1;
  bool transposed = false;
  bool bias = true;
  std::size_t channel_axis = 0;
  bool operator==(const Conv&) const = default;
};

/// A convolution that has a kernel of its own at each place of its result
/// (tf_keras/src/layers/locally_connected). Parameter "kernel", as Keras's `implementation` has it:
/// - Windows (1): (places, window, out), a window being flattened in the order of the data.
/// - Whole (2): (in…, out…), the matrix of a Dense in which a place looks at its window only.
/// - Sparse (3): that matrix's entries of the windows, of which those outside the input are left
///   out; sorted by output, then input, both flattened.
/// In the last two channels stand where they do in the data: `channels_first`. Parameter
/// "bias"(spatial…, out). `in_extents` and `out_extents` are spatial. Input: x.
struct LocallyConnected {
  enum class Kernel { Windows, Whole, Sparse };
  Kernel kernel = Kernel::Windows;
  bool channels_first = false;
  std::int64_t in_channels = 0;
  std::int64_t out_channels = 0;
  std::vector<std::int64_t> kernel_size;
  std::vector<std::int64_t> strides;
  std::vector<Pad> pads;
  std::vector<Extent> in_extents;
  std::vector<Extent> out_extents;
  bool bias = true;
  std::size_t channel_axis = 0;
  bool operator==(const LocallyConnected&) const = default;
};

/// Max pads with −∞, average divides by the real cells only. Input: x.
struct Pool {
  enum class Kind { Max, Average };
  Kind kind = Kind::Max;
  int spatial_rank = 2;
  std::vector<std::int64_t> size;
  std::vector<std::int64_t> strides;
  SpatialPadding padding;
  std::size_t channel_axis = 0;
  bool operator==(const Pool&) const = default;
};

/// Each spatial extent times `factors`; Nearest repeats (tensor/resampling.h, without
/// antialiasing).
struct Upsample {
  tensor::Interpolation kind = tensor::Interpolation::Nearest;
  std::vector<std::int64_t> factors;
  std::size_t channel_axis = 0;
  bool operator==(const Upsample&) const = default;
};

}  // namespace tensorferry::graph
