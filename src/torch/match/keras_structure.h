#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "torch/match/expressions.h"
#include "torch/match/structure.h"

namespace tensorferry::torch {

/// What the layers of a Keras model are given, and its result.
struct TracedModel {
  std::map<std::size_t, ExpressionId> given;  ///< by the index of the weighted layer
  std::vector<std::size_t> given_several;     ///< layers that are called again, on something else
  std::optional<ExpressionId> result;         ///< none: there are several, or several inputs
};

/// `name_of` tells the leaf that a weighted layer's result is; empty: it is in no pair.
TracedModel trace(const StructureOfKeras& keras,
                  const std::function<std::string(std::size_t layer)>& name_of,
                  Expressions& expressions);

/// "average 3 s2 p1": a pool that is in no pair, as targets.txt writes it.
std::string pool_operation(const WeightedLayer& layer);

}  // namespace tensorferry::torch
