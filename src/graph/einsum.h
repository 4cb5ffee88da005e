#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/ops/products.h"

namespace tensorferry::graph {

/// The letters of an EinsumDense's three tensors, one for each axis. Axes that "..." stands for
/// have capital letters that the equation does not use.
struct EinsumLabels {
  std::string input;
  std::string kernel;
  std::string output;
};

/// Of an x of `rank` axes. Throws io::Error{ConfigInvalid} where the equation is not of the form
/// that ops/products.h tells, or does not fit the ranks.
EinsumLabels einsum_labels(const EinsumDense& op, std::size_t rank);

}  // namespace tensorferry::graph
