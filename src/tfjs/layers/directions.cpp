#include "tfjs/layers/directions.h"

#include <fmt/format.h>

#include <array>

#include "keras/keras_version.h"
#include "tfjs/refusal.h"
#include "tfjs/steps.h"
#include "tfjs/weights.h"

namespace tensorferry::tfjs {
namespace {

std::vector<float> identity(std::uint64_t n) {
  std::vector<float> values(n * n, 0.0F);
  for (std::uint64_t i = 0; i < n; ++i) {
    values[i * n + i] = 1;
  }
  return values;
}

// An RNN that keeps nothing and reads backwards.
Tensor reverse_vectors(LayerCall& call, std::string_view part, const Tensor& x) {
  const auto n = static_cast<std::uint64_t>(x.shape.back());
  return call.add(part, "SimpleRNN",
                  {{"units", n},
                   {"activation", "linear"},
                   {"use_bias", false},
                   {"return_sequences", true},
                   {"return_state", false},
                   {"go_backwards", true},
                   {"trainable", false}},
                  {x},
                  {constant_weight("kernel", {n, n}, identity(n)),
                   filled_weight("recurrent_kernel", {n, n}, 0.0F)});
}

// A ConvLSTM likewise: its gates are 1, 0 and 1 (TF.js's hard sigmoid is so from 2.5 on), whatever
// the maps, and it adds them to nothing.
Tensor reverse_maps(LayerCall& call, std::string_view part, const Tensor& x) {
  const auto n = static_cast<std::uint64_t>(x.shape.back());
  constexpr std::uint64_t gates = 4;
  constexpr std::uint64_t candidate = 2;
  std::vector<float> kernel(n * gates * n, 0.0F);
  std::vector<float> bias(gates * n, 0.0F);
  constexpr std::array<float, gates> of_gates = {3, -3, 0, 3};
  for (std::uint64_t i = 0; i < n; ++i) {
    kernel[i * gates * n + candidate * n + i] = 1;
    for (std::uint64_t gate = 0; gate < gates; ++gate) bias[gate * n + i] = of_gates.at(gate);
  }
  return call.add(part, "ConvLSTM2D",
                  {{"filters", n},
                   {"kernel_size", {1, 1}},
                   {"strides", {1, 1}},
                   {"padding", "valid"},
                   {"dilation_rate", {1, 1}},
                   {"activation", "linear"},
                   {"recurrent_activation", "hard_sigmoid"},
                   {"use_bias", true},
                   {"data_format", "channels_last"},
                   {"return_sequences", true},
                   {"return_state", false},
                   {"go_backwards", true},
                   {"trainable", false}},
                  {x},
                  {constant_weight("kernel", {1, 1, n, gates * n}, kernel),
                   filled_weight("recurrent_kernel", {1, 1, n, gates * n}, 0.0F),
                   constant_weight("bias", {gates * n}, bias)});
}

std::vector<Tensor> merged(LayerCall& call, const Tensor& a, const Tensor& b) {
  const Json mode = merge_mode_of(call);
  if (mode.is_null()) {
    return {a, b};
  }
  if (mode == "concat") {
    return {concatenate(call, "", {a, b}, a.shape.size() - 1)};
  }
  const char* class_name = mode == "sum" ? "Add" : mode == "mul" ? "Multiply" : "Average";
  return {call.add("", class_name, Json::object(), {a, b})};
}

// Without what says how it is trained, computed, or called.
Json meaning_of(const keras::Layer& layer) {
  Json meaning = Json::object();
  for (const auto& [name, value] : layer.config.items()) {
    const std::string_view view = name;
    const bool of_training = view.ends_with("_initializer") || view.ends_with("_regularizer") ||
                             view.ends_with("_constraint") || view == "unit_forget_bias";
    const bool of_making = view == "name" || view == "dtype" || view == "seed" ||
                           view == "implementation" || view == "build_config" ||
                           view.starts_with("batch_") || view == "input_shape";
    if (!of_training && !of_making && view != "go_backwards" && !value.is_null()) {
      meaning[name] = value;
    }
  }
  meaning["trainable"] = layer.trainable;
  return meaning;
}

}  // namespace

Tensor reverse_time(LayerCall& call, std::string_view part, const Tensor& x) {
  if (x.shape.size() == 3) return reverse_vectors(call, part, x);
  if (x.shape.size() == 5) return reverse_maps(call, part, x);
  if (x.shape.size() != 4) throw Refusal{"TF.js turns sequences of vectors and of maps."};
  const std::string name(part);
  const Tensor wide = reshape(call, name + "_wide", x, {x.shape[1], x.shape[2], 1, x.shape[3]});
  const Tensor turned = reverse_maps(call, part, wide);
  return reshape(call, name + "_narrow", turned, {x.shape[1], x.shape[2], x.shape[3]});
}

Json merge_mode_of(const LayerCall& call) {
  if (const Json* mode = call.arguments().find("merge_mode")) {
    return *mode;
  }
  return call.layer().config.contains("merge_mode") ? Json() : Json("concat");
}

// keras/src/layers/rnn/bidirectional.py
std::vector<Tensor> joined_directions(LayerCall& call, const Tensor& forward,
                                      const Tensor& backward, bool sequences) {
  return merged(call, forward, sequences ? reverse_time(call, "turned", backward) : backward);
}

void note_masked_outputs(LayerCall& call) {
  const std::string& version = call.keras_version();
  if (!keras::may_repeat_masked_outputs(version)) return;
  call.warn("masked-outputs",
            fmt::format("At steps that its mask leaves out it makes zeros, as today's Keras does "
                        "with this file; Keras {}, which wrote it, may have repeated the last "
                        "output there.",
                        version));
}

bool has_two_layers(const keras::Layer& bidirectional) {
  const std::vector<keras::Layer>& two = bidirectional.wrapped;
  if (two.size() != 2) return false;
  const std::string& class_name = two[0].class_name;
  const bool is_one_of_tfjs =
      class_name == "LSTM" || class_name == "GRU" || class_name == "SimpleRNN";
  return !is_one_of_tfjs || class_name != two[1].class_name ||
         meaning_of(two[0]) != meaning_of(two[1]);
}

}  // namespace tensorferry::tfjs
