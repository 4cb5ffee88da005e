#pragma once

#include <optional>
#include <vector>

#include "keras/model.h"
#include "keras/variables.h"

namespace tensorferry::keras {

/// A place in the order in which Keras stores the weights of a layer's group. Without a variable:
/// any number of weights of a layer whose variables are not known.
struct WeightSlot {
  Layer* layer = nullptr;
  std::optional<Variable> variable;
  bool trainable = true;
};

/// All slots of a layer of the outermost model, through nested models, in the order of the file:
/// `trainable_weights + non_trainable_weights` of that layer
/// (keras/src/legacy/saving/legacy_h5_format.py: _legacy_weights).
std::vector<WeightSlot> weight_order(Layer& layer, Generation generation);

}  // namespace tensorferry::keras
