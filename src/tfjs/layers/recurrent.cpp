#include <fmt/format.h>

#include "tfjs/activations.h"
#include "tfjs/layers/families.h"
#include "tfjs/refusal.h"
#include "tfjs/weights.h"

namespace tensorferry::tfjs {
namespace {

// A function within the steps is TF.js's own, or there is none.
std::string step_function(const LayerCall& call, std::string_view argument) {
  const Activation function = activation_of(call, argument);
  std::string name = native_name(function, call.generation());
  if (name.empty()) {
    throw Refusal{fmt::format("TF.js has no `{}` \"{}\" within the steps of a recurrent layer.",
                              argument,
                              function.layer ? function.layer->class_name : function.name)};
  }
  return name;
}

void require_known_cell(const LayerCall& call) {
  if (call.arguments().boolean("time_major", false)) {
    throw Refusal{"It takes the time before the batch (`time_major`), and TF.js the batch first."};
  }
  if (call.layer().class_name == "GRU" && call.arguments().boolean("reset_after", false)) {
    throw Refusal{"TF.js has no GRU whose reset gate acts behind the matrix (`reset_after=True`)."};
  }
}

Json recurrent_config(const LayerCall& call) {
  const keras::Arguments& arguments = call.arguments();
  Json config = {{"units", arguments.positive_integer("units")},
                 {"activation", step_function(call, "activation")},
                 {"use_bias", arguments.boolean("use_bias", true)},
                 {"return_sequences", arguments.boolean("return_sequences", false)},
                 {"return_state", arguments.boolean("return_state", false)},
                 {"go_backwards", arguments.boolean("go_backwards", false)},
                 {"dropout", arguments.number("dropout", 0)},
                 {"recurrent_dropout", arguments.number("recurrent_dropout", 0)}};
  if (call.layer().class_name != "SimpleRNN") {
    config["recurrent_activation"] = step_function(call, "recurrent_activation");
  }
  if (call.layer().class_name == "GRU") {
    config["reset_after"] = false;
  }
  return config;
}

}  // namespace

// tfjs-layers/src/layers/recurrent.ts: the gates stand as in Keras (i, f, c, o and z, r, h), and so
// do the states among the inputs and outputs.
Tensor lower_recurrent(LayerCall& call) {
  require_known_cell(call);
  const Json config = recurrent_config(call);
  const std::size_t states = call.layer().class_name == "LSTM" ? 2 : 1;
  if (call.inputs().size() != 1 && call.inputs().size() != 1 + states) {
    throw Refusal{fmt::format("It is given {} initial states where it has {}.",
                              call.inputs().size() - 1, states)};
  }
  std::vector<LayerWeight> weights;
  for (const char* role : {"kernel", "recurrent_kernel", "bias"}) {
    if (call.has_weight(role)) {
      const tensor::TensorRef& stored = call.stored(role);
      weights.push_back(stored_weight(role, stored, stored.shape));
    }
  }
  const Tensor y = call.add("", call.layer().class_name, config, call.inputs(), std::move(weights));
  if (call.arguments().boolean("return_state", false)) {
    std::vector<Tensor> last(states, y);
    for (std::uint32_t i = 0; i < states; ++i) {
      last[i].tensor = i + 1;
      last[i].shape = {y.shape[0], config["units"].get<std::int64_t>()};
    }
    call.also_returns(std::move(last));
  }
  if (call.arguments().boolean("stateful", false)) {
    call.note("stateful",
              "In Keras the layer goes on from the states of the batch before; here each call "
              "begins at zero, unless states are given to it.");
  }
  return y;
}

}  // namespace tensorferry::tfjs
