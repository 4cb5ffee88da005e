#include "keras/layers/spectrograms.h"

#include <fmt/format.h>

#include <cmath>

#include "graph/functions.h"
#include "keras/layers/categories.h"
#include "keras/layers/layer_call.h"
#include "keras/layers/mel_scale.h"
#include "keras/layers/spatial.h"

namespace tensorferry::keras {

namespace {

using graph::Scalar;
using graph::ValueId;
using tensor::DType;

// How the kernels were made: `window`, `periodic`, `scaling`.
constexpr std::string_view stft_arguments[] = {
    "data_format", "expand_dims", "fft_length", "frame_length", "frame_step",
    "mode",        "padding",     "periodic",   "scaling",      "window"};
constexpr std::string_view mel_arguments[] = {
    "fft_length",      "mag_exp",     "max_freq",  "min_freq",      "min_power",
    "num_mel_bins",    "power_to_db", "ref_power", "sampling_rate", "sequence_length",
    "sequence_stride", "top_db",      "window"};

constexpr double epsilon = 1e-7;  ///< keras.config.epsilon()

ValueId with_number(LayerCall& call, std::string_view name, ValueId x, double number) {
  graph::Function function;
  function.operands = {std::nullopt, Scalar{number, false}};
  return add_function(call, name, {x}, call.value(x).dtype, std::move(function));
}

ValueId applied(LayerCall& call, std::string_view name, std::vector<ValueId> operands) {
  const DType dtype = call.value(operands.at(0)).dtype;
  return add_function(call, name, std::move(operands), dtype);
}

ValueId expanded(LayerCall& call, ValueId x, std::size_t axis) {
  graph::Function function;
  function.axes = {axis};
  return add_function(call, "expand_dims", {x}, call.value(x).dtype, std::move(function));
}

struct Frames {
  std::int64_t length = 256;
  std::int64_t step = 128;
  std::int64_t frequencies = 129;
};

Frames frames_of(const Layer& layer) {
  const Arguments arguments(layer.name, layer.config);
  Frames frames;
  frames.length = arguments.positive_integer("frame_length");
  frames.step = arguments.find("frame_step") == nullptr ? frames.length / 2
                                                        : arguments.positive_integer("frame_step");
  std::int64_t transformed = 1;
  if (arguments.find("fft_length") != nullptr) {
    transformed = arguments.positive_integer("fft_length");
  } else {
    while (transformed < frames.length) transformed *= 2;
  }
  frames.frequencies = transformed / 2 + 1;
  return frames;
}

std::vector<Variable> stft_variables(const Layer& layer) {
  const Frames frames = frames_of(layer);
  const std::string mode = Arguments(layer.name, layer.config).text("mode", "log");
  const Shape shape{frames.length, 1, frames.frequencies};
  std::vector<Variable> variables;
  if (mode != "imag") variables.push_back(trained("real_kernel", shape));
  if (mode != "real") variables.push_back(trained("imag_kernel", shape));
  return variables;
}

/// One part of the spectrum: (signals, times, frequencies) of (signals, times, 1).
ValueId convolved(LayerCall& call, ValueId x, const std::string& part) {
  const Frames frames = frames_of(call.layer());
  graph::Conv conv;
  conv.spatial_rank = 1;
  conv.in_channels = 1;
  conv.out_channels = frames.frequencies;
  conv.kernel_size = {frames.length};
  conv.strides = {frames.step};
  conv.dilations = {1};
  conv.bias = false;
  conv.channel_axis = 2;
  conv.padding = window_padding(call.arguments(), call.value(x).shape, 2, conv.kernel_size,
                                conv.strides, conv.dilations);
  const graph::ModuleId module = call.module(part, {{part + "_kernel",
                                                     "kernel",
                                                     {"length", "in", "out"},
                                                     {frames.length, 1, frames.frequencies}}});
  return call.add(conv, {x}, module);
}

/// Each frequency twice, as those below zero are left out, but the first and the last one.
ValueId doubled_within(LayerCall& call, ValueId power) {
  const std::size_t last = call.rank(power) - 1;
  graph::Function inner;
  for (std::size_t axis = 0; axis < last; ++axis) {
    inner.integers.insert(inner.integers.end(), {0, graph::no_bound, graph::no_bound, 1});
  }
  inner.integers.insert(inner.integers.end(), {0, 1, -1, 1});
  const DType dtype = call.value(power).dtype;
  const ValueId middle = add_function(call, "get_item", {power}, dtype, std::move(inner));
  graph::PadAxes pad;
  pad.pads.resize(last + 1);
  pad.pads[last] = {1, 1};
  return applied(call, "add", {power, call.add_step(pad, {middle})});
}

ValueId spectrum(LayerCall& call, ValueId x, const std::string& mode) {
  if (mode == "real" || mode == "imag") return convolved(call, x, mode);
  const ValueId real = convolved(call, x, "real");
  const ValueId imag = convolved(call, x, "imag");
  if (mode == "angle") return applied(call, "arctan2", {imag, real});
  if (mode == "stft") return call.add_step(graph::Concatenate{2}, {real, imag});
  const ValueId power =
      applied(call, "add", {applied(call, "square", {real}), applied(call, "square", {imag})});
  if (mode == "psd") return doubled_within(call, power);
  if (mode != "magnitude" && mode != "log") {
    call.arguments().mistaken("mode", "one of STFTSpectrogram's");
  }
  const ValueId magnitude = applied(call, "sqrt", {with_number(call, "maximum", power, epsilon)});
  if (mode == "magnitude") return magnitude;
  return applied(call, "log", {with_number(call, "maximum", magnitude, epsilon)});
}

/// keras/src/layers/preprocessing/stft_spectrogram.py
ValueId lower_stft(LayerCall& call) {
  const Arguments& arguments = call.arguments();
  ValueId x = call.input_of_rank(3);
  const bool first = channel_axis(arguments, 3) == 1;
  const bool expands = arguments.boolean("expand_dims", false);
  const graph::Extent channels = call.value(x).shape[first ? 1 : 2];
  if (channels == graph::unknown_extent) throw Refusal{"its number of channels is not known"};
  const std::string mode = arguments.text("mode", "log");
  if (channels == 1) {
    if (first) x = call.add_step(graph::Permute{{0, 2, 1}}, {x});
    x = spectrum(call, x, mode);
    if (expands) return expanded(call, x, first ? 1 : 3);
    return first ? call.add_step(graph::Permute{{0, 2, 1}}, {x}) : x;
  }
  // Each channel is a signal.
  if (!first) x = call.add_step(graph::Permute{{0, 2, 1}}, {x});
  x = call.add_step(graph::FoldTime{}, {expanded(call, x, 3)});
  x = call.add_step(graph::UnfoldTime{channels}, {spectrum(call, x, mode)});
  if (expands) return first ? x : call.add_step(graph::Permute{{0, 2, 3, 1}}, {x});
  const std::vector<std::size_t> order =
      first ? std::vector<std::size_t>{0, 1, 3, 2} : std::vector<std::size_t>{0, 2, 1, 3};
  const auto& shape = call.value(x).shape;
  const graph::Extent joined = channels * shape[3];
  const graph::Extent times = shape[2];
  x = call.add_step(graph::Permute{order}, {x});
  graph::Reshape reshape{{times, joined}};
  if (first) reshape.shape = {joined, times};
  return call.add_step(reshape, {x});
}

ValueId window_of(LayerCall& call, std::int64_t length) {
  const Arguments& arguments = call.arguments();
  const Json* given = arguments.find("window");
  if (given == nullptr) {
    return call.add_constant("window", std::vector<float>(static_cast<std::size_t>(length), 1));
  }
  if (!given->is_string()) throw Refusal{"its window is an array"};
  const std::string name = arguments.text("window", "hann");
  if (name != "hann" && name != "hamming") arguments.mistaken("window", "\"hann\" or \"hamming\"");
  return call.add_constant("window", raised_cosine_window(name, length));
}

/// keras/src/layers/preprocessing/mel_spectrogram.py
ValueId decibels(LayerCall& call, ValueId power) {
  const Arguments& arguments = call.arguments();
  const double least = arguments.number("min_power", 1e-10);
  const double reference = std::max(std::abs(arguments.number("ref_power", 1)), least);
  ValueId x = applied(call, "log10", {with_number(call, "maximum", power, least)});
  x = with_number(call, "multiply", x, 10);
  const double level = 10 * std::log10(reference);
  if (level != 0) x = with_number(call, "subtract", x, level);
  graph::Function greatest;
  for (std::size_t axis = 0; axis < call.rank(x); ++axis) greatest.axes.push_back(axis);
  const DType dtype = call.value(x).dtype;
  ValueId floor = add_function(call, "max", {x}, dtype, std::move(greatest));
  floor = with_number(call, "subtract", floor, arguments.number("top_db", 80));
  return applied(call, "maximum", {x, floor});
}

ValueId lower_mel(LayerCall& call) {
  const Arguments& arguments = call.arguments();
  ValueId x = call.input();
  if (call.rank(x) != 2) throw Refusal{"its input has other axes than (batch, times)"};
  if (call.compute_dtype() != DType::Float32) throw Refusal{"it does not compute in float32"};
  if (call.value(x).dtype != DType::Float32) {
    x = call.add_step(graph::Cast{DType::Float32}, {x});
  }
  const std::int64_t transformed = arguments.positive_integer("fft_length");
  std::int64_t length = arguments.find("sequence_length") == nullptr
                            ? transformed
                            : arguments.positive_integer("sequence_length");
  if (length > transformed) arguments.mistaken("sequence_length", "at most fft_length");
  // Without a window Keras cuts frames of the whole length (backend/tensorflow/math.py: stft).
  if (arguments.find("window") == nullptr) length = transformed;
  graph::Function stft;
  stft.integers = {transformed, arguments.positive_integer("sequence_stride"), length};
  x = add_function(call, "spectrogram", {x, window_of(call, length)}, DType::Float32,
                   std::move(stft));
  const double exponent = arguments.number("mag_exp", 2);
  if (exponent != 1) x = with_number(call, "power", x, exponent);
  MelScale scale;
  scale.mel_bins = arguments.positive_integer("num_mel_bins");
  scale.spectrogram_bins = transformed / 2 + 1;
  scale.sampling_rate = arguments.number("sampling_rate", 16000);
  scale.lowest = arguments.number("min_freq", 20);
  scale.highest = arguments.number("max_freq", std::floor(scale.sampling_rate / 2));
  if (scale.mel_bins > 1 << 14 || scale.spectrogram_bins > 1 << 16 || scale.spectrogram_bins < 2) {
    throw Refusal{"it has too many bands, or none"};
  }
  const ValueId bands =
      call.add_constant("bands", mel_bands(scale), {scale.mel_bins, scale.spectrogram_bins});
  x = applied(call, "matmul", {bands, x});
  return arguments.boolean("power_to_db", true) ? decibels(call, x) : x;
}

}  // namespace

const LayerKind mel_spectrogram_kind{mel_arguments, no_variables, lower_mel};
const LayerKind stft_spectrogram_kind{stft_arguments, stft_variables, lower_stft};

}  // namespace tensorferry::keras
