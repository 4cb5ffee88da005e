#pragma once

#include <string>
#include <utility>
#include <vector>

#include "io/note.h"
#include "torch/match/weighted_layers.h"
#include "torch/weight.h"

namespace tensorferry::torch {

/// A layer and the module that it becomes.
struct Match {
  std::size_t layer = 0;   ///< index of the weighted layers
  std::size_t module = 0;  ///< index of the target's modules
};

struct FittedWeight {
  std::string key;
  Weight weight;
};

struct Fitted {
  std::vector<FittedWeight> weights;  ///< in the target's order
  io::Notes notes;
};

/// "conv 64,3,7,7": layers and modules that can be paired have one signature. A 1×1 convolution is
/// as good as a linear layer.
std::string signature(TargetModule::Kind kind, const std::vector<NamedShape>& entries);

/// The tensors of the target's modules, of what the matched layers hold: extents of 1 come or go; a
/// bias that the module lacks goes into the mean of the BatchNorm behind it, and another epsilon
/// into the variance; what Keras has not is 0 or 1. What finds no place is noted.
Fitted fit(const Classes& classes, const std::vector<WeightedLayer>& layers,
           const TargetModel& target, const std::vector<Match>& matches);

}  // namespace tensorferry::torch
