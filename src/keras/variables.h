#pragma once

#include <optional>
#include <string>
#include <vector>

#include "keras/model.h"

namespace tensorferry::keras {

/// One variable that a layer has by its class and config.
struct Variable {
  std::string role;       ///< Keras's name of it: "kernel", "depthwise_kernel", "moving_mean"
  bool trainable = true;  ///< by itself, whatever the layer's own `trainable` is
  std::optional<Shape>
      shape;  ///< `unknown` where the config does not fix an extent; none: not even the rank
  bool integer = false;  ///< holds whole numbers (Normalization's count)
};

/// The variables of a layer in the order in which Keras creates them, or none for a class whose
/// variables are not known here (custom and quantized layers; their weights keep the file's names).
/// A class that is known and has no variables gives an empty list. Shapes follow the `build`
/// methods of keras/src/layers. Throws io::Error{ConfigInvalid} where the config lacks what Keras
/// always writes.
std::optional<std::vector<Variable>> expected_variables(const Layer& layer);

}  // namespace tensorferry::keras
