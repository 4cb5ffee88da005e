#pragma once

#include <string_view>

#include "keras/layers/layer_call.h"

namespace tensorferry::keras {

extern const LayerKind bidirectional_kind;
extern const LayerKind cudnn_kind;
extern const LayerKind gru_kind;
extern const LayerKind lstm_kind;
extern const LayerKind rnn_kind;
extern const LayerKind simple_rnn_kind;

/// The function of an argument that a recurrent layer applies to a step's values, a tensor of
/// `rank` axes. Throws Refusal.
graph::StepFunction step_function(const Arguments& arguments, std::string_view name,
                                  Generation generation, std::size_t rank);

/// Says what of a recurrent layer is left out: the states of the batch before, and the dropout
/// within the steps. Throws Refusal where that changes the result.
void note_recurrent_training(LayerCall& call, const Arguments& arguments);

}  // namespace tensorferry::keras
