#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "torch/match/expressions.h"

namespace tensorferry::torch {

/// Before the places ("whole 7,7"): an average of a target over as many places as there are, which
/// is nothing as long as the head is there.
inline constexpr std::string_view whole = "whole ";

/// A step of a run, of the Keras model or of a built-in target.
struct Step {
  /// Index of the weighted layer, or of the target's module: what holds tensors, and pools.
  std::optional<std::size_t> holder;
  std::string prefix;     ///< of a module that holds nothing and may belong to the head; else empty
  std::string operation;  ///< "relu", "mul 0.17", "average 3 p1"; empty: the holder's
  /// 0 is the model's input, n the result of step n − 1.
  std::vector<std::size_t> inputs;
};

/// What the steps of a run compute.
struct Run {
  std::vector<ExpressionId> values;           ///< numbered as `Step::inputs`
  std::map<std::size_t, ExpressionId> given;  ///< holder → what it is given
  std::vector<std::size_t> given_several;     ///< holders that are called again, on something else
};

/// `result_of` tells what a step that is given this makes of it.
Run run_steps(const std::vector<Step>& steps,
              const std::function<ExpressionId(const Step&, std::vector<ExpressionId>)>& result_of,
              Expressions& expressions);

}  // namespace tensorferry::torch
