#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "keras/layers/layer_call.h"

namespace tensorferry::keras {

extern const LayerKind bidirectional_kind;
extern const LayerKind cudnn_kind;
extern const LayerKind gru_kind;
extern const LayerKind lstm_kind;
extern const LayerKind rnn_kind;
extern const LayerKind simple_rnn_kind;

/// LSTM, GRU, SimpleRNN, and Keras 2's CuDNNLSTM and CuDNNGRU.
bool is_recurrent(const Layer& layer);

/// Whether such a layer takes the time before the batch.
bool is_time_major(const Layer& layer);

/// What the config of such a layer says, its inputs aside.
graph::Recurrent recurrent_of(const Layer& layer, Generation generation);

/// Adds the op, on the inputs and under the mask of the call: `zero_output` where the mask is off,
/// `time_major` where the sequences have the time before the batch. `directions`: what stands
/// before the names of the parameters of each, in Keras and in its op.
graph::ValueId add_recurrent(LayerCall& call, graph::Recurrent op, bool zero_output,
                             bool time_major,
                             const std::vector<std::pair<std::string, std::string>>& directions);

/// The values from the end of the axis.
graph::ValueId flipped(LayerCall& call, graph::ValueId x, std::size_t axis);

/// The function of an argument that a recurrent layer applies to a step's values, a tensor of
/// `rank` axes. Throws Refusal.
graph::StepFunction step_function(const Arguments& arguments, std::string_view name,
                                  Generation generation, std::size_t rank);

/// Throws Refusal if the mask is none of times.
void require_mask_of_times(const LayerCall& call, graph::ValueId mask);

/// Whether the layer makes zeros where its mask is off. What Keras does where it unrolls is another
/// thing: throws Refusal.
bool zero_output_of(const LayerCall& call, const Arguments& arguments);

/// Says what of a recurrent layer is left out: the states of the batch before, and the dropout
/// within the steps. Throws Refusal where that changes the result.
void note_recurrent_training(LayerCall& call, const Arguments& arguments);

}  // namespace tensorferry::keras
