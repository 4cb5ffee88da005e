#pragma once

#include <vector>

#include "torch/classes.h"

namespace tensorferry::torch {

/// A layer that rescales the model's only input before anything else sees it (Rescaling,
/// Normalization): which no PyTorch model of the same architecture does.
struct InputStep {
  const graph::Node* node = nullptr;  ///< of a ScaleOffset or a Normalize
  const graph::Value* input = nullptr;
  std::size_t layer = 0;  ///< index into `Classes::layers`
};

/// In order; none where the model has several inputs.
std::vector<InputStep> input_steps(const graph::Program& program, const Classes& classes);

}  // namespace tensorferry::torch
