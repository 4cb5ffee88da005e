#include <algorithm>
#include <cmath>

#include "keras/layers/batch_behavior.h"
#include "tfjs/layers/affine.h"
#include "tfjs/layers/families.h"
#include "tfjs/refusal.h"
#include "tfjs/weights.h"

namespace tensorferry::tfjs {
namespace {

/// The smallest deviation that Keras divides by (keras/src/layers/preprocessing/normalization.py:
/// max(sqrt(variance), epsilon())), squared.
constexpr double least_variance = 1e-14;

/// `mean` or `variance` of a Normalization, over its kept axes; one number is repeated for all of
/// them.
LayerWeight statistic(const LayerCall& call, const std::string& role, const std::string& name,
                      std::uint64_t features) {
  if (call.has_weight(name)) {
    const tensor::TensorRef& stored = call.stored(name);
    if (tensor::element_count(stored.shape) == features) {
      return stored_weight(role, stored, {features});
    }
    return viewed_weight(role, stored, tensor::View{0, {features}, {0}, 0}, {features},
                         "broadcast");
  }
  const keras::Json* given = call.arguments().find(name);
  if (given == nullptr) {
    given = call.arguments().find("input_" + name);
  }
  if (given == nullptr) {
    throw Refusal{"It has neither been adapted nor given a mean and a variance."};
  }
  std::vector<float> values;
  const std::function<void(const keras::Json&)> collect = [&](const keras::Json& value) {
    if (const keras::Json* items = keras::list_items(value)) {
      std::for_each(items->begin(), items->end(), collect);
    } else {
      values.push_back(value.get<float>());
    }
  };
  collect(*given);
  if (values.size() == 1) {
    values.assign(features, values.front());
  }
  if (values.size() != features) {
    throw Refusal{"Its constants are not as many as the extents of its axes."};
  }
  return constant_weight(role, {features}, values);
}

std::vector<std::size_t> kept_axes(const LayerCall& call, std::size_t rank) {
  // None: one number for all, which is repeated along the last axis.
  const std::vector<std::int64_t> axes = call.arguments().find("axis") == nullptr
                                             ? std::vector<std::int64_t>{}
                                             : call.arguments().integer_list("axis");
  return axes.empty() ? std::vector<std::size_t>{rank - 1} : axes_from_front(axes, rank);
}

}  // namespace

Tensor lower_batch_normalization(LayerCall& call) {
  const keras::Arguments& given = call.arguments();
  if (given.find("virtual_batch_size") != nullptr) {
    throw Refusal{"It has virtual batches, whose files Keras itself cannot load."};
  }
  const bool scale = given.boolean("scale", true);
  const bool center = given.boolean("center", true);
  std::vector<LayerWeight> weights;
  const auto take = [&](const std::string& role) {
    const tensor::TensorRef& stored = call.stored(role);
    weights.push_back(stored_weight(role, stored, stored.shape));
  };
  if (scale) {
    take("gamma");
  }
  if (center) {
    take("beta");
  }
  take("moving_mean");
  take("moving_variance");
  const std::string_view note = keras::batch_training_note(given);
  if (!note.empty()) call.note("training-only", std::string(note));
  const Tensor& x = call.input();
  const std::size_t rank = x.shape.size();
  const std::vector<std::size_t> axes = normalized_axes(call, rank);
  if (axes.empty()) throw Refusal{"It normalizes nothing."};
  std::string warning = keras::batch_epsilon_warning(call.layer(), call.generation(),
                                                     call.keras_version(), rank, axes);
  if (!warning.empty()) call.warn("fused-epsilon", std::move(warning));
  return normalize_axes(call, "", x, axes,
                        {{"momentum", given.number("momentum", 0.99)},
                         {"epsilon", given.number("epsilon", 1e-3)},
                         {"scale", scale},
                         {"center", center}},
                        std::move(weights));
}

Tensor lower_layer_normalization(LayerCall& call) {
  const keras::Arguments& given = call.arguments();
  const Tensor& input = call.input();
  if (given.boolean("rms_scaling", false)) {
    throw Refusal{"TF.js's LayerNormalization always subtracts the mean (`rms_scaling`)."};
  }
  std::vector<std::size_t> axes = normalized_axes(call, input.shape.size());
  const bool scale = given.boolean("scale", true);
  const bool center = given.boolean("center", true);
  Tensor x = input;
  if (input.shape.size() > 4) {
    if (axes.size() != 1 || axes.front() + 1 != input.shape.size()) {
      throw Refusal{"TF.js normalizes at most four axes, and its axis is not the last."};
    }
    std::int64_t cells = 1;
    for (std::size_t i = 1; i + 1 < input.shape.size(); ++i) {
      cells = input.shape[i] == unknown || cells == unknown ? unknown : cells * input.shape[i];
    }
    x = reshape(call, "join", input, {cells, input.shape.back()});
    axes = {2};
  }
  std::vector<LayerWeight> weights;
  for (const auto& [role, used] :
       {std::pair<const char*, bool>{"gamma", scale}, {"beta", center}}) {
    if (used) {
      const tensor::TensorRef& stored = call.stored(role);
      weights.push_back(stored_weight(role, stored, stored.shape));
    }
  }
  const Tensor y = call.add("", "LayerNormalization",
                            {{"axis", axes},
                             {"epsilon", given.number("epsilon", 1e-3)},
                             {"scale", scale},
                             {"center", center}},
                            {x}, std::move(weights));
  return reshape(call, "split", y, without_batch(input.shape));
}

// A BatchNormalization with fixed statistics; inverted, its gamma is the deviation and its beta the
// mean.
Tensor lower_normalization(LayerCall& call) {
  Tensor x = call.input();
  const std::vector<std::size_t> axes = kept_axes(call, x.shape.size());
  std::uint64_t features = 1;
  for (const std::size_t axis : axes) {
    if (x.shape[axis] == unknown) {
      throw Refusal{"The size of the axis that it normalizes is None."};
    }
    features *= static_cast<std::uint64_t>(x.shape[axis]);
  }
  const bool invert = call.arguments().boolean("invert", false);
  LayerWeight mean = statistic(call, invert ? "beta" : "moving_mean", "mean", features);
  LayerWeight variance =
      statistic(call, invert ? "gamma" : "moving_variance", "variance", features);
  variance.value.values.push_back(tensor::AtLeast{least_variance});
  variance.value.chain += " > max(1e-14)";
  std::vector<LayerWeight> weights;
  if (invert) {
    variance.value.values.push_back(tensor::SquareRoot{});
    variance.value.chain += " > sqrt";
    weights = {std::move(variance), std::move(mean), filled_weight("moving_mean", {features}, 0.0F),
               filled_weight("moving_variance", {features}, 1.0F)};
  } else {
    weights = {std::move(mean), std::move(variance)};
  }
  return normalize_axes(call, "", x, axes,
                        {{"epsilon", 0.0}, {"scale", invert}, {"center", invert}},
                        std::move(weights));
}

}  // namespace tensorferry::tfjs
