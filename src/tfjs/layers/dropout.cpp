#include "tfjs/layers/families.h"
#include "tfjs/steps.h"

namespace tensorferry::tfjs {
namespace {

Tensor drop(LayerCall& call, double rate, Json noise_shape) {
  Json config = {{"rate", rate}};
  if (!noise_shape.is_null()) {
    config["noise_shape"] = std::move(noise_shape);
  }
  return call.add("", "Dropout", std::move(config), {call.input()});
}

}  // namespace

Tensor lower_dropout(LayerCall& call) {
  Json noise_shape;
  if (const Json* given = call.arguments().find("noise_shape")) {
    noise_shape = Json::array();
    if (const Json* items = keras::list_items(*given)) {
      noise_shape = *items;
    }
  }
  return drop(call, call.arguments().number("rate", 0.5), noise_shape);
}

// One decision a channel: TF.js has it in 1D; elsewhere it is a Dropout whose noise has an extent
// of 1 along the spatial axes.
Tensor lower_spatial_dropout(LayerCall& call) {
  const double rate = call.arguments().number("rate", 0.5);
  if (call.layer().class_name == "SpatialDropout1D") {
    return call.add("", "SpatialDropout1D", {{"rate", rate}}, {call.input()});
  }
  Json noise_shape(call.input().shape.size(), 1);
  noise_shape[0] = nullptr;
  noise_shape[is_channels_first(call) ? 1 : noise_shape.size() - 1] = nullptr;
  return drop(call, rate, noise_shape);
}

Tensor lower_gaussian(LayerCall& call) {
  const char* argument = call.layer().class_name == "GaussianNoise" ? "stddev" : "rate";
  return call.add("", call.layer().class_name, {{argument, call.arguments().number(argument, 0.5)}},
                  {call.input()});
}

Tensor lower_alpha_dropout(LayerCall& call) {
  return call.add("", "AlphaDropout", {{"rate", call.arguments().number("rate", 0.5)}},
                  {call.input()});
}

// keras/src/applications/convnext.py: one decision an example.
Tensor lower_stochastic_depth(LayerCall& call) {
  Json noise_shape(call.input().shape.size(), 1);
  noise_shape[0] = nullptr;
  return drop(call, call.arguments().number("drop_path_rate", 0), noise_shape);
}

Tensor lower_identity(LayerCall& call) { return call.input(); }

}  // namespace tensorferry::tfjs
