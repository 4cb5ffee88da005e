#include "keras/losses.h"

#include <algorithm>
#include <array>

namespace tensorferry::keras {
namespace {

using graph::Settings;
using std::string_view;

Settings none() { return {}; }

Settings probabilities() {
  return {{"from_logits", false}, {"label_smoothing", 0.0}, {"axis", -1.0}};
}

Settings sparse() { return {{"from_logits", false}, {"ignore_class", {}}, {"axis", -1.0}}; }

Settings focal() {
  return {{"from_logits", false},
          {"label_smoothing", 0.0},
          {"axis", -1.0},
          {"alpha", 0.25},
          {"gamma", 2.0}};
}

Settings binary_focal() {
  Settings settings = focal();
  settings["apply_class_balancing"] = false;
  return settings;
}

Settings huber() { return {{"delta", 1.0}}; }
Settings cosine() { return {{"axis", -1.0}}; }
Settings tversky() { return {{"alpha", 0.5}, {"beta", 0.5}, {"axis", {}}}; }
Settings generalized() { return {{"q", 0.5}}; }
Settings circle() { return {{"gamma", 80.0}, {"margin", 0.4}, {"remove_diagonal", true}}; }
Settings dice() { return {{"axis", {}}}; }

constexpr std::array<string_view, 2> mse = {"mse", "MSE"};
constexpr std::array<string_view, 2> mae = {"mae", "MAE"};
constexpr std::array<string_view, 2> mape = {"mape", "MAPE"};
constexpr std::array<string_view, 2> msle = {"msle", "MSLE"};
constexpr std::array<string_view, 2> bce = {"bce", "BCE"};
constexpr std::array<string_view, 4> kld = {"kld", "KLD", "kullback_leibler_divergence",
                                            "kldivergence"};
constexpr std::array<string_view, 1> log_cosh = {"logcosh"};
constexpr std::array<string_view, 1> cosine_names = {"cosine_proximity"};

// keras/src/losses/__init__.py: ALL_OBJECTS; tf_keras/src/losses.py.
constexpr std::array<LossKind, 22> kinds = {{
    {"BinaryCrossentropy", "binary_crossentropy", bce, &probabilities},
    {"BinaryFocalCrossentropy", "binary_focal_crossentropy", {}, &binary_focal},
    {"CategoricalCrossentropy", "categorical_crossentropy", {}, &probabilities},
    {"CategoricalFocalCrossentropy", "categorical_focal_crossentropy", {}, &focal},
    {"CategoricalHinge", "categorical_hinge", {}, &none},
    {"CosineSimilarity", "cosine_similarity", cosine_names, &cosine},
    {"Dice", "dice", {}, &dice},
    {"Hinge", "hinge", {}, &none},
    {"Huber", "huber", {}, &huber},
    {"KLDivergence", "kl_divergence", kld, &none},
    {"LogCosh", "log_cosh", log_cosh, &none},
    {"MeanAbsoluteError", "mean_absolute_error", mae, &none},
    {"MeanAbsolutePercentageError", "mean_absolute_percentage_error", mape, &none},
    {"MeanSquaredError", "mean_squared_error", mse, &none},
    {"MeanSquaredLogarithmicError", "mean_squared_logarithmic_error", msle, &none},
    {"Poisson", "poisson", {}, &none},
    {"SparseCategoricalCrossentropy", "sparse_categorical_crossentropy", {}, &sparse},
    {"SquaredHinge", "squared_hinge", {}, &none},
    {"Tversky", "tversky", {}, &tversky},
    {"CategoricalGeneralizedCrossEntropy",
     "categorical_generalized_cross_entropy",
     {},
     &generalized},
    {"Circle", "circle", {}, &circle},
    {"CTC", "ctc", {}, &none},
}};

bool is_called(const LossKind& kind, string_view name) {
  return kind.class_name == name || kind.function == name ||
         std::find(kind.aliases.begin(), kind.aliases.end(), name) != kind.aliases.end();
}

}  // namespace

std::span<const LossKind> loss_kinds() { return kinds; }

const LossKind* find_loss(string_view name) {
  const auto* found = std::find_if(kinds.begin(), kinds.end(),
                                   [&](const LossKind& kind) { return is_called(kind, name); });
  return found == kinds.end() ? nullptr : found;
}

}  // namespace tensorferry::keras
