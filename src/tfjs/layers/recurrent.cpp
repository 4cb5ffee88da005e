#include "tfjs/layers/recurrent.h"

#include <fmt/format.h>

#include "tfjs/activations.h"
#include "tfjs/layers/cudnn.h"
#include "tfjs/layers/directions.h"
#include "tfjs/layers/families.h"
#include "tfjs/layers/masking.h"
#include "tfjs/layers/matrices.h"
#include "tfjs/layers/reset_after.h"
#include "tfjs/layers/table.h"
#include "tfjs/refusal.h"
#include "tfjs/steps.h"
#include "tfjs/weights.h"

namespace tensorferry::tfjs {
namespace {

Json recurrent_config(const LayerCall& call) {
  const keras::Arguments& arguments = call.arguments();
  Json config = {{"units", arguments.positive_integer("units")},
                 {"activation", is_cudnn(call) ? "tanh" : step_function(call, "activation")},
                 {"use_bias", arguments.boolean("use_bias", true)},
                 {"return_sequences", arguments.boolean("return_sequences", false)},
                 {"return_state", arguments.boolean("return_state", false)},
                 {"go_backwards", arguments.boolean("go_backwards", false)},
                 {"dropout", arguments.number("dropout", 0)},
                 {"recurrent_dropout", arguments.number("recurrent_dropout", 0)}};
  if (call.layer().class_name != "SimpleRNN") {
    config["recurrent_activation"] =
        is_cudnn(call) ? "sigmoid" : step_function(call, "recurrent_activation");
  }
  if (call.layer().class_name == "GRU") {
    config["reset_after"] = call.arguments().boolean("reset_after", false);
  }
  return config;
}

std::size_t states_of(const keras::Layer& layer) {
  return layer.class_name.ends_with("LSTM") ? 2 : 1;
}

void require_states(const LayerCall& call, std::size_t states) {
  if (call.inputs().size() != 1 && call.inputs().size() != 1 + states) {
    throw Refusal{fmt::format("It is given {} initial states where it has {}.",
                              call.inputs().size() - 1, states)};
  }
}

void append_weights(LayerCall& call, const std::string& path, std::vector<LayerWeight>& weights) {
  weights.push_back(kernel_under_mask(call, path + "kernel", call.stored("kernel")));
  for (const char* role : {"recurrent_kernel", "bias"}) {
    if (call.has_weight(role)) {
      const tensor::TensorRef& stored = call.stored(role);
      weights.push_back(stored_weight(path + role, stored, stored.shape));
    }
  }
}

/// The tensors behind the first one, which is `y`: `outputs` of its shape, then the last states.
std::vector<Tensor> further_tensors(const Tensor& y, std::size_t outputs, std::size_t states,
                                    std::int64_t units) {
  std::vector<Tensor> tensors(outputs + states, y);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    tensors[i].tensor = static_cast<std::uint32_t>(i + 1);
    if (i >= outputs) {
      tensors[i].shape = {y.shape[0], units};
    }
  }
  return tensors;
}

void require_known_wrapped(const LayerCall& inner) {
  const std::string& class_name = inner.layer().class_name;
  if (class_name != "LSTM" && class_name != "GRU" && class_name != "SimpleRNN") {
    throw Refusal{fmt::format("It wraps a layer of class {}.", class_name)};
  }
  require_known_arguments(inner.layer(), *find_layer_kind(class_name));
  require_batch_first(inner.arguments());
}

/// A wrapped layer that TF.js has, as an argument of the wrapper's.
Json wrapped_config(const LayerCall& inner) {
  Json config = recurrent_config(inner);
  config["trainable"] = inner.layer().trainable;
  return config;
}

/// The inputs of a layer of TF.js, the first with its mask if it has one.
std::vector<Tensor> inputs_under_mask(LayerCall& call) {
  std::vector<Tensor> inputs = call.inputs();
  if (call.mask() != nullptr) {
    inputs[0] = with_mask(call, inputs[0], mask_tensor(call, *call.mask()));
  }
  return inputs;
}

/// TF.js gives a mask along with all that it returns, the states as well, where it returns a
/// sequence.
void take_masks_off(LayerCall& call, std::vector<Tensor>& outputs, bool return_sequences) {
  for (std::size_t i = 0; call.mask() != nullptr && return_sequences && i < outputs.size(); ++i) {
    outputs[i] = without_mask(call, fmt::format("output_{}", i), outputs[i]);
  }
}

void require_plain_mask(const LayerCall& call, const keras::Arguments& arguments,
                        bool zero_output) {
  if (call.mask() == nullptr) {
    return;
  }
  if (zero_output && arguments.boolean("unroll", false)) {
    throw Refusal{"It is unrolled and makes zeros where its mask is off."};
  }
  if (zero_output && !arguments.boolean("return_sequences", false)) {
    throw Refusal{"Its last output under a mask is not its last state."};
  }
}

/// 1 from the first time on at which the mask is on, in the order in which the layer reads.
Tensor has_begun(LayerCall& call, const Tensor& mask, bool backwards) {
  const std::int64_t length = mask.shape[1];
  AxisMatrix until = axis_matrix(length, length);
  for (std::int64_t from = 0; from < length; ++from) {
    for (std::int64_t to = from; to < length; ++to) {
      until.at(backwards ? length - 1 - from : from, to) = 1;
    }
  }
  const Tensor count =
      multiply_axis(call, "begun", reshape(call, "mask_in_time", mask, {length}), 1, until);
  return reshape(call, "begun_steps", relu(call, "has_begun", count, 1), {length, 1});
}

/// tfjs-layers/src/layers/recurrent.ts: rnn repeats the last state where the mask is off, as Keras
/// does the last output (keras/src/backend/tensorflow/rnn.py). Before the first time at which it is
/// on that is zero in Keras, and in TF.js the initial state. `zero_output`: it is always zero.
void mend_masked_outputs(LayerCall& call, const keras::Arguments& arguments, bool zero_output,
                         std::vector<Tensor>& outputs, std::size_t count) {
  const bool has_states = call.inputs().size() > 1;
  if (call.mask() == nullptr || (!zero_output && !has_states)) {
    return;
  }
  Tensor on = mask_tensor(call, *call.mask());
  const bool backwards = arguments.boolean("go_backwards", false);
  if (zero_output && backwards) {
    on = reverse_time(call, "mask_as_read", on);
  } else if (!zero_output && arguments.boolean("return_sequences", false)) {
    on = has_begun(call, on, backwards);
  } else if (!zero_output) {
    on = call.add("any_step", "GlobalMaxPooling1D", Json::object(), {on});
  }
  for (std::size_t i = 0; i < count; ++i) {
    outputs[i] = zero_outside(call, fmt::format("zeros_{}", i), outputs[i], on);
  }
}

Tensor return_all(LayerCall& call, std::vector<Tensor> outputs) {
  call.also_returns({outputs.begin() + 1, outputs.end()});
  return outputs[0];
}

std::vector<Tensor> bidirectional_gru(LayerCall& call, LayerCall& forward, LayerCall& backward) {
  const std::vector<Tensor>& inputs = call.inputs();
  const auto given = [&](std::size_t i) {
    return inputs.size() > 1 ? std::vector<Tensor>{inputs.at(i)} : std::vector<Tensor>{};
  };
  const GruOutputs one = call_reset_after_gru(forward, inputs[0], given(1));
  const GruOutputs other = call_reset_after_gru(backward, inputs[0], given(2));
  const bool sequences = backward.arguments().boolean("return_sequences", false);
  std::vector<Tensor> outputs = joined_directions(call, one.y, other.y, sequences);
  if (forward.arguments().boolean("return_state", false)) {
    outputs.insert(outputs.end(), {one.state, other.state});
  }
  note_reset_after_gru(call, forward);
  return outputs;
}

}  // namespace

void require_batch_first(const keras::Arguments& arguments) {
  if (arguments.boolean("time_major", false)) {
    throw Refusal{
        "It takes the time before the batch (`time_major`), and no layer of TF.js moves the "
        "batch."};
  }
}

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

void note_stateful(LayerCall& call, const keras::Arguments& arguments) {
  if (arguments.boolean("stateful", false)) {
    call.note("stateful",
              "In Keras the layer goes on from the states of the batch before; here each call "
              "begins at zero, unless states are given to it.");
  }
}

// tfjs-layers/src/layers/recurrent.ts: the gates stand as in Keras (i, f, c, o and z, r, h), and so
// do the states among the inputs and outputs.
Tensor lower_recurrent(LayerCall& call) {
  require_batch_first(call.arguments());
  const std::size_t states = states_of(call.layer());
  require_states(call, states);
  note_stateful(call, call.arguments());
  const bool return_state = call.arguments().boolean("return_state", false);
  const bool zero_output = call.arguments().boolean("zero_output_for_mask", false);
  require_plain_mask(call, call.arguments(), zero_output);
  if (is_cudnn(call) && call.inputs()[0].masked) throw Refusal{"Keras takes no mask there."};
  std::vector<Tensor> outputs;
  if (is_reset_after_gru(call)) {
    const std::vector<Tensor>& inputs = call.inputs();
    const GruOutputs made =
        call_reset_after_gru(call, inputs[0], {inputs.begin() + 1, inputs.end()});
    note_reset_after_gru(call, call);
    outputs = {made.y};
    if (return_state) outputs.push_back(made.state);
  } else {
    const Json config = recurrent_config(call);
    std::vector<Tensor> inputs = inputs_under_mask(call);
    std::vector<LayerWeight> weights;
    if (is_cudnn(call)) {
      inputs[0] = products_of_input(call, inputs[0]);
      weights = cudnn_lstm_weights(call);
    } else {
      append_weights(call, "", weights);
    }
    const std::string class_name = is_cudnn(call) ? "LSTM" : call.layer().class_name;
    outputs = {call.add("", class_name, config, std::move(inputs), std::move(weights))};
    const std::vector<Tensor> further = further_tensors(outputs[0], 0, return_state ? states : 0,
                                                        config["units"].get<std::int64_t>());
    outputs.insert(outputs.end(), further.begin(), further.end());
    take_masks_off(call, outputs, config["return_sequences"].get<bool>());
  }
  mend_masked_outputs(call, call.arguments(), zero_output, outputs, 1);
  return return_all(call, std::move(outputs));
}

// tfjs-layers/src/layers/wrappers.ts makes both layers of the forward one's config, and calls them
// "forward_" and "backward_" and its name.
Tensor lower_bidirectional(LayerCall& call) {
  const std::vector<keras::Layer>& wrapped = call.layer().wrapped;
  if (wrapped.size() != 2) {
    throw Refusal{"Its layers are not known."};
  }
  LayerCall forward = call.of_argument(wrapped[0], call.inputs().at(0), "forward");
  LayerCall backward = call.of_argument(wrapped[1], call.inputs().at(0), "backward");
  require_known_wrapped(forward);
  require_known_wrapped(backward);
  Json config = wrapped_config(forward);
  Json other = wrapped_config(backward);
  other["go_backwards"] = !other["go_backwards"].get<bool>();
  if (wrapped[0].class_name != wrapped[1].class_name || config != other) {
    throw Refusal{"Its backward layer is another one than its forward layer."};
  }
  const std::size_t states = 2 * states_of(wrapped[0]);
  require_states(call, states);
  note_stateful(call, forward.arguments());
  const Json merge_mode = merge_mode_of(call);
  const bool sequences = config["return_sequences"].get<bool>();
  require_plain_mask(call, forward.arguments(), sequences);
  const auto finished = [&](std::vector<Tensor> outputs) {
    mend_masked_outputs(call, forward.arguments(), sequences, outputs,
                        merge_mode.is_null() ? 2 : 1);
    if (call.mask() != nullptr && sequences) note_masked_outputs(call);
    return return_all(call, std::move(outputs));
  };
  if (is_reset_after_gru(forward)) {
    return finished(bidirectional_gru(call, forward, backward));
  }
  const std::int64_t units = config["units"].get<std::int64_t>();
  const bool return_state = config["return_state"].get<bool>();
  config["name"] = "layer";
  std::vector<LayerWeight> weights;
  append_weights(forward, "forward_layer/", weights);
  append_weights(backward, "backward_layer/", weights);
  const Tensor y =
      call.add("", "Bidirectional",
               {{"layer", {{"class_name", wrapped[0].class_name}, {"config", std::move(config)}}},
                {"merge_mode", merge_mode}},
               inputs_under_mask(call), std::move(weights));
  std::vector<Tensor> outputs =
      further_tensors(y, merge_mode.is_null() ? 1 : 0, return_state ? states : 0, units);
  outputs.insert(outputs.begin(), y);
  take_masks_off(call, outputs, sequences);
  return finished(std::move(outputs));
}

}  // namespace tensorferry::tfjs
