#pragma once

#include <string>

#include "graph/graph.h"

namespace tensorferry::graph {

/// The op with its arguments: "Concatenate(axis 3)".
std::string print(const Op& op);

/// A program as text, a node a line, for goldens and for people; behind `#` the Keras layer and the
/// parameters with the names of their axes:
///
///     graph 0 "model" root
///       %0 [?, 7, 6, 3] = Input("x")    # x
///       %1 [?, 126] = Flatten %0    # flatten
///       %2 [?, 4] = Dense(126 -> 4) %1    # dense: kernel(in out) dense/kernel
///       return %2
std::string print(const Program& program);

}  // namespace tensorferry::graph
