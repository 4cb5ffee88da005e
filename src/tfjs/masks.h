#pragma once

#include <string>
#include <vector>

#include "keras/model.h"
#include "tfjs/network.h"

/// What Keras's classes do with a mask.
namespace tensorferry::tfjs {

/// Classes that pass a mask on (`supports_masking`); all others end it.
bool passes_mask_on(const std::string& class_name, keras::Generation generation);

/// Whether the layer's numbers, or those of a layer within it, depend on a mask. Products and
/// extremes do in Keras 3 alone (keras/src/layers/merging/multiply.py: _merge_function,
/// base_merge.py: _apply_merge_op_and_or_mask).
bool uses_mask(const keras::Layer& layer, keras::Generation generation);

/// Whether the lowering of the layer reads its mask (`LayerCall::mask`).
bool takes_mask(const std::string& class_name);

/// Whether Keras hands such a layer no mask as it is called with several tensors: Keras 3 says it
/// by
/// "<argument>_mask" then, which the recurrent ones do not know (keras/src/layers/layer.py:
/// __call__). Their result carries it on.
bool forgets_mask(const std::string& class_name, keras::Generation generation, std::size_t inputs);

/// The mask that comes along with what such a layer makes of the inputs, of which some are masked:
/// `masked` and `mask` of the result.
void pass_mask_on(const keras::Layer& layer, keras::Generation generation,
                  const std::vector<Tensor>& inputs, Tensor& output);

/// That of an Embedding.
void make_mask(const keras::Layer& layer, const std::vector<Tensor>& inputs, Tensor& output);

}  // namespace tensorferry::tfjs
