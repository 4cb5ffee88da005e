#include "tfjs/activations.h"
#include "tfjs/layers/families.h"
#include "tfjs/refusal.h"
#include "tfjs/steps.h"
#include "tfjs/weights.h"

namespace tensorferry::tfjs {

Tensor lower_activation(LayerCall& call) {
  const Activation function = activation_of(call);
  const std::string native = native_name(function, call.generation());
  return native.empty() ? apply_activation(call, function, call.input())
                        : activation(call, "", call.input(), native);
}

// TF.js takes no alpha but 1: α · elu(x) + (1 − α) · relu(x) is x above 0 and α · (exp(x) − 1)
// below.
Tensor lower_elu(LayerCall& call) {
  const double alpha = call.arguments().number("alpha", 1);
  const Tensor y = call.add("", "ELU", Json::object(), {call.input()});
  if (alpha == 1) {
    return y;
  }
  const Tensor linear = rescale(call, "rest", relu(call, "relu", call.input()), 1 - alpha, 0);
  return add_up(call, "sum", rescale(call, "alpha", y, alpha, 0), linear);
}

Tensor lower_leaky_relu(LayerCall& call) {
  const double otherwise = call.arguments().number("alpha", 0.3);
  return call.add("", "LeakyReLU",
                  {{"alpha", call.arguments().number("negative_slope", otherwise)}},
                  {call.input()});
}

Tensor lower_prelu(LayerCall& call) {
  const tensor::TensorRef& alpha = call.stored("alpha");
  Json config = Json::object();
  if (call.arguments().find("shared_axes") != nullptr) {
    config["shared_axes"] = call.arguments().integer_list("shared_axes");
  }
  return call.add("", "PReLU", std::move(config), {call.input()},
                  {stored_weight("alpha", alpha, alpha.shape)});
}

// keras/src/layers/activations/relu.py: x from the threshold on, at most `max_value`, and slope ·
// (x − threshold) below it. TF.js's ReLU reads `max_value` only.
Tensor lower_relu(LayerCall& call) {
  const Tensor& x = call.input();
  const double slope = call.arguments().number("negative_slope", 0);
  const double threshold = call.arguments().number("threshold", 0);
  std::optional<double> maximum;
  if (call.arguments().find("max_value") != nullptr) {
    maximum = call.arguments().number("max_value", 0);
  }
  if (threshold == 0 && !maximum && slope != 0) {
    return call.add("", "LeakyReLU", {{"alpha", slope}}, {x});
  }
  Tensor y = x;
  if (threshold != 0) {
    y = call.add("threshold", "ThresholdedReLU", {{"theta", threshold}}, {x});
  }
  if (threshold == 0 || maximum) {
    y = relu(call, "", y, maximum);
  }
  if (slope == 0) {
    return y;
  }
  const Tensor below = relu(call, "below", rescale(call, "distance", x, -1, threshold));
  return add_up(call, "sum", y, rescale(call, "slope", below, -slope, 0));
}

Tensor lower_thresholded_relu(LayerCall& call) {
  return call.add("", "ThresholdedReLU", {{"theta", call.arguments().number("theta", 1)}},
                  {call.input()});
}

// TF.js normalizes along one axis only if it is the last; along several, any.
Tensor lower_softmax(LayerCall& call) {
  const Tensor& x = call.input();
  const auto rank = static_cast<std::int64_t>(x.shape.size());
  std::vector<std::int64_t> axes = call.arguments().find("axis") == nullptr
                                       ? std::vector<std::int64_t>{-1}
                                       : call.arguments().integer_list("axis");
  for (std::int64_t& axis : axes) {
    axis = axis < 0 ? axis + rank : axis;
  }
  if (axes.size() > 1) {
    return call.add("", "Softmax", {{"axis", axes}}, {x});
  }
  if (axes.front() + 1 == rank) {
    return call.add("", "Softmax", {{"axis", -1}}, {x});
  }
  if (axes.front() == 0) {
    throw Refusal{"Its axis is the batch."};
  }
  std::vector<std::size_t> swapped;
  for (std::int64_t axis = 1; axis < rank; ++axis) {
    swapped.push_back(static_cast<std::size_t>(
        axis == axes.front() ? rank - 1 : (axis + 1 == rank ? axes.front() : axis)));
  }
  const Tensor y = call.add("", "Softmax", {{"axis", -1}}, {permute(call, "swap", x, swapped)});
  return permute(call, "swap_back", y, swapped);
}

}  // namespace tensorferry::tfjs
