#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"
#include "torch/state_file.h"
#include "torch/training/optimizers.h"

namespace tensorferry::torch {

/// The entries of the state_dict that a Keras tensor became, a part of it each (a GRU's biases);
/// none where they are not exactly its elements.
std::vector<const NamedWeight*> parameters_of(const graph::Program& program,
                                              const std::vector<NamedWeight>& weights,
                                              std::uint32_t tensor);

/// Which parameters are one weight in Keras, by their numbers in make_optimizer. `program` has a
/// training that knows what trains.
SplitWeights split_weights(const graph::Program& program, const std::vector<NamedWeight>& weights);

}  // namespace tensorferry::torch
