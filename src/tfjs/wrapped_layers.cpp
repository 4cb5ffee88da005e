#include <fmt/format.h>

#include <algorithm>

#include "tfjs/layers/directions.h"
#include "tfjs/masks.h"
#include "tfjs/model_lowering.h"
#include "tfjs/refusal.h"

/// Layers that hold layers or a model of any class.
namespace tensorferry::tfjs {
namespace {

/// A model of the one layer, as a network of its own.
std::shared_ptr<const keras::Model> model_of(const keras::Layer& layer, const std::string& name) {
  keras::Model model;
  model.kind = keras::ModelKind::Sequential;
  model.name = name;
  keras::Layer input;
  input.class_name = input.original_class_name = "InputLayer";
  input.name = name + "_input";
  const bool whole = layer.class_name == "Embedding";
  input.dtype = input.compute_dtype = whole ? "int32" : "float32";
  input.config = Json::object();
  input.calls.emplace_back();
  const keras::TensorHandle x{0, 0, 0};
  const keras::TensorHandle y{1, 0, 0};
  model.inputs = {{x, input.name}};
  model.outputs = {{y, layer.name}};
  model.layers = {std::move(input), layer};
  model.layers[1].calls = {keras::Call{{keras::Argument{x}}, {}}};
  return std::make_shared<const keras::Model>(std::move(model));
}

}  // namespace

// tfjs-layers/src/layers/wrappers.ts: a layer of any class, a model too, that takes one tensor and
// gives one. Its weights have the names of the wrapper's own.
Tensor ModelLowering::make_time_distributed(Scope& scope, const keras::Layer& layer,
                                            const Tensor& input) {
  const keras::Layer& wrapped = layer.wrapped.front();
  Tensor step = input;
  step.shape.erase(step.shape.begin() + 1);
  step.masked = false;
  step.mask = nullptr;
  NetworkLayer made;
  made.class_name = "TimeDistributed";
  made.name = scope.builder.name_of(layer.name);
  std::shared_ptr<Network> network;
  if (wrapped.model != nullptr) {
    network = lower(*wrapped.model, {step});
  } else {
    steps_.push_back(model_of(wrapped, layer.name + "_step"));
    noted_.insert(&steps_.back()->layers[0]);
    noted_.insert(&steps_.back()->layers[1]);
    network = lower(*steps_.back(), {step});
  }
  if (network->inputs.size() != 1 || network->outputs.size() != 1) {
    throw Refusal{"TF.js has it around what takes one tensor and gives one."};
  }
  if (is_lost(network->outputs[0])) {
    throw Refusal{"It wraps what TF.js cannot have."};
  }
  Tensor result = network->outputs[0];
  result.shape.insert(result.shape.begin() + 1, input.shape[1]);
  const bool is_one_layer = wrapped.model == nullptr && network->layers.size() == 2 &&
                            network->layers[1].network == nullptr &&
                            network->layers[1].calls.size() == 1;
  if (is_one_layer) {
    NetworkLayer& only = network->layers[1];
    Json config = only.config;
    config["name"] = only.name;
    made.config = {{"layer", {{"class_name", only.class_name}, {"config", std::move(config)}}}};
    made.weights = std::move(only.weights);
  } else {
    network->name = layer.name + "_step";
    made.network = std::move(network);
  }
  scope.builder.network.layers.push_back(std::move(made));
  result.layer = static_cast<std::uint32_t>(scope.builder.network.layers.size() - 1);
  scope.builder.parts[{&layer, ""}] = {result.layer};
  return result;
}

std::vector<Tensor> ModelLowering::call_time_distributed(Scope& scope, const keras::Layer& layer,
                                                         const std::vector<Tensor>& inputs) {
  if (layer.wrapped.size() != 1 || inputs.size() != 1) {
    throw Refusal{"TF.js has it around one layer, for one tensor."};
  }
  if (is_lost(inputs[0])) {
    return {Tensor{}};
  }
  if (inputs[0].shape.size() < 3) {
    throw Refusal{"Its input has no time and values."};
  }
  auto found = scope.made.time_distributed.find(&layer);
  if (found == scope.made.time_distributed.end()) {
    const Tensor first = make_time_distributed(scope, layer, inputs[0]);
    found = scope.made.time_distributed.emplace(&layer, first).first;
    note_fate(scope, layer, {"TimeDistributed"});
  }
  Tensor output = found->second;
  NetworkLayer& made = scope.builder.network.layers[output.layer];
  if (!made.calls.empty() && made.calls.front()[0].shape != inputs[0].shape) {
    throw Refusal{"It is shared by tensors of several shapes, and TF.js has it for one."};
  }
  output.node = static_cast<std::uint32_t>(made.calls.size());
  output.tensor = 0;
  // In Keras 2 also one that its layer makes.
  const bool makes_mask = found->second.masked && root_.generation != keras::Generation::Keras3;
  output.masked = inputs[0].masked || makes_mask;
  output.mask = makes_mask ? nullptr : inputs[0].mask;
  made.calls.push_back(inputs);
  return {output};
}

// One layer after another, each by its own name.
std::vector<Tensor> ModelLowering::call_pipeline(Scope& scope, const keras::Layer& layer,
                                                 Tensor input) {
  std::vector<std::string> classes;
  for (const keras::Layer& inner : layer.wrapped) {
    noted_.insert(&inner);
    std::vector<Tensor> results = call(scope, inner, 0, {input});
    if (results.size() != 1 || is_lost(results[0])) {
      throw Refusal{"It holds what TF.js cannot have, or what gives several tensors."};
    }
    input = results[0];
    classes.push_back(inner.class_name);
  }
  note_fate(scope, layer, classes);
  return {input};
}

// Cells on one another: a layer each, which reads what the one before gives.
std::vector<Tensor> ModelLowering::call_cells(Scope& scope, const keras::Layer& rnn,
                                              const std::vector<Tensor>& inputs) {
  std::vector<Tensor> outputs{inputs.at(0)};
  auto next = inputs.begin() + 1;
  std::vector<std::string> classes;
  for (const keras::Layer& cell : rnn.wrapped) {
    const std::string& name = cell.class_name;
    if (name != "LSTM" && name != "GRU" && name != "SimpleRNN") {
      throw Refusal{fmt::format("It has a cell of class {}.", name)};
    }
    std::vector<Tensor> given{outputs[0]};
    const auto count = std::min<std::ptrdiff_t>(name == "LSTM" ? 2 : 1, inputs.end() - next);
    given.insert(given.end(), next, next + count);
    next += count;
    noted_.insert(&cell);
    std::vector<Tensor> results = call(scope, cell, 0, std::move(given));
    outputs[0] = results[0];
    outputs.insert(outputs.end(), results.begin() + 1, results.end());
    classes.push_back(name);
  }
  if (next != inputs.end() || rnn.wrapped.empty()) {
    throw Refusal{"Its cells are not those that its states belong to."};
  }
  note_fate(scope, rnn, classes);
  return outputs;
}

// Two layers of their own, the backward one's sequence turned before both meet. Half of the states
// is each one's.
std::vector<Tensor> ModelLowering::call_each_way(Scope& scope, const keras::Layer& layer,
                                                 std::uint32_t node,
                                                 const std::vector<Tensor>& inputs) {
  const keras::Layer& forward = layer.wrapped.at(0);
  const keras::Layer& backward = layer.wrapped.at(1);
  const auto says = [](const keras::Layer& one, std::string_view name) {
    return keras::Arguments(one.name, one.config).boolean(name, false);
  };
  for (const char* name : {"return_sequences", "return_state"}) {
    if (says(forward, name) != says(backward, name)) {
      throw Refusal{fmt::format("Its layers differ in `{}`.", name)};
    }
  }
  if (says(forward, "go_backwards") == says(backward, "go_backwards")) {
    throw Refusal{"Both its layers read one way."};
  }
  const auto half = static_cast<std::ptrdiff_t>(inputs.size() / 2);
  std::vector<Tensor> of_forward(inputs.begin(), inputs.end() - half);
  std::vector<Tensor> of_backward{inputs.at(0)};
  of_backward.insert(of_backward.end(), inputs.end() - half, inputs.end());
  if (of_forward.size() != of_backward.size()) {
    throw Refusal{fmt::format("It is given {} initial states.", inputs.size() - 1)};
  }
  std::vector<std::vector<Tensor>> made;
  for (const keras::Layer* one : {&forward, &backward}) {
    noted_.insert(one);
    made.push_back(call(scope, *one, 0, one == &forward ? of_forward : of_backward));
    if (is_lost(made.back()[0])) return {Tensor{}};
  }
  if (made[0][0].shape.size() != made[1][0].shape.size()) {
    throw Refusal{"Its layers give tensors of several ranks."};
  }
  LayerCall joining(scope.builder, root_.tensors, root_.generation, layer, inputs, node);
  const bool sequences = says(forward, "return_sequences");
  if (made[0][0].masked && sequences) note_masked_outputs(joining);
  std::vector<Tensor> outputs = joined_directions(joining, made[0][0], made[1][0], sequences);
  for (Tensor& output : outputs) {
    output.masked = made[0][0].masked;
    output.mask = made[0][0].mask;
  }
  for (const std::vector<Tensor>& values : made) {
    outputs.insert(outputs.end(), values.begin() + 1, values.end());
  }
  note_fate(scope, layer, {forward.class_name, backward.class_name});
  return outputs;
}

}  // namespace tensorferry::tfjs
