#pragma once

#include <string>
#include <vector>

#include "graph/evaluate.h"

namespace tensorferry::convert {

/// What a module has computed when it was called first: its shape, and at most 512 of its numbers,
/// from all over it.
struct ModuleSample {
  graph::ModuleId module = 0;
  graph::Array values;  ///< the shape is the whole's
};

/// A run of a model: inputs, and what `runtime` makes of them, in Keras's layout.
struct ProbeRun {
  std::string runtime;  ///< as verify.py names it: "TensorFlow.js 4.22.0"; "": the evaluator
  std::vector<graph::Array> inputs;
  std::vector<graph::Array> outputs;
  std::vector<ModuleSample> modules;  ///< in the order of the computation, always the evaluator's
};

/// Adds what a node has computed to the samples; for `graph::evaluate`.
void take_sample(const graph::Node& node, const std::vector<graph::Array>& outputs,
                 std::vector<ModuleSample>& samples);

}  // namespace tensorferry::convert
