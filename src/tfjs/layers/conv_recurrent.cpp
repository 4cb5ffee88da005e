#include <fmt/format.h>

#include "tfjs/layers/families.h"
#include "tfjs/layers/recurrent.h"
#include "tfjs/layers/windows.h"
#include "tfjs/refusal.h"

namespace tensorferry::tfjs {
namespace {

/// The maps of the layer, which become those of a ConvLSTM2D with the channels last.
struct Maps {
  std::size_t rank = 2;
  bool first = false;  ///< the channels stand before the spatial axes
};

Tensor to_maps(LayerCall& call, const Maps& maps, const Tensor& x) {
  Tensor y = x;
  if (maps.first) {
    y = permute(
        call, "channels_last", y,
        maps.rank == 1 ? std::vector<std::size_t>{1, 3, 2} : std::vector<std::size_t>{1, 3, 4, 2});
  }
  if (maps.rank == 1) {
    Shape shape = without_batch(y.shape);
    shape.insert(shape.end() - 1, 1);
    y = reshape(call, "to_2d", y, shape);
  }
  return y;
}

/// `lead` axes stand before a map's: the batch, and the time of a sequence.
Tensor from_maps(LayerCall& call, const Maps& maps, const std::string& part, const Tensor& x,
                 std::size_t lead) {
  Tensor y = x;
  if (maps.rank == 1) {
    Shape shape = without_batch(y.shape);
    shape.erase(shape.end() - 2);
    y = reshape(call, part + "_1d", y, shape);
  }
  if (maps.first) {
    std::vector<std::size_t> axes;
    for (std::size_t axis = 1; axis < lead; ++axis) axes.push_back(axis);
    axes.push_back(lead + maps.rank);
    for (std::size_t i = 0; i < maps.rank; ++i) axes.push_back(lead + i);
    y = permute(call, part + "_first", y, axes);
  }
  return y;
}

LayerWeight kernel_2d(const LayerCall& call, const std::string& role) {
  const tensor::TensorRef& stored = call.stored(role);
  tensor::Shape shape = stored.shape;
  if (shape.size() == 3) shape.insert(shape.begin() + 1, 1);
  return stored_weight(role, stored, shape);
}

std::string function_of_step(const LayerCall& call, const Maps& maps, std::string_view argument) {
  if (maps.first && !is_elementwise(activation_of(call, argument))) {
    throw Refusal{
        fmt::format("Its `{}` looks along the last axis of maps that have the channels "
                    "first.",
                    argument)};
  }
  return step_function(call, argument);
}

Json conv_lstm_config(const LayerCall& call, const Maps& maps) {
  const keras::Arguments& arguments = call.arguments();
  ConvArguments window = conv_arguments(call, maps.rank);
  if (maps.rank == 1) window = twin_2d(window);
  Json config = conv_config(window);
  config["filters"] = window.filters;
  config["activation"] = function_of_step(call, maps, "activation");
  config["recurrent_activation"] = function_of_step(call, maps, "recurrent_activation");
  for (const char* name : {"return_sequences", "return_state", "go_backwards"}) {
    config[name] = arguments.boolean(name, false);
  }
  for (const char* name : {"dropout", "recurrent_dropout"}) {
    config[name] = arguments.number(name, 0);
  }
  return config;
}

}  // namespace

// tfjs-layers/src/layers/convolutional_recurrent.ts: the gates stand as in Keras (i, f, c, o).
Tensor lower_conv_lstm(LayerCall& call) {
  const Maps maps{call.layer().class_name == "ConvLSTM1D" ? 1U : 2U, is_channels_first(call)};
  if (call.inputs().size() != 1) {
    throw Refusal{"TF.js does not know the shape of its result where it is given initial states."};
  }
  const Json config = conv_lstm_config(call, maps);
  std::vector<LayerWeight> weights{kernel_2d(call, "kernel"), kernel_2d(call, "recurrent_kernel")};
  if (call.has_weight("bias")) {
    const tensor::TensorRef& bias = call.stored("bias");
    weights.push_back(stored_weight("bias", bias, bias.shape));
  }
  const Tensor made =
      call.add("", "ConvLSTM2D", config, {to_maps(call, maps, call.input())}, std::move(weights));
  const bool sequences = config["return_sequences"].get<bool>();
  std::vector<Tensor> further;
  for (std::uint32_t i = 1; config["return_state"].get<bool>() && i <= 2; ++i) {
    Tensor state = made;
    state.tensor = i;
    if (sequences) state.shape.erase(state.shape.begin() + 1);
    further.push_back(from_maps(call, maps, fmt::format("last{}", i), state, 1));
  }
  call.also_returns(std::move(further));
  note_stateful(call, call.arguments());
  return from_maps(call, maps, "result", made, sequences ? 2 : 1);
}

}  // namespace tensorferry::tfjs
