#include "tfjs/network_rules.h"

#include <algorithm>

#include "tfjs/call_order.h"

namespace tensorferry::tfjs {

bool is_sequential(const Network& network) {
  if (network.inputs.size() != 1 || network.outputs.size() != 1 || network.layers.size() < 2 ||
      network.outputs.front().layer + 1 != network.layers.size()) {
    return false;
  }
  for (std::uint32_t i = 1; i < network.layers.size(); ++i) {
    const NetworkLayer& layer = network.layers[i];
    if (layer.calls.size() != 1 || layer.calls[0].size() != 1 || layer.calls[0][0].layer != i - 1) {
      return false;
    }
    // A Sequential of TF.js takes no extent that is below zero, as its Cropping2D makes of None.
    const Shape& shape = layer.calls[0][0].shape;
    if (layer.class_name == "Cropping2D" &&
        std::count(shape.begin() + 1, shape.end(), unknown) != 0) {
      return false;
    }
  }
  return true;
}

void drop_unreached_weights(Network& network) {
  std::vector<bool> reached(network.layers.size(), false);
  std::vector<std::uint32_t> open;
  const auto reach = [&](const Tensor& tensor) {
    if (!is_lost(tensor) && !reached[tensor.layer]) {
      reached[tensor.layer] = true;
      open.push_back(tensor.layer);
    }
  };
  std::for_each(network.outputs.begin(), network.outputs.end(), reach);
  while (!open.empty()) {
    const std::uint32_t layer = open.back();
    open.pop_back();
    for (const std::vector<Tensor>& call : network.layers[layer].calls) {
      std::for_each(call.begin(), call.end(), reach);
    }
  }
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    if (!reached[i] && network.layers[i].network == nullptr) network.layers[i].weights.clear();
  }
}

void require_call_order(const Network& network, io::Notes& refused) {
  if (const auto other = layer_with_other_call_order(network)) {
    const NetworkLayer& shared = network.layers[*other];
    refused.push_back({io::Severity::Refused, shared.name, "layer-unsupported",
                       shared.class_name +
                           ": TF.js would number the calls of this shared layer in another "
                           "order, and so mix them up."});
  }
}

void check_again(Network& network, io::Notes& refused) {
  network.sequential = network.sequential && is_sequential(network);
  require_call_order(network, refused);
  for (const NetworkLayer& layer : network.layers) {
    if (layer.network != nullptr) check_again(*layer.network, refused);
  }
}

}  // namespace tensorferry::tfjs
