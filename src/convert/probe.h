#pragma once

#include <optional>
#include <string>
#include <vector>

#include "convert/probe_inputs.h"
#include "convert/probe_run.h"
#include "graph/evaluate.h"
#include "io/source.h"
#include "keras/model.h"

namespace tensorferry::convert {

/// Random inputs are tried in this order: others where a number is not finite (the logarithm of a
/// negative one) or out of range.
constexpr int probe_attempts = 3;

/// Random inputs for a program, and what the walk with them has found.
struct ProbeInputs {
  std::vector<graph::Array> inputs;
  Walk walk;
};

/// The same each time for one attempt (from 0). None, and `reason`, where there is no probe: a
/// layer that cannot be computed, one that would take too long or too much memory.
std::optional<ProbeInputs> make_probe_inputs(const graph::Program& program,
                                             const ProbeLimits& limits, int attempt,
                                             std::string& reason);

/// What the reference evaluator makes of the inputs. Runs the program as it was read, before any
/// pass. Unlike a plan this reads weights, one at a time, each whole and as float64 (and what
/// `model.made` makes, if there is any, whole). With `dtype` ("" for none) they are rounded to it
/// first, as the target's are.
std::vector<graph::Array> evaluate_model(const graph::Program& program, const keras::Model& model,
                                         const std::vector<io::Source>& files,
                                         const std::string& dtype,
                                         const std::vector<graph::Array>& inputs,
                                         const graph::ObserveNode& observe = {});

/// A run by the reference evaluator. None, and `reason`, where no inputs are found, or outputs are
/// not finite.
std::optional<ProbeRun> make_probe(const graph::Program& program, const keras::Model& model,
                                   const std::vector<io::Source>& files, const std::string& dtype,
                                   const ProbeLimits& limits, std::string& reason);

}  // namespace tensorferry::convert
