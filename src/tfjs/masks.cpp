#include "tfjs/masks.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string_view>

#include "keras/layers/arguments.h"

namespace tensorferry::tfjs {
namespace {

bool is_recurrent(const std::string& class_name) {
  return class_name == "LSTM" || class_name == "GRU" || class_name == "SimpleRNN" ||
         class_name == "Bidirectional";
}

bool returns_sequences(const keras::Layer& layer) {
  const keras::Layer& says =
      layer.class_name == "Bidirectional" && !layer.wrapped.empty() ? layer.wrapped[0] : layer;
  return keras::Arguments(says.name, says.config).boolean("return_sequences", false);
}

/// A Concatenate of another axis than the last, which is given.
std::optional<std::int64_t> joined_axis(const keras::Layer& layer, std::size_t rank) {
  if (layer.class_name != "Concatenate") return std::nullopt;
  const auto last = static_cast<std::int64_t>(rank) - 1;
  std::int64_t axis = keras::Arguments(layer.name, layer.config).integer("axis", -1);
  if (axis < 0) axis += last + 1;
  return axis == last ? std::nullopt : std::optional(axis);
}

std::shared_ptr<const Mask> mask_of(std::vector<std::shared_ptr<const Mask>> masks,
                                    Mask::Parts parts) {
  Mask mask;
  mask.of = std::move(masks);
  mask.parts = parts;
  return std::make_shared<const Mask>(std::move(mask));
}

bool merges_masks(const std::string& class_name) {
  static constexpr std::array<std::string_view, 7> classes = {
      "Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract"};
  return std::find(classes.begin(), classes.end(), class_name) != classes.end();
}

}  // namespace

bool passes_mask_on(const std::string& class_name, keras::Generation generation) {
  static constexpr std::array<std::string_view, 26> classes = {"Activation",
                                                               "ActivityRegularization",
                                                               "Add",
                                                               "AlphaDropout",
                                                               "Average",
                                                               "BatchNormalization",
                                                               "Concatenate",
                                                               "Dense",
                                                               "Dropout",
                                                               "ELU",
                                                               "GaussianDropout",
                                                               "GaussianNoise",
                                                               "LayerNormalization",
                                                               "LeakyReLU",
                                                               "Maximum",
                                                               "Minimum",
                                                               "Multiply",
                                                               "PReLU",
                                                               "ReLU",
                                                               "Softmax",
                                                               "SpatialDropout1D",
                                                               "SpatialDropout2D",
                                                               "SpatialDropout3D",
                                                               "StochasticDepth",
                                                               "Subtract",
                                                               "UnitNormalization"};
  static constexpr std::array<std::string_view, 5> in_keras3 = {
      "Equalization", "GroupNormalization", "Identity", "Normalization", "Rescaling"};
  const auto among = [&](const auto& list) {
    return std::find(list.begin(), list.end(), class_name) != list.end();
  };
  return among(classes) ||
         (generation == keras::Generation::Keras3 ? among(in_keras3)
                                                  : class_name == "ThresholdedReLU");
}

bool uses_mask(const keras::Layer& layer, keras::Generation generation) {
  static constexpr std::array<std::string_view, 14> classes = {"AdditiveAttention",
                                                               "Attention",
                                                               "Bidirectional",
                                                               "ConvLSTM1D",
                                                               "ConvLSTM2D",
                                                               "ConvLSTM3D",
                                                               "GRU",
                                                               "GlobalAveragePooling1D",
                                                               "GroupQueryAttention",
                                                               "LSTM",
                                                               "MultiHeadAttention",
                                                               "SimpleRNN",
                                                               "Softmax",
                                                               "SpectralNormalization"};
  const std::vector<keras::Layer>& inner =
      layer.model != nullptr ? layer.model->layers : layer.wrapped;
  static constexpr std::array<std::string_view, 3> in_keras3 = {"Maximum", "Minimum", "Multiply"};
  const bool merges_by_mask =
      generation == keras::Generation::Keras3 &&
      std::find(in_keras3.begin(), in_keras3.end(), layer.class_name) != in_keras3.end();
  const bool weighs =
      generation != keras::Generation::Keras3 && layer.class_name == "GroupNormalization";
  return merges_by_mask || weighs ||
         std::find(classes.begin(), classes.end(), layer.class_name) != classes.end() ||
         std::any_of(inner.begin(), inner.end(),
                     [generation](const keras::Layer& it) { return uses_mask(it, generation); });
}

bool takes_mask(const std::string& class_name) {
  return is_recurrent(class_name) || class_name == "GlobalAveragePooling1D";
}

bool forgets_mask(const std::string& class_name, keras::Generation generation, std::size_t inputs) {
  return generation == keras::Generation::Keras3 && is_recurrent(class_name) && inputs > 1;
}

// keras/src/layers/merging/base_merge.py, tf_keras/src/layers/merging/base_merge.py and
// concatenate.py: compute_mask. Keras 3 makes none where not all inputs have one, and one that is
// on where any is.
void pass_mask_on(const keras::Layer& layer, keras::Generation generation,
                  const std::vector<Tensor>& inputs, Tensor& output) {
  output.mask = nullptr;
  output.masked = is_recurrent(layer.class_name)
                      ? inputs.at(0).masked && returns_sequences(layer)
                      : passes_mask_on(layer.class_name, generation) &&
                            std::any_of(inputs.begin(), inputs.end(),
                                        [](const Tensor& input) { return input.masked; });
  if (!output.masked) {
    return;
  }
  if (is_recurrent(layer.class_name) || inputs.size() == 1) {
    output.mask = inputs.at(0).mask;
    return;
  }
  std::vector<std::shared_ptr<const Mask>> masks;
  bool of_all = true;
  for (const Tensor& input : inputs) {
    if (input.masked && input.mask == nullptr) return;
    of_all = of_all && input.masked;
    if (input.masked && std::find(masks.begin(), masks.end(), input.mask) == masks.end()) {
      masks.push_back(input.mask);
    }
  }
  if (const auto axis = joined_axis(layer, inputs.at(0).shape.size())) {
    if (*axis != 1 || !of_all || inputs[0].shape.size() != 3) return;
    masks.clear();
    for (const Tensor& input : inputs) masks.push_back(input.mask);
    output.mask = mask_of(std::move(masks), Mask::Parts::Joined);
    return;
  }
  if (masks.size() == 1 && of_all) {
    output.mask = masks[0];
  } else if (!merges_masks(layer.class_name)) {
    return;
  } else if (generation != keras::Generation::Keras3) {
    output.mask = masks.size() == 1 ? masks[0] : mask_of(std::move(masks), Mask::Parts::All);
  } else if (of_all) {
    output.mask = mask_of(std::move(masks), Mask::Parts::Any);
  } else {
    output.masked = false;
  }
}

void make_mask(const keras::Layer& layer, const std::vector<Tensor>& inputs, Tensor& output) {
  const keras::Arguments arguments(layer.name, layer.config);
  output.mask = nullptr;
  output.masked = arguments.boolean("mask_zero", false);
  if (output.masked && inputs.at(0).shape.size() == 2) {
    Mask mask;
    mask.source = inputs[0];
    mask.rows = arguments.positive_integer("input_dim");
    output.mask = std::make_shared<const Mask>(std::move(mask));
  }
}

}  // namespace tensorferry::tfjs
