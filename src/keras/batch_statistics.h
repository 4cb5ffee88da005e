#pragma once

#include <cstdint>

#include "keras/model.h"

namespace tensorferry::keras {

/// Makes vectors of a BatchNormalization's weights where Keras 2 keeps them as tensors that
/// broadcast: of several axes. `source_count`: how many files were dropped.
/// (tf_keras/src/layers/normalization/batch_normalization.py: build)
void flatten_batch_statistics(Model& model, std::uint32_t source_count);

}  // namespace tensorferry::keras
