#pragma once

#include "keras/layers/layer_kind.h"

namespace tensorferry::keras {

extern const LayerKind cropping_kind;  ///< Cropping1D, 2D, 3D
extern const LayerKind flatten_kind;
extern const LayerKind permute_kind;
extern const LayerKind repeat_vector_kind;
extern const LayerKind reshape_kind;
extern const LayerKind up_sampling_kind;   ///< UpSampling1D, 2D, 3D
extern const LayerKind zero_padding_kind;  ///< ZeroPadding1D, 2D, 3D

}  // namespace tensorferry::keras
