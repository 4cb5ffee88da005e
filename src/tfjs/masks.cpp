#include "tfjs/masks.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace tensorferry::tfjs {

bool passes_mask_on(const std::string& class_name) {
  static constexpr std::array<std::string_view, 24> classes = {"Activation",
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
                                                               "Subtract",
                                                               "StochasticDepth",
                                                               "UnitNormalization"};
  return std::find(classes.begin(), classes.end(), class_name) != classes.end();
}

bool uses_mask(const keras::Layer& layer, keras::Generation generation) {
  static constexpr std::array<std::string_view, 15> classes = {"AdditiveAttention",
                                                               "Attention",
                                                               "Bidirectional",
                                                               "ConvLSTM1D",
                                                               "ConvLSTM2D",
                                                               "ConvLSTM3D",
                                                               "GRU",
                                                               "GlobalAveragePooling1D",
                                                               "GroupNormalization",
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
  return merges_by_mask ||
         std::find(classes.begin(), classes.end(), layer.class_name) != classes.end() ||
         std::any_of(inner.begin(), inner.end(),
                     [generation](const keras::Layer& it) { return uses_mask(it, generation); });
}

}  // namespace tensorferry::tfjs
