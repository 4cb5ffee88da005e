#pragma once

#include <set>
#include <string>

namespace tensorferry::tfjs {

/// Names that `tf.loadLayersModel` takes. All names of a model, nested ones included, come from one
/// `Names`: weights are found by `<layer>/<role>` whatever model the layer is in.
class Names {
 public:
  /// `wanted`, if TF.js takes it and nobody has it; else the nearest name that is free.
  std::string unique(const std::string& wanted);
  /// Keeps a name for a layer that is not there yet. False if it is taken or not legal.
  bool reserve(const std::string& name);
  /// Gives the name to the layer that it was kept for.
  std::string claim(const std::string& reserved);

 private:
  std::set<std::string> used_;
  std::set<std::string> reserved_;
};

/// Letters, digits, `-`, `.`, `_` and `/`, the first a letter or a digit
/// (tfjs-layers/src/common.ts: isValidTensorName), and none that each JavaScript object has already
/// ("constructor"): TF.js looks layers up in plain objects.
std::string legal_name(const std::string& name);

}  // namespace tensorferry::tfjs
