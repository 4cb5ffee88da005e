#pragma once

#include <optional>
#include <string>
#include <vector>

#include "convert/probe_run.h"
#include "io/source.h"
#include "keras/model.h"
#include "tfjs/target.h"
#include "torch/target.h"

namespace tensorferry::convert {

/// Adds probe.safetensors and verify.py to the output: of the run that is given, else of one that
/// is made now. False with the note `probe-unavailable`. Throws io::Error{OptionInvalid} where the
/// given run is none of this model. Weights without an architecture have no program.
bool add_probe(torch::Output& output, const torch::Options& options,
               const std::optional<graph::Program>& program, const keras::Model& model,
               const std::vector<io::Source>& files, const std::optional<ProbeRun>& given);

/// Adds probe.safetensors and verify.mjs; false with the note `probe-unavailable`.
bool add_probe(tfjs::Output& output, const graph::Program& program, const keras::Model& model,
               const std::vector<io::Source>& files);

}  // namespace tensorferry::convert
