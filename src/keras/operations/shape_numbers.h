#pragma once

#include <optional>
#include <vector>

#include "keras/layers/layer_call.h"

namespace tensorferry::keras {

/// A whole number that a model computes of shapes (`tf.shape(x)[1] * 2`), as far as it is known
/// before the model runs.
struct ShapeNumber {
  graph::Extent value = graph::unknown_extent;
  std::optional<graph::ValueId> batch_of;  ///< it is the size of the batch, as `batch_source` says
};

/// The value furthest up of which is known that its first axis, the batch, has the same extent.
graph::ValueId batch_source(const LayerCall& call, graph::ValueId id);

/// The elements of a value of one axis or none; nothing where it is not computed of shapes alone.
std::optional<std::vector<ShapeNumber>> shape_numbers(const LayerCall& call, graph::ValueId id);

}  // namespace tensorferry::keras
