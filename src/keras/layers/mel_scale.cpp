#include "keras/layers/mel_scale.h"

#include <algorithm>
#include <cmath>

namespace tensorferry::keras {

namespace {

constexpr float break_frequency = 700.0F;  ///< hertz
constexpr float high_frequency_q = 1127.0F;
constexpr double pi = 3.14159265358979323846;

float mel_of(float hertz) { return high_frequency_q * std::log(1.0F + hertz / break_frequency); }

/// TensorFlow's: the last one is exact.
std::vector<float> evenly_spaced(float first, float last, std::int64_t count) {
  std::vector<float> values;
  const float step = (last - first) / static_cast<float>(count - 1);
  for (std::int64_t i = 0; i + 1 < count; ++i) {
    values.push_back(first + step * static_cast<float>(i));
  }
  values.push_back(last);
  return values;
}

}  // namespace

std::vector<float> raised_cosine_window(std::string_view name, std::int64_t length) {
  if (length == 1) return {1.0F};
  const double a = name == "hamming" ? 0.54 : 0.5;
  const auto period = static_cast<double>(length % 2 == 0 ? length : length - 1);
  std::vector<float> window;
  for (std::int64_t i = 0; i < length; ++i) {
    const double angle = 2 * pi * static_cast<double>(i) / period;
    window.push_back(static_cast<float>(a - (1 - a) * std::cos(angle)));
  }
  return window;
}

std::vector<float> mel_bands(const MelScale& scale) {
  const std::vector<float> frequencies =
      evenly_spaced(0, static_cast<float>(scale.sampling_rate) / 2.0F, scale.spectrogram_bins);
  const std::vector<float> edges =
      evenly_spaced(mel_of(static_cast<float>(scale.lowest)),
                    mel_of(static_cast<float>(scale.highest)), scale.mel_bins + 2);
  std::vector<float> bands;
  for (std::size_t band = 0; band + 2 < edges.size(); ++band) {
    bands.push_back(0);  // the constant part is in no band
    for (std::size_t bin = 1; bin < frequencies.size(); ++bin) {
      const float mel = mel_of(frequencies[bin]);
      const float lower = (mel - edges[band]) / (edges[band + 1] - edges[band]);
      const float upper = (edges[band + 2] - mel) / (edges[band + 2] - edges[band + 1]);
      bands.push_back(std::max(0.0F, std::min(lower, upper)));
    }
  }
  return bands;
}

}  // namespace tensorferry::keras
