#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "graph/graph.h"
#include "keras/model.h"
#include "keras/variables.h"

namespace tensorferry::keras {

class LayerCall;

/// What a layer does with a mask that Keras sends along with a value (`Embedding(mask_zero=True)`).
enum class MaskUse {
  Drops,           ///< the result has none
  Passes,          ///< the values do not depend on it, the result carries it on
  PassesInKeras3,  ///< the same, but in Keras 2 the result has none (its `supports_masking`)
  /// The result carries it on, and the lowering reads those of all its inputs:
  /// `LayerCall::mask_of`.
  PassesAndTakes,
  Consumes,  ///< the values depend on it, so a masked input is refused
  Takes,     ///< the values depend on it, and the lowering reads it: `LayerCall::mask`
  HandsOn,   ///< what it holds may take it: the lowering reads it, and says what goes along
  TakesEach  ///< the same of the masks of all its inputs: `LayerCall::mask_of`
};

/// What is known of a Keras layer class, or of several that differ in their rank only. `arguments`
/// is the allow-list of what changes the numbers and is honoured, and of what is harmless for this
/// class; arguments that every layer has and that matter for training alone are in
/// `layer_call.cpp`. Any other argument is refused, never ignored.
struct LayerKind {
  std::span<const std::string_view> arguments;
  /// Variables in the order in which Keras creates them, as `expected_variables` says.
  std::vector<Variable> (*variables)(const Layer& layer);
  /// Adds the nodes of one call; the result is what the call returns (its first value, if it said
  /// more by `LayerCall::also_returns`). Throws Refusal.
  graph::ValueId (*lower)(LayerCall& call);
  MaskUse mask = MaskUse::Drops;
  /// Keywords of a call whose tensors the layer takes; they stand among `LayerCall::inputs`.
  std::span<const std::string_view> keywords = {};
  /// It looks at all arguments itself and takes the tensors in their own dtypes.
  bool is_operation = false;
};

std::vector<Variable> no_variables(const Layer& layer);

/// A trainable variable, and one that training does not touch by gradients.
Variable trained(std::string_view role, Shape shape);
Variable tracked(std::string_view role, Shape shape);

}  // namespace tensorferry::keras
