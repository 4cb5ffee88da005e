#include "keras/variables.h"

#include <utility>

#include "keras/config.h"
#include "keras/layers/table.h"
#include "keras/quantized_weights.h"

namespace tensorferry::keras {
namespace {

// Layers whose variables are what they have learned of data, and are called after the kind of file;
// Keras 3 keeps them in the config, or nowhere.
bool is_adapted(const Layer& layer) {
  return layer.class_name == "Discretization" || layer.class_name == "IntegerLookup";
}

}  // namespace

std::optional<std::vector<Variable>> expected_variables(const Layer& layer) {
  const LayerKind* kind = find_layer_kind(layer.class_name);
  if (kind == nullptr || is_adapted(layer)) return std::nullopt;
  std::vector<Variable> plain = kind->variables(layer);
  if (!policy_dtypes(layer.config).quantized || plain.empty()) return plain;
  return quantized_variables(layer, std::move(plain));
}

}  // namespace tensorferry::keras
