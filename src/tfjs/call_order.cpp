#include "tfjs/call_order.h"

#include <algorithm>

namespace tensorferry::tfjs {
namespace {

bool is_ready(const std::vector<Tensor>& inputs, const std::vector<std::uint32_t>& calls_made) {
  return std::all_of(inputs.begin(), inputs.end(),
                     [&](const Tensor& input) { return calls_made[input.layer] > input.node; });
}

}  // namespace

std::optional<std::uint32_t> layer_with_other_call_order(const Network& network) {
  std::vector<std::uint32_t> calls_made(network.layers.size(), 0);
  std::vector<std::vector<std::uint32_t>> waiting(network.layers.size());
  for (std::uint32_t i = 0; i < network.layers.size(); ++i) {
    const NetworkLayer& layer = network.layers[i];
    calls_made[i] = layer.class_name == "InputLayer" ? 1 : 0;
    for (std::uint32_t call = 0; call < layer.calls.size(); ++call) {
      waiting[i].push_back(call);
    }
  }
  for (bool progress = true; progress;) {
    progress = false;
    for (std::uint32_t i = 0; i < network.layers.size(); ++i) {
      std::vector<std::uint32_t> still_waiting;
      for (const std::uint32_t call : waiting[i]) {
        if (!is_ready(network.layers[i].calls[call], calls_made)) {
          still_waiting.push_back(call);
        } else if (calls_made[i] != call) {
          return i;
        } else {
          ++calls_made[i];
          progress = true;
        }
      }
      waiting[i] = std::move(still_waiting);
    }
  }
  return std::nullopt;
}

}  // namespace tensorferry::tfjs
