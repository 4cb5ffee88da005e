#include "keras/layers/applications.h"

#include "keras/layers/layer_call.h"

namespace tensorferry::keras {

namespace {

constexpr std::string_view custom_scale_arguments[] = {"scale"};
constexpr std::string_view layer_scale_arguments[] = {"init_values", "projection_dim"};
constexpr std::string_view stochastic_depth_arguments[] = {"drop_path_rate"};

/// keras/src/applications/inception_resnet_v2.py: inputs[0] + inputs[1] · scale.
graph::ValueId lower_custom_scale(LayerCall& call) {
  if (call.inputs().size() != 2) throw Refusal{"it takes two tensors"};
  graph::ScaleOffset scale;
  scale.scale = {call.arguments().number("scale", 1)};
  scale.offset = {0};
  scale.axis = call.rank(call.inputs()[1]) - 1;
  const graph::ValueId scaled = call.add_step(scale, {call.inputs()[1]});
  return call.add(graph::Merge{graph::Merge::Kind::Add}, {call.inputs()[0], scaled});
}

/// keras/src/applications/convnext.py. Keras 3 leaves the variable without a name.
std::vector<Variable> layer_scale_variables(const Layer& layer) {
  return {
      trained("gamma", {Arguments(layer.name, layer.config).integer("projection_dim", unknown)})};
}

graph::ValueId lower_layer_scale(LayerCall& call) {
  const graph::ValueId input = call.input();
  graph::ChannelScale scale;
  scale.axis = call.rank(input) - 1;
  const graph::ModuleId module =
      call.module("", {{"gamma", "gamma", {"channels"}, {call.value(input).shape.back()}}});
  scale.features = call.variable_shape("gamma").at(0);
  return call.add(scale, {input}, module);
}

/// keras/src/applications/convnext.py: a residual branch is dropped for a whole sample while
/// training.
graph::ValueId lower_stochastic_depth(LayerCall& call) {
  graph::Dropout dropout;
  dropout.kind = graph::Dropout::Kind::StochasticDepth;
  dropout.rate = call.arguments().number("drop_path_rate", 0);
  return call.add(dropout, {call.input()});
}

}  // namespace

const LayerKind custom_scale_kind{custom_scale_arguments, no_variables, lower_custom_scale};
const LayerKind layer_scale_kind{layer_scale_arguments, layer_scale_variables, lower_layer_scale};
const LayerKind stochastic_depth_kind{stochastic_depth_arguments, no_variables,
                                      lower_stochastic_depth};

}  // namespace tensorferry::keras
