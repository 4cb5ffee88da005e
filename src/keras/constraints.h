#pragma once

#include <vector>

#include "graph/training.h"
#include "keras/model.h"

namespace tensorferry::keras {

/// What the constraints of all layers make of their weights after each step: of weights that train
/// only. Those of a class that is not known have a note.
std::vector<graph::Constraint> read_constraints(const Model& model, io::Notes& notes);

}  // namespace tensorferry::keras
