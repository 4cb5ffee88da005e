#pragma once

#include <vector>

#include "tfjs/builder.h"

/// Keras 2's CuDNNLSTM and CuDNNGRU: each block of their matrices, flattened, is that of its
/// transpose (tf_keras/src/saving/legacy/hdf5_format.py: _convert_rnn_weights).
namespace tensorferry::tfjs {

bool is_cudnn(const LayerCall& call);

/// W x + b of all gates, side by side.
Tensor products_of_input(LayerCall& call, const Tensor& x);

/// Those of an LSTM that is given these products.
std::vector<LayerWeight> cudnn_lstm_weights(const LayerCall& call);

/// (n, n)
LayerWeight identity_weight(const std::string& role, std::uint64_t n);

}  // namespace tensorferry::tfjs
