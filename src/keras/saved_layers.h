#pragma once

#include <vector>

#include "h5/file.h"
#include "keras/model.h"

/// Weights in the layout of `.weights.h5` (keras/src/saving/saving_lib.py):
/// `layers/<class>[_n]/vars/<i>`, layers counted by class in the order of the model, variables in
/// the order of their creation. Keras 2.12 and 2.13 wrote `_layer_checkpoint_dependencies/…`.
/// `roots`: of one file, or of the shards of one model.
namespace tensorferry::keras {

bool has_saved_layers(const h5::Group& root);

/// Binds each variable of the model. Sets `Layer::weights`, `Model::tensors` and `Model::unbound`.
/// Throws io::Error{WeightMissing | WeightShape | WeightDtype | WeightOrder | SeveralModels}.
void bind_saved_layers(const std::vector<h5::Group>& roots, Model& model);

/// Without an architecture: one layer for each group that holds variables, by Keras's own name
/// where the file tells it (since 3.6.0), else by its path.
void list_saved_layers(const std::vector<h5::Group>& roots, Model& model);

}  // namespace tensorferry::keras
