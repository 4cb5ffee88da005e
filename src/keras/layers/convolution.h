#pragma once

#include "keras/layers/layer_kind.h"

namespace tensorferry::keras {

extern const LayerKind convolution_kind;            ///< Conv1D, Conv2D, Conv3D
extern const LayerKind depthwise_convolution_kind;  ///< DepthwiseConv1D, DepthwiseConv2D
extern const LayerKind separable_convolution_kind;  ///< SeparableConv1D, SeparableConv2D
extern const LayerKind
    transposed_convolution_kind;  ///< Conv1DTranspose, Conv2DTranspose, Conv3DTranspose

}  // namespace tensorferry::keras
