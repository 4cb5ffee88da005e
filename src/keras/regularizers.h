#pragma once

#include <string_view>
#include <vector>

#include "graph/training.h"
#include "keras/model.h"

namespace tensorferry::keras {

/// What the regularizers of all layers add to the loss: as in Keras, of weights that train only
/// (keras/src/layers/layer.py: Layer._get_regularization_losses). What cannot be carried has a
/// note.
std::vector<graph::Penalty> read_penalties(const Model& model, io::Notes& notes);

/// Whether a weight of this role is what an argument like `<subject>_regularizer` is about:
/// "recurrent" is of the weight "recurrent_kernel"; layers within a layer have a path before it.
bool is_weight_of(std::string_view role, std::string_view subject);

}  // namespace tensorferry::keras
