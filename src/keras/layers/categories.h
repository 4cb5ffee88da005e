#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "graph/graph.h"
#include "keras/layers/layer_kind.h"

namespace tensorferry::keras {

extern const LayerKind category_encoding_kind;
extern const LayerKind discretization_kind;

/// How categories are told by numbers: `mode` is "one_hot", "multi_hot" or "count".
struct CategoryCode {
  std::string mode;
  std::int64_t depth = 1;
  tensor::DType dtype = tensor::DType::Float32;
};

/// `output_mode`, in today's words. Throws Refusal if it is none of Keras's.
std::string output_mode(LayerCall& call, std::string_view otherwise);

/// Throws Refusal if the layer makes sparse tensors.
void require_dense(const LayerCall& call);

/// A call of a function of functions.h on these values.
graph::ValueId add_function(LayerCall& call, std::string_view name,
                            std::vector<graph::ValueId> operands, tensor::DType dtype,
                            graph::Function function = {});

/// Categories, which are whole numbers from 0, as codes of `depth` numbers; those that are none of
/// 0 … depth − 1 as zeros. `weights`: how much each of the categories counts.
/// (keras/src/utils/numerical_utils.py: encode_categorical_inputs; tf_keras/src/layers/
/// preprocessing/preprocessing_utils.py, which takes one axis besides the batch)
graph::ValueId encode_categories(LayerCall& call, graph::ValueId categories,
                                 const CategoryCode& code,
                                 std::optional<graph::ValueId> weights = std::nullopt);

}  // namespace tensorferry::keras
