#pragma once

#include <string>

#include "keras/model.h"

/// What Keras's classes do with a mask.
namespace tensorferry::tfjs {

/// Classes that pass a mask on (`supports_masking`); all others end it.
bool passes_mask_on(const std::string& class_name);

/// Whether the layer's numbers, or those of a layer within it, depend on a mask.
bool uses_mask(const keras::Layer& layer);

}  // namespace tensorferry::tfjs
