#include "tfjs/layers/affine.h"
#include "tfjs/layers/families.h"
#include "tfjs/refusal.h"
#include "tfjs/weights.h"

namespace tensorferry::tfjs {
namespace {

/// A number or a list of numbers along the last axis, as Rescaling takes them in Keras and in
/// TF.js.
Json numbers(const LayerCall& call, const char* argument, double otherwise) {
  const Json* given = call.arguments().find(argument);
  if (given == nullptr) {
    return otherwise;
  }
  if (keras::list_items(*given) == nullptr) {
    return call.arguments().number(argument, otherwise);
  }
  return call.arguments().number_list(argument);
}

}  // namespace

Tensor lower_rescaling(LayerCall& call) {
  return call.add("", "Rescaling",
                  {{"scale", numbers(call, "scale", 1)}, {"offset", numbers(call, "offset", 0)}},
                  {call.input()});
}

// keras/src/applications/convnext.py: x · gamma.
Tensor lower_layer_scale(LayerCall& call) {
  const tensor::TensorRef& gamma = call.stored("gamma");
  return scale_channels(call, call.input(), stored_weight("gamma", gamma, gamma.shape));
}

// keras/src/applications/inception_resnet_v2.py: the first tensor plus the second times a number.
Tensor lower_custom_scale(LayerCall& call) {
  if (call.inputs().size() != 2) {
    throw Refusal{"It adds a scaled tensor to another, and is not called with two."};
  }
  return add_up(call, "sum", call.inputs()[0],
                rescale(call, "", call.inputs()[1], call.arguments().number("scale", 1), 0));
}

}  // namespace tensorferry::tfjs
