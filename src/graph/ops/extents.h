#pragma once

#include <cstdint>
#include <vector>

/// Extents, and what lies around them.
namespace tensorferry::graph {

using Extent = std::int64_t;
inline constexpr Extent unknown_extent = -1;

/// What lies around one axis.
struct Pad {
  std::int64_t before = 0;
  std::int64_t after = 0;
  bool operator==(const Pad&) const = default;
};

/// `Explicit`: `pads`, one a spatial axis. `Same`: TensorFlow's rule on an extent known only at run
/// time: out = ceil(in / stride), total = max((out − 1)·stride + (k − 1)·dilation + 1 − in, 0),
/// before = total / 2 rounded down. Where the extent is known the lowering has resolved it to
/// Explicit.
struct SpatialPadding {
  enum class Kind { Explicit, Same };
  Kind kind = Kind::Explicit;
  std::vector<Pad> pads;
  bool operator==(const SpatialPadding&) const = default;
};

}  // namespace tensorferry::graph
