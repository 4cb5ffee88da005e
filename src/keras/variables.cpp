#include "keras/variables.h"

#include "keras/config.h"
#include "keras/layers/table.h"

namespace tensorferry::keras {
namespace {

bool is_set(const Json& config, const char* key) {
  const auto found = config.find(key);
  return found != config.end() && !found->is_null() && *found != false;
}

// Quantization, LoRA (keras/src/layers/core/dense.py: enable_lora, quantize) and renormalization
// add variables to a layer, or put others in their place.
bool has_other_variables(const Layer& layer) {
  return policy_dtypes(layer.config).quantized || is_set(layer.config, "lora_rank") ||
         is_set(layer.config, "renorm");
}

}  // namespace

std::optional<std::vector<Variable>> expected_variables(const Layer& layer) {
  const LayerKind* kind = find_layer_kind(layer.class_name);
  if (kind == nullptr || has_other_variables(layer)) return std::nullopt;
  return kind->variables(layer);
}

}  // namespace tensorferry::keras
