#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "graph/training.h"
#include "keras/model.h"

namespace tensorferry::keras {

/// The tensors that train, in the order of Keras's `trainable_variables`; none where a layer's are
/// not known.
std::vector<std::uint32_t> trained_tensors(const Model& model);

/// `Model::optimizer_variables`, told apart: which slot of which weight each is. None where the
/// optimizer has made no step. What is in another order than Keras's has a note and is left out.
std::optional<graph::OptimizerState> read_optimizer_state(const Model& model,
                                                          const graph::Optimizer& optimizer,
                                                          io::Notes& notes);

}  // namespace tensorferry::keras
