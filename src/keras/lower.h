#pragma once

#include "graph/graph.h"
#include "keras/model.h"
#include "keras/training.h"

namespace tensorferry::keras {

/// What each layer of the model means, in Keras's layout, with shapes inferred. A layer that cannot
/// be converted becomes `graph::Unsupported` with a note; nothing is dropped silently. Throws
/// io::Error where the model is broken (a cycle, a weight of another shape).
graph::Program lower(const Model& model, const TrainingChoice& choice = {});

}  // namespace tensorferry::keras
