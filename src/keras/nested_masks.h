#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <variant>
#include <vector>

#include "graph/graph.h"
#include "keras/masked_calls.h"
#include "keras/masks_along.h"

/// The masks that go into nested models and come out of them. In Keras they are attributes of the
/// tensors, so that a mask reaches a layer however deep it is (keras/src/models/functional.py:
/// call; tf_keras/src/engine/functional.py: _run_internal_graph, compute_mask); in the graph they
/// are inputs and outputs of their own, behind the model's.
namespace tensorferry::keras {

/// What goes along with an output of a nested model.
struct NoMask {};
struct UnknownMask {};
struct MaskOfInput {
  std::size_t input = 0;
};
struct MaskOutput {
  std::size_t output = 0;
};
using MaskOut = std::variant<NoMask, UnknownMask, MaskOfInput, MaskOutput>;

struct NestedMasks {
  std::size_t input_count = 0;                ///< the model's own
  std::size_t output_count = 0;               ///< the same
  std::map<std::size_t, std::size_t> inputs;  ///< inputs that have a mask, and its rank, in order
  std::vector<MaskOut> outputs;               ///< one for each of the model's
};

/// Adds the mask that comes along with an input of a nested model.
void add_mask_input(Scope& scope, const MaskedCalls& masked, const CallId& id,
                    graph::ValueId input);

/// Adds the masks to the inputs and outputs of a nested model's graph, behind the others.
NestedMasks add_mask_ports(Scope& scope, const MaskedCalls& masked);

/// Sends the mask of one output along. `masks`: of the inputs of the call; `results`: all that the
/// call gives.
void send_mask_out(Scope& scope, const MaskOut& out,
                   const std::vector<std::optional<graph::ValueId>>& masks,
                   const std::vector<graph::ValueId>& results, graph::ValueId output);

/// Of layers that stay folded one after another only the last is unfolded; a mask is made where
/// somebody takes it; what is computed of shapes may be known already.
void drop_unread_steps(graph::Graph& graph);

/// Nested models take and give the masks that somebody reads.
void drop_unread_masks(graph::Program& program, const std::map<std::uint32_t, NestedMasks>& masks);

}  // namespace tensorferry::keras
