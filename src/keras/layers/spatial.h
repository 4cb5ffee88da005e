#pragma once

#include <string_view>
#include <vector>

#include "graph/graph.h"
#include "keras/layers/arguments.h"

namespace tensorferry::keras {

/// The padding of a window that moves over spatial axes (convolution, pooling): `padding` as Keras
/// spells it
/// ("valid", "same", "causal"), resolved where the extents of `shape` permit it.
graph::SpatialPadding window_padding(const Arguments& arguments,
                                     const std::vector<graph::Extent>& shape,
                                     std::size_t channel_axis,
                                     const std::vector<std::int64_t>& size,
                                     const std::vector<std::int64_t>& strides,
                                     const std::vector<std::int64_t>& dilations);

}  // namespace tensorferry::keras
