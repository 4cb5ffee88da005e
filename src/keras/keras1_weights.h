#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "keras/model.h"
#include "keras/variables.h"

namespace tensorferry::keras {

/// The variables of a layer in a file of Keras 1: as `expected_variables`, but recurrent kernels
/// lie gate by gate (LSTM: i, c, f, o) and kernels of convolutions in the order of `dim_ordering`.
/// The config is Keras 2's (keras1_config.h). Source: keras 1.2.2, `build` of each layer.
std::optional<std::vector<Variable>> keras1_variables(const Layer& layer);

/// Makes the weights of these layers into those of Keras 2. `source_count`: how many files were
/// dropped. (keras 2.2.4: engine/saving.py: preprocess_weights_for_loading)
void make_keras2_weights(Model& model, std::uint32_t source_count);

}  // namespace tensorferry::keras
