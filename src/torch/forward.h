#pragma once

#include <map>
#include <string>

#include "torch/classes.h"
#include "torch/python.h"

namespace tensorferry::torch {

/// Names of the arguments of `forward`: "x" where there is one, else those of the model's inputs.
std::vector<std::string> argument_names(const graph::Graph& graph);

/// Writes the body of the `forward` of a class, top to bottom. `becomes` is told what each Keras
/// layer became: "nn.Conv2d", "F.relu".
void write_forward(const graph::Program& program, Classes& classes, const Class& own,
                   python::Writer& writer, std::map<std::string, std::string>& becomes);

/// The same in two methods, where the last node is an activation: `forward_logits` up to it, and
/// `forward`, which calls that.
void write_forward_logits(const graph::Program& program, Classes& classes, const Class& own,
                          python::Writer& writer, std::map<std::string, std::string>& becomes);
void write_forward_of_logits(const graph::Program& program, Classes& classes, const Class& own,
                             python::Writer& writer, std::map<std::string, std::string>& becomes);

}  // namespace tensorferry::torch
