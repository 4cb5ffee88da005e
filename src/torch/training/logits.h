#pragma once

#include "graph/graph.h"

namespace tensorferry::torch {

/// Whether the model, which has one output, ends in an activation that the loss of its training
/// looks behind: then model.py has `forward_logits` too, and the loss takes what that gives, which
/// is stable, and what Keras computes.
bool has_logits(const graph::Program& program);

}  // namespace tensorferry::torch
