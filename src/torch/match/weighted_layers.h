#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "torch/classes.h"
#include "torch/match/target_modules.h"

namespace tensorferry::torch {

/// What surrounds a convolution or a pool: its own padding and that of a layer before it.
struct Surroundings {
  std::vector<graph::Pad> pads;      ///< of the spatial axes
  bool by_size = false;              ///< TensorFlow's rule on a size that is known at run time only
  bool zeros = true;                 ///< else −∞: of a max pool's own padding
  bool counted = false;              ///< zeros before an average pool, which it counts
  const graph::Node* pad = nullptr;  ///< the layer before it whose zeros are among `pads`
  std::vector<graph::Extent> extents;  ///< of the input before any of that padding
};

/// A converted layer that holds tensors, or a pool.
struct WeightedLayer {
  std::size_t layer = 0;   ///< index into `Classes::layers`
  std::string name;        ///< what stands before its tensors' names: "conv1", "sep.depthwise"
  std::string keras_name;  ///< of its Keras layer
  TargetModule::Kind kind = TargetModule::Kind::Other;
  std::vector<NamedShape> entries;
  const graph::Node* node = nullptr;  ///< of its first call
  const graph::Value* input = nullptr;
  Surroundings surroundings;
  bool is_projection = false;
  std::optional<std::size_t> follows;  ///< index of the convolution whose result it takes
  bool follows_alone = false;          ///< nobody else takes it, and both are called once
};

/// In the order of a run in which each branch is finished before the next begins, nested models
/// included. A pool has no entries. `program` is in torch's layout. What the model does to its
/// input before the first layer with trained weights (Rescaling, Normalization) is left out.
std::vector<WeightedLayer> weighted_layers(const graph::Program& program, const Classes& classes);

}  // namespace tensorferry::torch
