#pragma once

#include <optional>
#include <string>

#include "graph/training.h"
#include "keras/model.h"

namespace tensorferry::keras {

/// One's own choice in place of what the file says, by a name that `compile` takes (losses.h,
/// optimizers.h), with the defaults of that class; empty: as the file says.
struct TrainingChoice {
  std::string loss;  ///< of each output
  std::string optimizer;
};

/// What `compile` was told (`training_config` of HDF5 files, `compile_config` of archives) and what
/// the regularizers of the layers add; none where the model was not compiled, nor is anything
/// chosen. What cannot be
/// carried has a note in `notes`: a loss or an optimizer of the user's own, a regularizer of
/// activations.
std::optional<graph::Training> read_training(const Model& model, const TrainingChoice& choice,
                                             io::Notes& notes);

}  // namespace tensorferry::keras
