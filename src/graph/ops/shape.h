#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "graph/ops/extents.h"

/// Ops that move elements or reduce axes.
namespace tensorferry::graph {

/// All axes but the batch into one, in the order of the values' *Keras* layout. Input: x.
struct Flatten {
  bool operator==(const Flatten&) const = default;
};

/// `shape` without the batch; at most one extent is −1 (inferred). Meaning: Keras's order of
/// elements.
struct Reshape {
  std::vector<std::int64_t> shape;
  bool operator==(const Reshape&) const = default;
};

/// numpy's transpose, batch included: axis k of the result is axis `axes[k]`.
struct Permute {
  std::vector<std::size_t> axes;
  bool operator==(const Permute&) const = default;
};

/// (batch, features) → (batch, count, features).
struct RepeatVector {
  std::int64_t count = 1;
  bool operator==(const RepeatVector&) const = default;
};

/// Zeros (or `value`) around, one Pad for each axis, batch included; a negative Pad cuts off.
struct PadAxes {
  std::vector<Pad> pads;
  double value = 0;
  bool operator==(const PadAxes&) const = default;
};

struct Concatenate {
  std::size_t axis = 0;
  bool operator==(const Concatenate&) const = default;
};

/// Reduction over axes; also what global pooling is. Input: x.
struct ReduceAxes {
  enum class Kind { Max, Mean, Sum, Min };
  Kind kind = Kind::Mean;
  std::vector<std::size_t> axes;  ///< ascending
  bool keep_dims = false;
  bool operator==(const ReduceAxes&) const = default;
};

/// (batch, time, …) → (batch · time, …): what follows works at each time by itself. Input: x.
struct FoldTime {
  bool operator==(const FoldTime&) const = default;
};

/// (batch · times, …) → (batch, times, …). Inputs: x; where `times` is unknown, also a value that
/// has the batch and the times as its first axes.
struct UnfoldTime {
  Extent times = unknown_extent;
  bool operator==(const UnfoldTime&) const = default;
};

}  // namespace tensorferry::graph
