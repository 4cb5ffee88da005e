#pragma once

#include <vector>

#include "tfjs/builder.h"

/// The GRU whose reset gate acts behind the matrix, which TF.js lacks, as an LSTM.
namespace tensorferry::tfjs {

/// Whether the layer is such a GRU.
bool is_reset_after_gru(const LayerCall& call);

struct GruOutputs {
  Tensor y;      ///< the last output, or all of them
  Tensor state;  ///< the last state
};

/// Calls it on `x`, from `initial_state` if that holds one. Throws Refusal for functions within the
/// steps that an LSTM cannot make.
GruOutputs call_reset_after_gru(LayerCall& call, const Tensor& x,
                                const std::vector<Tensor>& initial_state);

/// Says of the layer what `gru`, itself or a layer in it, became, and what that costs.
void note_reset_after_gru(LayerCall& call, const LayerCall& gru);

}  // namespace tensorferry::tfjs
