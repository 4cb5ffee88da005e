#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "torch/classes.h"

namespace tensorferry::torch {

/// A layer, or a sum or product with a number, that rescales the model's only input before anything
/// else sees it (Rescaling, Normalization, `preprocess_input` within the model): which no PyTorch
/// model of the same architecture does.
struct InputStep {
  std::variant<graph::ScaleOffset, graph::Normalize> op;
  const graph::Node* node = nullptr;
  const graph::Value* input = nullptr;
  std::size_t layer = 0;  ///< of a Normalize: index into `Classes::layers`
};

/// x + 1, x − 1, 2 · x, x / 2: a scale or an offset. None for another function.
std::optional<graph::ScaleOffset> scale_of(const graph::Function& function);

/// In order; none where the model has several inputs.
std::vector<InputStep> input_steps(const graph::Program& program, const Classes& classes);

}  // namespace tensorferry::torch
