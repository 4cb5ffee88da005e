#pragma once

#include "keras/layers/layer_kind.h"

namespace tensorferry::keras {

extern const LayerKind bidirectional_kind;
extern const LayerKind cudnn_kind;
extern const LayerKind gru_kind;
extern const LayerKind lstm_kind;
extern const LayerKind rnn_kind;
extern const LayerKind simple_rnn_kind;

}  // namespace tensorferry::keras
