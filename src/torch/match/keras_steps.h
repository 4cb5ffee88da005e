#pragma once

#include <optional>
#include <string>
#include <vector>

#include "torch/match/input_steps.h"
#include "torch/match/steps.h"
#include "torch/match/weighted_layers.h"

namespace tensorferry::torch {

/// What a Keras model is compared by.
struct KerasModel {
  const graph::Program* program = nullptr;
  const Classes* classes = nullptr;
  const std::vector<WeightedLayer>* layers = nullptr;
  const std::vector<InputStep>* input_steps = nullptr;  ///< left out: `preprocess` does them
  const graph::Node* output_activation = nullptr;       ///< left out: the target ends before it
};

struct KerasSteps {
  std::vector<Step> steps;            ///< holders are weighted layers, pools included
  std::optional<std::size_t> result;  ///< a value; none: there are several, or several inputs
};

/// In the vocabulary of targets.txt; what has no word there is called by its Keras layer. What only
/// gives the same elements another shape, or zeros to a convolution or a pool, is no step.
KerasSteps keras_steps(const KerasModel& keras);

/// "average 3 s2 p1": a pool that is in no pair, as targets.txt writes it.
std::string pool_operation(const WeightedLayer& layer);

}  // namespace tensorferry::torch
