#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

/// What MelSpectrogram computes once, in float32 as Keras does.
namespace tensorferry::keras {

/// A periodic window of `length` elements: "hann" or "hamming". TensorFlow's is periodic where the
/// length is even. (tensorflow/python/ops/signal/window_ops.py: _raised_cosine_window)
std::vector<float> raised_cosine_window(std::string_view name, std::int64_t length);

struct MelScale {
  std::int64_t mel_bins = 128;
  std::int64_t spectrogram_bins = 1025;
  double sampling_rate = 16000;
  double lowest = 20;  ///< hertz
  double highest = 8000;
};

/// How much of each frequency is in each band: (mel_bins, spectrogram_bins), row-major.
/// (keras/src/layers/preprocessing/mel_spectrogram.py: linear_to_mel_weight_matrix, transposed)
std::vector<float> mel_bands(const MelScale& scale);

}  // namespace tensorferry::keras
