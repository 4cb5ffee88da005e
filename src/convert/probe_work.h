#pragma once

#include <vector>

#include "graph/graph.h"

namespace tensorferry::convert {

/// The number of elements; an extent that only the values tell is taken for 32.
double elements_of(const graph::Value& value);

/// About how long the reference evaluator takes for an op, in multiply-adds of a Dense. Of ops that
/// are no products a look at an element counts as 10 of them, as measured.
double work_of(const graph::Op& op, const std::vector<graph::Value>& inputs,
               const std::vector<graph::Value>& outputs);

}  // namespace tensorferry::convert
