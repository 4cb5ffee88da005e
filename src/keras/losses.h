#pragma once

#include <span>
#include <string_view>

#include "graph/training.h"

namespace tensorferry::keras {

/// A loss of Keras 2 or 3.
struct LossKind {
  std::string_view class_name;
  std::string_view function;                  ///< "mean_squared_error"
  std::span<const std::string_view> aliases;  ///< "mse", "MSE"
  graph::Settings (*defaults)();              ///< of its arguments, but for `reduction`
};

/// All, by class.
std::span<const LossKind> loss_kinds();

/// By the class's name, the function's or an alias; null if there is none.
const LossKind* find_loss(std::string_view name);

}  // namespace tensorferry::keras
