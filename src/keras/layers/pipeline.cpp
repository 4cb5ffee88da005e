#include "keras/layers/pipeline.h"

#include "keras/layers/layer_call.h"

namespace tensorferry::keras {

namespace {

/// One layer after another, each with the mask of what it is given.
/// (keras/src/layers/preprocessing/pipeline.py)
graph::ValueId lower_pipeline(LayerCall& call) {
  graph::ValueId x = call.input();
  std::optional<graph::ValueId> mask = call.mask();
  if (call.layer().wrapped.empty()) {
    call.sends_mask(mask);
    return call.add(graph::Identity{}, {x});
  }
  for (const Layer& layer : call.layer().wrapped) {
    const std::vector<graph::ValueId> outputs = call.lower_wrapped(layer, {x}, mask);
    if (outputs.size() != 1) throw Refusal{"one of its layers gives several tensors"};
    x = outputs[0];
    mask = call.mask_with(x);
  }
  call.sends_mask(mask);
  return x;
}

}  // namespace

const LayerKind pipeline_kind{{}, no_variables, lower_pipeline, MaskUse::HandsOn};

}  // namespace tensorferry::keras
