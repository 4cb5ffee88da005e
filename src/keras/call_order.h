#pragma once

#include <compare>
#include <cstdint>
#include <vector>

#include "keras/model.h"

namespace tensorferry::keras {

/// A call of a layer: `node` of `Model::layers[layer]`.
struct CallId {
  std::uint32_t layer = 0;
  std::uint32_t node = 0;
  auto operator<=>(const CallId&) const = default;
};

/// The calls that the model's outputs reach, and its inputs, in an order in which they can run:
/// that of the config where it permits. Throws io::Error{GraphCycle}, or {ConfigInvalid} where a
/// call names what is not there.
std::vector<CallId> call_order(const Model& model);

}  // namespace tensorferry::keras
