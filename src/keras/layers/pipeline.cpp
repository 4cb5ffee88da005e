#include "keras/layers/pipeline.h"

#include "keras/layers/layer_call.h"

namespace tensorferry::keras {

namespace {

/// One layer after another. (keras/src/layers/preprocessing/pipeline.py)
graph::ValueId lower_pipeline(LayerCall& call) {
  graph::ValueId x = call.input();
  if (call.layer().wrapped.empty()) return call.add(graph::Identity{}, {x});
  for (const Layer& layer : call.layer().wrapped) {
    const std::vector<graph::ValueId> outputs = call.lower_wrapped(layer, {x});
    if (outputs.size() != 1) throw Refusal{"one of its layers gives several tensors"};
    x = outputs[0];
  }
  return x;
}

}  // namespace

const LayerKind pipeline_kind{{}, no_variables, lower_pipeline, MaskUse::Consumes};

}  // namespace tensorferry::keras
