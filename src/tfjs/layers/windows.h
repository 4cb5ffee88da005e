#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tfjs/activations.h"
#include "tfjs/steps.h"
#include "tfjs/weights.h"

/// What convolutions have in common. All steps here take and give channels-last tensors.
namespace tensorferry::tfjs {

/// The arguments of a convolution of `rank` spatial axes.
struct ConvArguments {
  std::size_t rank = 2;
  std::int64_t filters = 0;
  std::vector<std::int64_t> kernel_size;
  std::vector<std::int64_t> strides;
  std::vector<std::int64_t> dilation;
  std::string padding;
  std::int64_t groups = 1;
  bool bias = true;
  Activation function;
};

/// Reads them; `kernel_size` must be there.
ConvArguments conv_arguments(const LayerCall& call, std::size_t rank);

/// The same with a last spatial axis of extent 1: the 2D twin of a 1D convolution.
ConvArguments twin_2d(ConvArguments arguments);

bool is_dilated(const ConvArguments& arguments);

/// The bias as stored, or nothing.
std::vector<LayerWeight> bias_weight(const LayerCall& call, const ConvArguments& arguments);

/// `kernel_size`, `strides`, `padding`, `dilation_rate`, `use_bias`, channels last, no activation.
Json conv_config(const ConvArguments& arguments);

/// Calls the function where it is not in the configuration of a layer. `in_layer`: what
/// `fused_activation` gave.
Tensor finish_activation(LayerCall& call, const ConvArguments& arguments,
                         const std::string& in_layer, const Tensor& x);

/// TF.js's name of the function if it may be an argument of a layer whose output is not yet in its
/// final order of axes; else "linear".
std::string fused_activation(const LayerCall& call, const ConvArguments& arguments,
                             bool final_order);

/// How far a window that is padded "same" reaches over each end of a 3D tensor: TF.js forgets that
/// the sum is never negative (tfjs-core/src/ops/conv_util.ts: get3DPadAndOutInfo), so where a
/// stride is larger than its window it starts at another cell than Keras. Nothing, where TF.js is
/// right.
std::vector<Margin> explicit_same_padding_3d(const Tensor& x, const ConvArguments& window);

/// A depthwise convolution, 2D; `kernel` as "depthwise_kernel" (height, width, channels,
/// multiplier).
Tensor depthwise_2d(LayerCall& call, const ConvArguments& arguments, const Tensor& x,
                    LayerWeight kernel, const std::string& function);

}  // namespace tensorferry::tfjs
