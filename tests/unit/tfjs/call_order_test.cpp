#include "tfjs/call_order.h"

#include <doctest/doctest.h>

namespace tensorferry::tfjs {
namespace {

NetworkLayer layer(const std::string& class_name, std::vector<std::vector<Tensor>> calls) {
  NetworkLayer result;
  result.class_name = class_name;
  result.calls = std::move(calls);
  return result;
}

Tensor from(std::uint32_t index, std::uint32_t node = 0) { return {index, node, 0, {}, false}; }

}  // namespace

TEST_CASE("calls in the order of the layers keep their numbers") {
  Network network;
  network.layers = {layer("InputLayer", {}), layer("ReLU", {{from(0)}}),
                    layer("Dense", {{from(0)}, {from(1)}, {from(2, 0)}})};
  CHECK_FALSE(layer_with_other_call_order(network));
}

TEST_CASE("a shared layer whose first call waits for a later layer is found") {
  Network network;
  network.layers = {layer("InputLayer", {}), layer("Dense", {{from(2)}, {from(0)}}),
                    layer("ReLU", {{from(0)}})};
  CHECK(layer_with_other_call_order(network) == 1u);
}

}  // namespace tensorferry::tfjs
