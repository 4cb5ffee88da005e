#include <cmath>

#include "graph/functions/shapes.h"

namespace tensorferry::graph {

namespace {

constexpr double pi = 3.14159265358979323846;

/// `integers`: how many elements are transformed, from one frame to the next, and in the window.
struct Frames {
  std::int64_t size;
  std::int64_t step;
  std::int64_t window;
};

Frames frames_of(const Function& function) {
  return {function.integers.at(0), function.integers.at(1), function.integers.at(2)};
}

/// Magnitudes of the Fourier transforms of frames, (batch, frequencies, times), of (batch, times)
/// and a window, which lies in the middle of each frame; the signal is mirrored at its ends by half
/// a frame. (keras/src/backend/tensorflow/math.py: stft, `center`)
std::vector<Extents> shapes_of_spectrogram(const Function& function,
                                           const std::vector<Extents>& operands) {
  const Frames frames = frames_of(function);
  const Extents& x = operands.at(0);
  if (x.size() != 2) refuse_operands("stft", "its signals have other axes than their times");
  Extent times = x[1];
  if (times != unknown_extent) {
    if (times <= frames.size / 2) refuse_operands("stft", "a signal is shorter than half a frame");
    times = 1 + (times + frames.size / 2 * 2 - frames.size) / frames.step;
  }
  return {{x[0], frames.size / 2 + 1, times}};
}

Arrays evaluate_spectrogram(const Function& function, const Arrays& operands) {
  const Frames frames = frames_of(function);
  const Array& x = operands.at(0);
  const auto length = static_cast<std::int64_t>(x.shape.at(1));
  Array result = zeros(index_of(shapes_of_spectrogram(function, {extents_of(x), {}}).at(0)));
  const std::int64_t left = (frames.size - frames.window) / 2;
  std::size_t next = 0;
  for_each_index(result.shape, [&](const Index& index) {
    double real = 0;
    double imag = 0;
    for (std::int64_t i = 0; i < frames.window; ++i) {
      const std::int64_t at = left + i;
      std::int64_t source =
          static_cast<std::int64_t>(index[2]) * frames.step + at - frames.size / 2;
      if (source < 0) source = -source;
      if (source >= length) source = 2 * (length - 1) - source;
      const double value = x.data[index[0] * x.shape[1] + static_cast<std::uint64_t>(source)] *
                           operands.at(1).data[static_cast<std::size_t>(i)];
      const double angle = 2 * pi * static_cast<double>(index[1]) * static_cast<double>(at) /
                           static_cast<double>(frames.size);
      real += value * std::cos(angle);
      imag -= value * std::sin(angle);
    }
    result.data[next++] = std::hypot(real, imag);
  });
  return {result};
}

constexpr FunctionRow rows_of_signals[] = {
    fixed("spectrogram", shapes_of_spectrogram, evaluate_spectrogram),
};

constexpr auto kinds_of_signals = kinds_of(rows_of_signals);

}  // namespace

std::span<const FunctionKind> signal_functions() { return kinds_of_signals; }
std::span<const FunctionRow> signal_rows() { return rows_of_signals; }

}  // namespace tensorferry::graph
