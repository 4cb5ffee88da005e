#pragma once

#include <optional>
#include <string>
#include <vector>

#include "convert/probe_random.h"
#include "convert/probe_walk.h"
#include "graph/evaluate.h"

namespace tensorferry::convert {

/// What the reference evaluator is given at most: about 15 seconds of it, and this much memory.
struct ProbeLimits {
  double work = 4e10;
  double bytes = 1.5e9;
};

/// Shapes for the inputs of a program, and what the walk with them has found.
struct ProbeShapes {
  std::vector<std::vector<graph::Extent>> inputs;
  Walk walk;
};

/// Where Keras leaves an extent open: a batch of three (of fewer where that is too much), maps of
/// 33 by 35, sequences of 11 (of maps too); other extents where the model can't take these, the
/// same at the same axis of all inputs. None, and `reason`, where there is no probe within the
/// limits.
std::optional<ProbeShapes> probe_shapes(const graph::Program& program, const ProbeLimits& limits,
                                        std::string& reason);

/// Random numbers for an input, exact in its dtype. Numbers are normal, around a mean that each
/// feature of each sample has of its own (samples of mere noise look alike to a net that averages);
/// or in [0, 1) with `positive`. Whole numbers and indices are below what the use permits (10, or
/// 256 of bytes, where it says nothing); masks and truth values are even, the first of a row true.
/// Where a number masks a time it is that of the last third of the last sample.
graph::Array probe_input(const graph::Value& input, const std::vector<graph::Extent>& shape,
                         const InputUse& use, bool positive, Random& random);

}  // namespace tensorferry::convert
