#pragma once

#include <vector>

#include "graph/training.h"
#include "keras/model.h"

namespace tensorferry::keras {

/// What the regularizers of all layers add to the loss: as in Keras, of weights that train only
/// (keras/src/layers/layer.py: Layer._get_regularization_losses). What cannot be carried has a
/// note.
std::vector<graph::Penalty> read_penalties(const Model& model, io::Notes& notes);

}  // namespace tensorferry::keras
