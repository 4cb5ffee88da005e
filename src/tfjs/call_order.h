#pragma once

#include <optional>

#include "tfjs/network.h"

namespace tensorferry::tfjs {

/// TF.js numbers the calls of a shared layer in the order in which it comes to make them when it
/// loads the model, not in that of the file (tfjs-layers/src/engine/container.ts: fromConfig). The
/// first layer whose calls would get other numbers than they have here, if there is one.
std::optional<std::uint32_t> layer_with_other_call_order(const Network& network);

}  // namespace tensorferry::tfjs
