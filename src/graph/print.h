#pragma once

#include <string>

#include "graph/graph.h"

namespace tensorferry::graph {

/// The op with its arguments: "Conv(rank 2, 3 → 4, kernel 3×2, strides 1×1, pads 1+1 0+1, bias)".
std::string print(const Op& op);

/// A program as text, a node a line, for goldens and for people:
///
///     graph "model"
///       %0 [?, 7, 6, 3] = Input "x"
///       %1 [?, 5, 5, 4] = Conv(…) %0    conv2d: kernel conv2d/kernel, bias conv2d/bias
///       return %1
std::string print(const Program& program);

}  // namespace tensorferry::graph
