#pragma once

#include <string>

namespace tensorferry::tfjs {

/// Thrown by the lowering of a layer that TF.js cannot have; caught by `lower_model`, which goes on
/// to find the other ones. `reason` is a sentence.
struct Refusal {
  std::string reason;
};

}  // namespace tensorferry::tfjs
