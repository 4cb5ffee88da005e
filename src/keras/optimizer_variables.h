#pragma once

#include "h5/file.h"
#include "keras/model.h"

namespace tensorferry::keras {

/// Sets `Model::optimizer_variables`: those of the group `optimizer_weights` (`.h5`) or
/// `optimizer` (`.weights.h5`), but for what a LossScaleOptimizer holds beside its inner one. What
/// cannot be read is a note: the model converts without.
void read_optimizer_variables(const h5::Group& root, Model& model);

}  // namespace tensorferry::keras
