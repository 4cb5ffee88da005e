#pragma once

#include <string_view>

#include "tfjs/builder.h"

/// Masks are tensors here: 1 and 0, (batch, time, 1). TF.js's own go along with values as Keras's
/// do, but merging layers mix them up, and a mask that was met once is handed to all layers behind
/// (tfjs-layers/src/engine/executor.ts: `kwargs`). So a Masking makes one of the tensor right
/// before the layer that reads it, and it ends right behind (see loose_masks.h).
namespace tensorferry::tfjs {

/// The mask as a tensor of the network; made by the first who asks.
Tensor mask_tensor(LayerCall& call, const Mask& mask);

/// What a recurrent layer of TF.js is to be given: x with the mask as a feature behind its own, 0
/// in all where the mask is off. Its kernel has a row more, of zeros.
Tensor with_mask(LayerCall& call, const Tensor& x, const Tensor& mask);

/// What such a layer gave, without its mask.
Tensor without_mask(LayerCall& call, std::string_view part, const Tensor& y);

/// x, and 0 where the mask is off.
Tensor zero_outside(LayerCall& call, std::string_view part, const Tensor& x, const Tensor& mask);

/// A recurrent layer's kernel, with the row of zeros if it is given a mask.
LayerWeight kernel_under_mask(LayerCall& call, const std::string& role,
                              const tensor::TensorRef& kernel);

}  // namespace tensorferry::tfjs
