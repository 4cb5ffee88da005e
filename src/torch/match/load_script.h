#pragma once

#include <string>
#include <vector>

#include "torch/match/differences.h"
#include "torch/match/input_steps.h"
#include "torch/target.h"

namespace tensorferry::torch {

struct LoadScript {
  const TargetModel* target = nullptr;
  std::string model_name;  ///< of the Keras model
  const Options* options = nullptr;
  const Differences* differences = nullptr;
  std::vector<std::string> removed_modules;  ///< without layers: a head that the file has not
  std::vector<std::string> missing_keys;     ///< that the file cannot fill
  std::vector<InputStep> steps;
  const Classes* classes = nullptr;
  std::vector<std::string> remarks;  ///< of a target whose architecture is not known
  std::string output_activation;     ///< "softmax", "sigmoid": of the Keras model alone; or empty
};

/// The text of load.py: `load_into(model)`, and of a built-in target `load_model()`; with `steps`
/// `preprocess(x)`.
std::string load_script_text(const LoadScript& script);

/// The tensors that `preprocess` reads from preprocessing.safetensors.
std::vector<FittedWeight> preprocessing_weights(const LoadScript& script);

}  // namespace tensorferry::torch
