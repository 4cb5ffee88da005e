#pragma once

#include "keras/model.h"

namespace tensorferry::keras {

/// Keras 3 writes the masks of `Masking` and `Embedding(mask_zero=True)` as operations (NotEqual,
/// Any, LogicalOr, …) and hands them to the layers by the keyword `mask`; Keras 2 says nothing and
/// sends them along with the values. Brings a model of Keras 3 to Keras 2's dialect: a keyword
/// whose mask is the one that comes along with the input is taken away, and so are operations that
/// nobody takes then. Where the two differ the keyword stays, so that the call is not taken for
/// what it is not. Rules: keras/src/layers/layer.py: __call__, compute_mask of each layer.
void make_masks_implicit(Model& model);

}  // namespace tensorferry::keras
