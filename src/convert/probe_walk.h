#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "graph/graph.h"

/// A walk through a program with inputs of known shapes, before anything is computed: what it would
/// cost to compute, and what the inputs must be like.
namespace tensorferry::convert {

/// What an input is used for. `below`: as an index into so many rows. `masked_by`: this number in
/// it masks a time (all along the last axis with `any_of_last`). `is_mask`: as a mask itself.
struct InputUse {
  std::optional<std::int64_t> below;
  std::optional<double> masked_by;
  bool any_of_last = false;
  bool is_mask = false;
};

struct Walk {
  double work = 0;             ///< multiply-adds of the reference evaluator, or what takes as long
  double bytes = 0;            ///< that it holds at once: all values, and the largest weight
  std::vector<InputUse> uses;  ///< of each input of the root graph
};

/// `shapes`: of each input of the root graph, without unknown extents. Throws io::Error where the
/// model cannot take such inputs.
Walk walk(const graph::Program& program, const std::vector<std::vector<graph::Extent>>& shapes);

}  // namespace tensorferry::convert
