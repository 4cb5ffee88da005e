#pragma once

/// Masks of times, and what uses them.
namespace tensorferry::graph {

/// A mask: x ≠ `value`, of any element along the last axis with `any_of_last`. Input: x. Booleans.
struct NotEqualTo {
  double value = 0;
  bool any_of_last = false;
  bool operator==(const NotEqualTo&) const = default;
};

/// x where the mask holds, else 0. Inputs: x; a mask of all axes but its last.
struct ApplyMask {
  bool operator==(const ApplyMask&) const = default;
};

/// The mean over axis 1 of the times at which the mask holds. Inputs: x (batch, time, features), a
/// mask (batch, time).
struct MaskedMean {
  bool keep_dims = false;
  bool operator==(const MaskedMean&) const = default;
};

}  // namespace tensorferry::graph
