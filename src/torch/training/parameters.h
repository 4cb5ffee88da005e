#pragma once

#include <cstdint>
#include <optional>
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

using Axes = std::vector<std::size_t>;

/// Keras's axis of each of the parameter's, by its `transform`; other orders of the elements along
/// an axis do not matter. `stored`: the shape of Keras's weight. None where an axis is none of
/// Keras's.
std::optional<Axes> keras_axes(const Weight& weight, const tensor::Shape& stored);

/// What the optimizer has to know of the parameters. `program` has a training that knows what
/// trains.
OptimizedParameters optimized_parameters(const graph::Program& program,
                                         const std::vector<NamedWeight>& weights);

}  // namespace tensorferry::torch
