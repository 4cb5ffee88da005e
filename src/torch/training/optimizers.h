#pragma once

#include <string>

#include "graph/training.h"
#include "torch/python.h"

namespace tensorferry::torch {

/// Why there is no spelling of it; empty where there is one. `splits_weights`: a trained weight of
/// Keras is several parameters.
std::string optimizer_refusal(const graph::Optimizer& optimizer, bool splits_weights);

/// Whether a step is more than torch's own, which `write_optimizer` then writes as
/// `update(optimizer)`: clipping, a schedule, Keras's epsilon, Keras's weight decay.
bool has_update(const graph::Optimizer& optimizer);

/// Writes `make_optimizer(model)` and what it needs. Sources of the formulas: keras/src/optimizers,
/// tf_keras/src/optimizers.
void write_optimizer(const graph::Optimizer& optimizer, python::Writer& writer);

}  // namespace tensorferry::torch
