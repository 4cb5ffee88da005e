#pragma once

#include <optional>

#include "graph/training.h"
#include "keras/model.h"

namespace tensorferry::keras {

/// What `compile` was told (`training_config` of HDF5 files, `compile_config` of archives) and what
/// the regularizers of the layers add; none where the model was not compiled. What cannot be
/// carried has a note in `notes`: a loss or an optimizer of the user's own, a regularizer of
/// activations.
std::optional<graph::Training> read_training(const Model& model, io::Notes& notes);

}  // namespace tensorferry::keras
