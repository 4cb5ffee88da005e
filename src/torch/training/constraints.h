#pragma once

#include <vector>

#include "graph/graph.h"
#include "torch/python.h"
#include "torch/state_file.h"

namespace tensorferry::torch {

/// Whether a constraint can be spelled: its weight is a parameter, and each axis of its norm is an
/// axis of that.
bool can_constrain(const graph::Constraint& constraint, const graph::Program& program,
                   const std::vector<NamedWeight>& weights);

/// Writes the lines that make of the weight what the constraint wants of it.
/// (keras/src/constraints/constraints.py)
void write_constraint(const graph::Constraint& constraint, const graph::Program& program,
                      const std::vector<NamedWeight>& weights, python::Writer& writer);

}  // namespace tensorferry::torch
