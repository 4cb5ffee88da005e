#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "keras/model.h"
#include "keras/variables.h"

namespace tensorferry::keras {

/// Why a layer whose weights are still quantized is refused.
std::string reason_of_quantized(const Layer& layer);

/// The variables of a quantized layer in the order of `variable_serialization_spec`
/// (keras/src/layers/core: dense.py, einsum_dense.py, embedding.py), or none of a layer or a mode
/// that is not read. `plain`: those of the layer without quantization.
std::optional<std::vector<Variable>> quantized_variables(const Layer& layer,
                                                         std::vector<Variable> plain);

/// The variables of a layer with LoRA as legacy `.h5` files hold them: with the factors beside the
/// kernel. (`.keras` holds the kernel merged.) None of a layer that has no LoRA.
std::optional<std::vector<Variable>> lora_variables(const Layer& layer);

/// Makes float32 weights of quantized ones and merges LoRA's factors: from then on the layers are
/// those of the dtype policy that they were quantized from. `source_count`: how many files were
/// dropped.
void make_plain_weights(Model& model, std::uint32_t source_count);

}  // namespace tensorferry::keras
