#pragma once

#include <optional>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "torch/state_file.h"

namespace tensorferry::torch {

struct OptimizerStateDict {
  std::optional<StateDict> state;  ///< none: there is nothing to go on with, or `refusal`
  std::string refusal;             ///< why the state in the file cannot be had; empty: it can
};

/// What the optimizer of the file has gathered, as optimizer.load_state_dict of training.py's
/// optimizer takes it: each slot goes the way of its weight. `program` has an optimizer that
/// `optimizer_refusal` does not refuse, and a state.
OptimizerStateDict optimizer_state_dict(const graph::Program& program,
                                        const std::vector<NamedWeight>& weights);

}  // namespace tensorferry::torch
