#pragma once

#include <cstdint>
#include <vector>

#include "graph/ops/spatial.h"

namespace tensorferry::graph {

/// The kernel of one place of a LocallyConnected's result: the cells of the window that lie inside
/// the input (of each spatial axis `count` from `first` on), and where the stored elements of these
/// are: cell i (from 0 for `first`), input channel c, output channel f at
/// offset + Σ i_k · cell_strides[k] + c · in_stride + f · out_stride.
struct PlaceKernel {
  std::vector<std::int64_t> first;
  std::vector<std::int64_t> count;
  std::int64_t offset = 0;
  std::vector<std::int64_t> cell_strides;
  std::int64_t in_stride = 0;
  std::int64_t out_stride = 0;
};

/// `place`: one index a spatial axis.
PlaceKernel place_kernel(const LocallyConnected& op, const std::vector<std::int64_t>& place);

/// Of the kernel, as ops/spatial.h has it. (The bias's elements are, with `channels_first`, in the
/// order (out, spatial…), whatever its shape says: tf_keras/src/backend.py, bias_add, reshapes it.)
std::vector<Extent> kernel_shape(const LocallyConnected& op);

}  // namespace tensorferry::graph
