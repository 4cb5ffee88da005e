#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/training.h"
#include "torch/pickle.h"

namespace tensorferry::torch {

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

/// A keyword argument of a constructor, and of the group in a state_dict.
struct OptimizerArgument {
  const char* name = "";
  std::string text;
  PickledValue value;
};

/// Groups of parameters that an optimizer takes otherwise: those that it is told by name, and the
/// others.
struct OptimizerGroups {
  const char* name = nullptr;  ///< of the list of the named ones; null: all are of one group
  std::string of_named;        ///< members of the group: "\"axes\": (1, 0)"
  std::string of_others;
};

/// How an optimizer of Keras is spelled in training.py. Sources of the formulas:
/// keras/src/optimizers, tf_keras/src/optimizers.
struct OptimizerSpelling {
  std::string constructor;                        ///< "torch.optim.SGD", or the name of `source`
  std::string_view source;                        ///< of a class that torch does not have
  std::vector<OptimizerArgument> arguments = {};  ///< but for the learning rate
  std::vector<std::string> before = {};           ///< lines of each group before a step
  bool decays_itself = false;                     ///< its weight decay is Keras's
  KeptState kept = {};                            ///< but for the group
  OptimizerGroups groups = {};
};

struct OptimizerKind {
  std::string_view class_name;
  OptimizerSpelling (*spell)(const graph::Optimizer&);
  double rate;  ///< Keras's default
};

/// By Keras's class; null: it has no spelling.
const OptimizerKind* find_optimizer_kind(std::string_view class_name);

/// What Keras 2 had before 2.11, and kept as `legacy`, computes otherwise.
bool is_legacy(const graph::Settings& settings);

double weight_decay(const graph::Configured& optimizer);

}  // namespace tensorferry::torch
