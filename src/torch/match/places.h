#pragma once

#include <map>
#include <vector>

#include "torch/match/steps.h"

namespace tensorferry::torch {

/// Holders of `a` and of `b` that stand at one place of both: all that leads there is the same, and
/// so are the ways from there as far as some steps reach, and no others stand at such a place, or
/// these are in pairs because longer ways are the same. All
/// steps are called by their operation, holders too (their shapes); the last value is the result.
std::map<std::size_t, std::size_t> pairs_at_same_places(const std::vector<Step>& a,
                                                        const std::vector<Step>& b);

}  // namespace tensorferry::torch
