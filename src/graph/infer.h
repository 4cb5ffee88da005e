#pragma once

#include <vector>

#include "graph/graph.h"

namespace tensorferry::graph {

/// The values that an op makes of these inputs: shape and dtype, in whatever order the axes are
/// (ops carry their axes). Unknown extents stay unknown where they must. `program` is asked for the
/// graphs that a CallGraph calls. Input and Constant have no inputs to be inferred from and are not
/// asked. Throws io::Error{ConfigInvalid} where the inputs cannot be what the op takes.
std::vector<Value> infer(const Program& program, const Op& op, const std::vector<Value>& inputs);

/// One spatial extent after a convolution or pooling window.
Extent window_extent(Extent extent, std::int64_t size, std::int64_t stride, std::int64_t dilation,
                     const SpatialPadding& padding, std::size_t spatial_axis);

/// TensorFlow's `same` pads of one axis; the extent must be known unless the stride is 1.
Pad same_pad(Extent extent, std::int64_t size, std::int64_t stride, std::int64_t dilation);

/// The axes of a value of `spatial_rank` spatial axes that are neither batch nor channels,
/// ascending.
std::vector<std::size_t> spatial_axes(int spatial_rank, std::size_t channel_axis);

/// numpy's broadcasting of two shapes of equal rank; unknown against 1 stays unknown.
std::vector<Extent> broadcast(const std::vector<Extent>& a, const std::vector<Extent>& b);

}  // namespace tensorferry::graph
