#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "tfjs/builder.h"

namespace tensorferry::tfjs {

/// What an `activation` argument says.
struct Activation {
  std::string name = "linear";          ///< Keras's name of the function
  std::shared_ptr<keras::Layer> layer;  ///< a layer given as an activation, else null
};

/// Reads the argument in any spelling of Keras. Throws Refusal for a function that Keras does not
/// have.
Activation activation_of(const LayerCall& call, std::string_view argument = "activation");

/// TF.js's name of the function as an argument of a layer; empty if it must be lowered.
/// `is_elementwise`: false for those that look along the last axis.
std::string native_name(const Activation& activation, keras::Generation generation);
bool is_elementwise(const Activation& activation);

/// Calls the function, whatever it takes. Throws Refusal for one that TF.js has no layers for.
Tensor apply_activation(LayerCall& call, const Activation& activation, const Tensor& x);

/// Throws Refusal unless `apply_activation` could call it on some tensor.
void require_activation(const Activation& activation);

}  // namespace tensorferry::tfjs
