#pragma once

#include <string>

namespace tensorferry::tfjs {

/// What verify.mjs is to say.
struct Verification {
  std::string origin;           ///< of the outputs: "… computed from the Keras file,"
  bool several_layers = false;  ///< roundings add up
  bool deep = false;            ///< over very many layers
};

/// The text of verify.mjs, which runs probe.safetensors ("input.0", "output.0"…) through the model
/// and says PASS or FAIL. Nothing of the model is in it.
std::string verify_source(const Verification& verification);

}  // namespace tensorferry::tfjs
