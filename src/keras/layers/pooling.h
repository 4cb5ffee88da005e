#pragma once

#include "keras/layers/layer_kind.h"

namespace tensorferry::keras {

extern const LayerKind adaptive_average_pooling_kind;  ///< AdaptiveAveragePooling1D, 2D, 3D
extern const LayerKind adaptive_max_pooling_kind;      ///< AdaptiveMaxPooling1D, 2D, 3D
extern const LayerKind average_pooling_kind;           ///< AveragePooling1D, 2D, 3D
extern const LayerKind global_average_pooling_kind;    ///< GlobalAveragePooling1D, 2D, 3D
extern const LayerKind global_max_pooling_kind;        ///< GlobalMaxPooling1D, 2D, 3D
extern const LayerKind max_pooling_kind;               ///< MaxPooling1D, 2D, 3D

}  // namespace tensorferry::keras
