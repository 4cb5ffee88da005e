#pragma once

#include "torch/ops/spelling.h"

/// The modules of graph/ops/recurrent.h that torch lacks. They take and give what nn.LSTM, nn.GRU
/// and nn.RNN do (batch_first), so that `forward` calls both alike; their weights stand in Keras's
/// order of gates.
namespace tensorferry::torch {

extern const Helper stepwise_lstm;
extern const Helper stepwise_gru;
extern const Helper stepwise_gru_reset_after;
extern const Helper stepwise_rnn;
/// Two layers, one of which reads the sequence from its end.
extern const Helper bidirectional_module;

/// Around a layer: it goes on where a mask is on.
extern const Helper masked_module;
extern const Helper masked_bidirectional_module;

}  // namespace tensorferry::torch
