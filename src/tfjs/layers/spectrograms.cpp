#include <fmt/format.h>

#include <string>

#include "tfjs/layers/affine.h"
#include "tfjs/layers/families.h"
#include "tfjs/refusal.h"
#include "tfjs/steps.h"
#include "tfjs/weights.h"

namespace tensorferry::tfjs {
namespace {

/// One part of the spectrum of a signal: (times, frequencies) of (times, 1).
Tensor convolved(LayerCall& call, const Tensor& signal, const std::string& part) {
  const tensor::TensorRef& kernel = call.stored(part + "_kernel");
  if (kernel.shape.size() != 3) call.arguments().mistaken("mode", "one that fits its kernels");
  const auto length = static_cast<std::int64_t>(kernel.shape[0]);
  return call.add(part, "Conv1D",
                  {{"filters", kernel.shape[2]},
                   {"kernel_size", {length}},
                   {"strides", {call.arguments().integer("frame_step", length / 2)}},
                   {"padding", call.arguments().text("padding", "valid")},
                   {"use_bias", false},
                   {"activation", "linear"}},
                  {signal}, {stored_weight("kernel", kernel, kernel.shape)});
}

/// Each frequency twice, as those below zero are left out, but the first and the last one.
Tensor doubled_within(LayerCall& call, const Tensor& power) {
  std::vector<float> factors(static_cast<std::size_t>(power.shape.back()), 2.0F);
  factors.front() = factors.back() = 1.0F;
  return scale_channels(call, power, constant_weight("gamma", {factors.size()}, factors));
}

Tensor spectrum(LayerCall& call, const Tensor& signal, const std::string& mode) {
  if (mode == "real" || mode == "imag") return convolved(call, signal, mode);
  if (mode != "stft" && mode != "psd") {
    throw Refusal{"TF.js has no layers for square roots, logarithms and angles."};
  }
  const Tensor real = convolved(call, signal, "real");
  const Tensor imag = convolved(call, signal, "imag");
  if (mode == "stft") return concatenate(call, "parts", {real, imag}, 2);
  const Tensor power = add_up(call, "power", multiply(call, "real_square", real, real),
                              multiply(call, "imag_square", imag, imag));
  return doubled_within(call, power);
}

}  // namespace

// (keras/src/layers/preprocessing/stft_spectrogram.py) Each channel is a signal.
Tensor lower_stft_spectrogram(LayerCall& call) {
  Tensor x = call.input_of_rank(3);
  const bool first = is_channels_first(call);
  const bool expands = call.arguments().boolean("expand_dims", false);
  const std::string mode = call.arguments().text("mode", "log");
  if (first) x = permute(call, "times_first", x, {2, 1});
  const std::int64_t channels = x.shape[2];
  if (channels == unknown) throw Refusal{"The number of its channels is None."};
  std::vector<Tensor> spectra;
  for (std::int64_t channel = 0; channel < channels; ++channel) {
    const std::string part = fmt::format("channel{}", channel + 1);
    const Tensor signal = channels == 1 ? x : slice_channels(call, part, x, channel, 1);
    Tensor y = spectrum(call, signal, mode);
    if (expands) {
      const Shape extents =
          first ? Shape{1, y.shape[1], y.shape[2]} : Shape{y.shape[1], y.shape[2], 1};
      y = reshape(call, "expanded", y, extents);
    }
    spectra.push_back(y);
  }
  const std::size_t axis = !expands ? 2 : first ? 1 : 3;
  const Tensor y = channels == 1 ? spectra[0] : concatenate(call, "channels", spectra, axis);
  return first && !expands ? permute(call, "frequencies_first", y, {2, 1}) : y;
}

}  // namespace tensorferry::tfjs
