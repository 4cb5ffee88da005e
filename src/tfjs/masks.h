#pragma once

#include <string>

#include "keras/model.h"

/// What Keras's classes do with a mask.
namespace tensorferry::tfjs {

/// Classes that pass a mask on (`supports_masking`); all others end it.
bool passes_mask_on(const std::string& class_name);

/// Whether the layer's numbers, or those of a layer within it, depend on a mask. Products and
/// extremes do in Keras 3 alone (keras/src/layers/merging/multiply.py: _merge_function,
/// base_merge.py: _apply_merge_op_and_or_mask).
bool uses_mask(const keras::Layer& layer, keras::Generation generation);

}  // namespace tensorferry::tfjs
