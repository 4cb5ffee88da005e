#pragma once

#include <string>

#include "io/note.h"
#include "keras/model.h"
#include "keras/variables.h"
#include "tensor/tensor_ref.h"

namespace tensorferry::keras {

/// "the layer `a` (Dense)"
std::string layer_words(const Layer& layer);

/// Throws io::Error{WeightShape | WeightDtype} where the tensor cannot be this variable. `path`
/// says where it lies in the file.
void check_weight(const Layer& layer, const Variable& variable, const tensor::TensorRef& tensor,
                  const std::string& path);

/// A chunk is decoded whole, so a large one is told (wall 3).
void note_large_chunk(const tensor::TensorRef& tensor, const std::string& layer, io::Notes& notes);

}  // namespace tensorferry::keras
