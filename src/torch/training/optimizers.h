#pragma once

#include <string>
#include <vector>

#include "graph/training.h"
#include "torch/pickle.h"
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

/// A tensor that torch's optimizer has gathered of a weight, from a slot of Keras's.
struct KeptSlot {
  std::string name;
  std::string keras;  ///< "momentum"; where Keras has no such slot: zeros
  double factor = 1;
  double offset = 0;  ///< slot · factor + offset
};

/// What torch's optimizer says in its state_dict.
struct KeptState {
  PickledDict group;  ///< its hyper-parameters; the count of steps is a PickledCounter
  std::vector<KeptSlot> slots;
  std::string scalar;         ///< "mu_product", from Keras's "u_product"; empty: none
  bool counts_steps = false;  ///< each weight has its `step`
};

KeptState kept_state(const graph::Optimizer& optimizer);

}  // namespace tensorferry::torch
