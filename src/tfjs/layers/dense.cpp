#include "tfjs/activations.h"
#include "tfjs/layers/families.h"
#include "tfjs/weights.h"

namespace tensorferry::tfjs {

Tensor lower_dense(LayerCall& call) {
  const Activation function = activation_of(call);
  const std::string native = native_name(function, call.generation());
  const bool bias = call.arguments().boolean("use_bias", true);
  const tensor::TensorRef& kernel = call.stored("kernel");
  std::vector<LayerWeight> weights{stored_weight("kernel", kernel, kernel.shape)};
  if (bias) {
    const tensor::TensorRef& stored = call.stored("bias");
    weights.push_back(stored_weight("bias", stored, stored.shape));
  }
  const Tensor y = call.add("", "Dense",
                            {{"units", call.arguments().integer("units")},
                             {"use_bias", bias},
                             {"activation", native.empty() ? "linear" : native}},
                            {call.input()}, std::move(weights));
  return native.empty() ? apply_activation(call, function, y) : y;
}

}  // namespace tensorferry::tfjs
