#pragma once

#include "keras/layers/layer_kind.h"

namespace tensorferry::keras {

/// Classes inside keras.applications, which Keras itself calls custom.
extern const LayerKind custom_scale_kind;      ///< InceptionResNetV2's CustomScaleLayer
extern const LayerKind layer_scale_kind;       ///< ConvNeXt's LayerScale
extern const LayerKind stochastic_depth_kind;  ///< ConvNeXt's StochasticDepth

}  // namespace tensorferry::keras
