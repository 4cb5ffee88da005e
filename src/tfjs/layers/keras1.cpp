#include "tfjs/activations.h"
#include "tfjs/layers/families.h"
#include "tfjs/steps.h"
#include "tfjs/weights.h"

namespace tensorferry::tfjs {
namespace {

Tensor square_dense(LayerCall& call, std::string_view part, const std::string& prefix,
                    const std::string& activation) {
  const tensor::TensorRef& kernel = call.stored(prefix + "kernel");
  const bool bias = call.arguments().boolean("use_bias", true);
  std::vector<LayerWeight> weights{stored_weight("kernel", kernel, kernel.shape)};
  if (bias) {
    const tensor::TensorRef& stored = call.stored(prefix + "bias");
    weights.push_back(stored_weight("bias", stored, stored.shape));
  }
  return call.add(part, "Dense",
                  {{"units", kernel.shape[1]}, {"use_bias", bias}, {"activation", activation}},
                  {call.input()}, std::move(weights));
}

}  // namespace

// t · activation(x · W + b) + (1 − t) · x
Tensor lower_highway(LayerCall& call) {
  const Activation function = activation_of(call);
  const std::string native = native_name(function, call.generation());
  const Tensor share = square_dense(call, "carry", "carry_", "sigmoid");
  Tensor y = square_dense(call, "transform", "", native.empty() ? "linear" : native);
  if (native.empty()) y = apply_activation(call, function, y);
  const Tensor rest = rescale(call, "rest", share, -1, 1);
  return add_up(call, "", multiply(call, "transformed", y, share),
                multiply(call, "kept", rest, call.input()));
}

// All features side by side in one Dense, then the greatest of each unit's.
Tensor lower_maxout_dense(LayerCall& call) {
  const tensor::TensorRef& kernel = call.stored("kernel");
  const bool bias = call.arguments().boolean("use_bias", true);
  const auto features = static_cast<std::int64_t>(kernel.shape[0]);
  const auto units = static_cast<std::int64_t>(kernel.shape[2]);
  const auto columns = static_cast<std::uint64_t>(features * units);
  std::vector<LayerWeight> weights{viewed_weight(
      "kernel", kernel, tensor::permuted(tensor::identity_view(0, kernel.shape), {1, 0, 2}),
      {kernel.shape[1], columns}, "permute(1,0,2) > reshape")};
  if (bias) weights.push_back(stored_weight("bias", call.stored("bias"), {columns}));
  const Tensor all =
      call.add("dense", "Dense", {{"units", columns}, {"use_bias", bias}, {"activation", "linear"}},
               {call.input()}, std::move(weights));
  const Tensor rows = reshape(call, "features", all, {features, units});
  return call.add("", "GlobalMaxPooling1D", Json::object(), {rows});
}

}  // namespace tensorferry::tfjs
