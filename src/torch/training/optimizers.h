#pragma once

#include <string>
#include <vector>

#include "graph/training.h"
#include "torch/python.h"
#include "torch/training/optimizer_spellings.h"

namespace tensorferry::torch {

/// Numbers of the optimizer's parameters that are one weight in Keras (a GRU's biases).
using SplitWeights = std::vector<std::vector<std::size_t>>;

/// Of parameters, what an optimizer has to know beside their values.
struct OptimizedParameters {
  SplitWeights split;
  std::vector<std::string> named;  ///< of the optimizer's own group (OptimizerGroups): their keys
  bool has_groups = true;          ///< the optimizer's groups can be told
};

/// Why there is no spelling of it; empty where there is one.
std::string optimizer_refusal(const graph::Optimizer& optimizer,
                              const OptimizedParameters& parameters);

/// Batches whose gradients are gathered for one step.
int gathered_batches(const graph::Optimizer& optimizer);

/// Whether a step is more than torch's own, which `write_optimizer` then writes as
/// `update(optimizer)`: clipping, a schedule, Keras's epsilon, Keras's weight decay.
bool has_update(const graph::Optimizer& optimizer);

/// Writes `make_optimizer(model)` and what it needs. Sources of the formulas: keras/src/optimizers,
/// tf_keras/src/optimizers.
void write_optimizer(const graph::Optimizer& optimizer, const OptimizedParameters& parameters,
                     python::Writer& writer);

KeptState kept_state(const graph::Optimizer& optimizer);

}  // namespace tensorferry::torch
