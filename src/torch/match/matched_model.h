#pragma once

#include "torch/classes.h"
#include "torch/target.h"

namespace tensorferry::torch {

/// What `Options::match` asks for: the weights under the target's keys, load.py and mapping.json.
/// `program` is in torch's layout. Fills bundle, weights, layers, notes, mapping and the snippet.
/// Throws OptionInvalid.
void write_matched(const graph::Program& program, const Classes& classes, const Options& options,
                   Output& output);

}  // namespace tensorferry::torch
