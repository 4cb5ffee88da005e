#include "keras/layers/masking.h"

#include "keras/layers/layer_call.h"

namespace tensorferry::keras {

namespace {

constexpr std::string_view masking_arguments[] = {"mask_value"};

/// keras/src/layers/core/masking.py: what equals `mask_value` in all its elements is zero, and the
/// mask goes along.
graph::ValueId lower_masking(LayerCall& call) {
  const graph::ValueId x = call.input();
  if (!call.value(x).rank_known || call.rank(x) < 2) {
    throw Refusal{"nothing is known of its input's times"};
  }
  const double value = call.arguments().number("mask_value", 0);
  const graph::ValueId mask = call.add_step(graph::NotEqualTo{value, true}, {x});
  call.sends_mask(mask);
  return call.add(graph::ApplyMask{}, {x, mask});
}

}  // namespace

const LayerKind masking_kind{masking_arguments, no_variables, lower_masking, MaskUse::Drops};

}  // namespace tensorferry::keras
