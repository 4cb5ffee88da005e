#pragma once

#include "keras/layers/layer_kind.h"

namespace tensorferry::keras {

extern const LayerKind conv_lstm_kind;  ///< ConvLSTM1D, ConvLSTM2D, ConvLSTM3D

}  // namespace tensorferry::keras
