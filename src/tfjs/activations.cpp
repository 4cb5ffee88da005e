#include "tfjs/activations.h"

#include <fmt/format.h>

#include <map>
#include <optional>

#include "tfjs/layers/table.h"
#include "tfjs/refusal.h"
#include "tfjs/steps.h"

namespace tensorferry::tfjs {
namespace {

// Formulas: keras/src/activations/activations.py (Keras 3) and tf_keras/src/activations.py.

// Keras 3: relu6(x + 3) / 6.
Tensor hard_sigmoid(LayerCall& call, const Tensor& x) {
  const Tensor y = relu(call, "relu6", rescale(call, "plus_3", x, 1, 3), 6);
  return rescale(call, "sixth", y, 1.0 / 6, 0);
}

Tensor hard_silu(LayerCall& call, const Tensor& x) {
  return multiply(call, "times_x", x, hard_sigmoid(call, x));
}

// clip(x, −1, 1)
Tensor hard_tanh(LayerCall& call, const Tensor& x) {
  return rescale(call, "minus_1", relu(call, "clip", rescale(call, "plus_1", x, 1, 1), 2), 1, -1);
}

Tensor leaky_relu(LayerCall& call, const Tensor& x) {
  return call.add("leaky_relu", "LeakyReLU", {{"alpha", 0.2}}, {x});
}

// celu with Keras's default alpha of 1.
Tensor celu(LayerCall& call, const Tensor& x) { return activation(call, "elu", x, "elu"); }

// −softplus(−x)
Tensor log_sigmoid(LayerCall& call, const Tensor& x) {
  const Tensor y = activation(call, "softplus", rescale(call, "negate", x, -1, 0), "softplus");
  return rescale(call, "negate_back", y, -1, 0);
}

// x − tanh(x)
Tensor tanh_shrink(LayerCall& call, const Tensor& x) {
  const Tensor y = rescale(call, "negate", activation(call, "tanh", x, "tanh"), -1, 0);
  return add_up(call, "subtract", x, y);
}

constexpr double shrink_threshold = 0.5;

// relu(x − t) − relu(−x − t)
Tensor soft_shrink(LayerCall& call, const Tensor& x) {
  const Tensor above =
      relu(call, "above", rescale(call, "minus_threshold", x, 1, -shrink_threshold));
  const Tensor below =
      relu(call, "below", rescale(call, "negate_minus_threshold", x, -1, -shrink_threshold));
  return add_up(call, "subtract", above, rescale(call, "negate", below, -1, 0));
}

// x where |x| > t, else 0.
Tensor hard_shrink(LayerCall& call, const Tensor& x) {
  const Json config = {{"theta", shrink_threshold}};
  const Tensor above = call.add("above", "ThresholdedReLU", config, {x});
  const Tensor below =
      call.add("below", "ThresholdedReLU", config, {rescale(call, "negate", x, -1, 0)});
  return add_up(call, "subtract", above, rescale(call, "negate_back", below, -1, 0));
}

// 0 below −1, (x + 1)² / 4 up to 1, x above: with u = clip(x, −1, 1) + 1 it is u² / 4 + relu(x −
// 1).
Tensor sparse_plus(LayerCall& call, const Tensor& x) {
  const Tensor u = relu(call, "clip", rescale(call, "plus_1", x, 1, 1), 2);
  const Tensor curve = rescale(call, "quarter", multiply(call, "square", u, u), 0.25, 0);
  const Tensor line = relu(call, "line", rescale(call, "minus_1", x, 1, -1));
  return add_up(call, "sum", curve, line);
}

// clip((x + 1) / 2, 0, 1)
Tensor sparse_sigmoid(LayerCall& call, const Tensor& x) {
  return relu(call, "clip", rescale(call, "half_plus_half", x, 0.5, 0.5), 1);
}

// The first half of the last axis times the sigmoid of the second.
Tensor glu(LayerCall& call, const Tensor& x) {
  const std::int64_t channels = x.shape.back();
  if (channels == unknown || channels % 2 != 0) {
    throw Refusal{"glu halves the last axis, whose extent is None or odd."};
  }
  const Tensor value = slice_channels(call, "value", x, 0, channels / 2);
  const Tensor gate = slice_channels(call, "gate", x, channels / 2, channels / 2);
  return multiply(call, "gated", value, activation(call, "sigmoid", gate, "sigmoid"));
}

using Lower = Tensor (*)(LayerCall&, const Tensor&);

struct Function {
  const char* native = "";  ///< TF.js's name
  Lower lower = nullptr;    ///< of one that TF.js does not have; both empty: refused
};

/// By Keras's name. `hard_sigmoid` is decided by the generation.
const std::map<std::string, Function>& functions() {
  static const std::map<std::string, Function> table = {
      {"celu", {"", celu}},
      {"elu", {"elu", nullptr}},
      {"exponential", {"", nullptr}},
      {"gelu", {"gelu", nullptr}},
      {"glu", {"", glu}},
      {"hard_shrink", {"", hard_shrink}},
      {"hard_sigmoid", {"", hard_sigmoid}},
      {"hard_silu", {"", hard_silu}},
      {"hard_swish", {"", hard_silu}},
      {"hard_tanh", {"", hard_tanh}},
      {"leaky_relu", {"", leaky_relu}},
      {"linear", {"linear", nullptr}},
      {"log_sigmoid", {"", log_sigmoid}},
      {"log_softmax", {"log_softmax", nullptr}},
      {"mish", {"mish", nullptr}},
      {"relu", {"relu", nullptr}},
      {"relu6", {"relu6", nullptr}},
      {"selu", {"selu", nullptr}},
      {"sigmoid", {"sigmoid", nullptr}},
      {"silu", {"swish", nullptr}},
      {"soft_shrink", {"", soft_shrink}},
      {"softmax", {"softmax", nullptr}},
      {"softplus", {"softplus", nullptr}},
      {"softsign", {"softsign", nullptr}},
      {"sparse_plus", {"", sparse_plus}},
      {"sparse_sigmoid", {"", sparse_sigmoid}},
      {"sparsemax", {"", nullptr}},
      {"squareplus", {"", nullptr}},
      {"swish", {"swish", nullptr}},
      {"tanh", {"tanh", nullptr}},
      {"tanh_shrink", {"", tanh_shrink}},
      {"threshold", {"", nullptr}},
  };
  return table;
}

std::shared_ptr<keras::Layer> as_layer(const LayerCall& call, const Json& value) {
  auto layer = std::make_shared<keras::Layer>();
  layer->class_name = value.at("class_name").get<std::string>();
  layer->name = call.layer().name;
  layer->config = value.at("config");
  return layer;
}

}  // namespace

Activation activation_of(const LayerCall& call, std::string_view argument) {
  Activation result;
  const Json* value = call.arguments().find(argument);
  if (value == nullptr) {
    return result;
  }
  // {"class_name": "function", "config": "relu"} is a function by name in either Keras.
  if (value->is_object() && value->contains("config") && (*value)["config"].is_string()) {
    value = &(*value)["config"];
  }
  if (value->is_string()) {
    result.name = value->get<std::string>();
    return result;
  }
  if (value->is_object() && value->contains("class_name") && value->contains("config") &&
      (*value)["class_name"].is_string() && (*value)["config"].is_object()) {
    result.layer = as_layer(call, *value);
    return result;
  }
  call.arguments().mistaken(argument, "the name of a function, or a layer");
}

std::string native_name(const Activation& activation, keras::Generation generation) {
  if (activation.layer) {
    return "";
  }
  if (activation.name == "hard_sigmoid" && generation != keras::Generation::Keras3) {
    return "hard_sigmoid";
  }
  const auto found = functions().find(activation.name);
  return found == functions().end() ? "" : found->second.native;
}

bool is_elementwise(const Activation& activation) {
  return !activation.layer && activation.name != "softmax" && activation.name != "log_softmax" &&
         activation.name != "glu";
}

void require_activation(const Activation& activation) {
  if (activation.layer) {
    if (find_layer_kind(activation.layer->class_name) == nullptr) {
      throw Refusal{fmt::format("Its activation is a layer of class {}, which TF.js cannot have.",
                                activation.layer->class_name)};
    }
    return;
  }
  const auto found = functions().find(activation.name);
  if (found == functions().end() ||
      (*found->second.native == '\0' && found->second.lower == nullptr)) {
    throw Refusal{fmt::format(
        "TF.js has no activation \"{}\", nor layers that make the same numbers.", activation.name)};
  }
}

Tensor apply_activation(LayerCall& call, const Activation& function, const Tensor& x) {
  require_activation(function);
  if (function.layer) {
    LayerCall inner = call.of_argument(*function.layer, x);
    return find_layer_kind(function.layer->class_name)->lower(inner);
  }
  const std::string native = native_name(function, call.generation());
  if (native == "linear") {
    return x;
  }
  return native.empty() ? functions().at(function.name).lower(call, x)
                        : activation(call, "activation", x, native);
}

}  // namespace tensorferry::tfjs
