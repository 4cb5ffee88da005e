#pragma once

#include <optional>
#include <string>
#include <vector>

#include "convert/probe_inputs.h"
#include "graph/evaluate.h"
#include "io/source.h"
#include "keras/model.h"
#include "tensor/produce.h"
#include "torch/target.h"

namespace tensorferry::convert {

/// A run of a model: random inputs, and what the reference evaluator makes of them, in Keras's
/// layout.
struct Probe {
  std::vector<graph::Array> inputs;
  std::vector<graph::Array> outputs;
};

/// Runs the program as it was read, before any pass. Unlike a plan this reads weights, one at a
/// time, each whole and as float64 (and what `model.made` makes, if there is any, whole). With
/// `dtype` ("" for none) they are rounded to it first, as the target's are. None, and `reason`,
/// where no probe can be made: a layer that cannot be computed, one that would take too long or too
/// much memory, outputs that are not finite.
std::optional<Probe> make_probe(const graph::Program& program, const keras::Model& model,
                                const std::vector<io::Source>& files, const std::string& dtype,
                                const ProbeLimits& limits, std::string& reason);

/// Adds probe.safetensors and verify.py to the output; false with the note `probe-unavailable`.
/// Weights without an architecture have no program.
bool add_probe(torch::Output& output, const torch::Options& options,
               const std::optional<graph::Program>& program, const keras::Model& model,
               const std::vector<io::Source>& files);

}  // namespace tensorferry::convert
