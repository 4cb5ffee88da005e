#pragma once

#include "keras/layers/layer_kind.h"

namespace tensorferry::keras {

extern const LayerKind mel_spectrogram_kind;
extern const LayerKind stft_spectrogram_kind;

}  // namespace tensorferry::keras
