#include "keras/layers/spatial.h"

#include "graph/infer.h"

namespace tensorferry::keras {

namespace {

using graph::SpatialPadding;

SpatialPadding same_padding(const std::vector<graph::Extent>& extents,
                            const std::vector<std::int64_t>& size,
                            const std::vector<std::int64_t>& strides,
                            const std::vector<std::int64_t>& dilations) {
  SpatialPadding padding;
  for (std::size_t i = 0; i < size.size(); ++i) {
    if (extents[i] == graph::unknown_extent && strides[i] != 1) {
      return {SpatialPadding::Kind::Same, {}};
    }
    padding.pads.push_back(graph::same_pad(extents[i], size[i], strides[i], dilations[i]));
  }
  return padding;
}

}  // namespace

graph::SpatialPadding window_padding(const Arguments& arguments,
                                     const std::vector<graph::Extent>& shape,
                                     std::size_t channel_axis,
                                     const std::vector<std::int64_t>& size,
                                     const std::vector<std::int64_t>& strides,
                                     const std::vector<std::int64_t>& dilations) {
  const int spatial_rank = static_cast<int>(size.size());
  std::vector<graph::Extent> extents;
  for (const std::size_t axis : graph::spatial_axes(spatial_rank, channel_axis)) {
    extents.push_back(shape[axis]);
  }
  const std::string kind = arguments.text("padding", "valid");
  if (kind == "same") return same_padding(extents, size, strides, dilations);
  SpatialPadding padding{SpatialPadding::Kind::Explicit, std::vector<graph::Pad>(size.size())};
  if (kind == "causal" && spatial_rank == 1) {
    padding.pads[0].before = (size[0] - 1) * dilations[0];
  } else if (kind != "valid") {
    arguments.mistaken("padding", "\"valid\", \"same\" or, in one dimension, \"causal\"");
  }
  return padding;
}

}  // namespace tensorferry::keras
