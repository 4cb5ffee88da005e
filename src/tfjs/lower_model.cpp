#include "tfjs/lower_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "io/error.h"
#include "keras/layers/augmentation.h"
#include "tfjs/activations.h"
#include "tfjs/builder.h"
#include "tfjs/keras_calls.h"
#include "tfjs/layers/directions.h"
#include "tfjs/layers/recurrent.h"
#include "tfjs/layers/table.h"
#include "tfjs/loose_masks.h"
#include "tfjs/masks.h"
#include "tfjs/model_lowering.h"
#include "tfjs/network_rules.h"
#include "tfjs/reasons.h"
#include "tfjs/refusal.h"

namespace tensorferry::tfjs {
namespace {

Shape input_shape(const keras::Layer& layer) {
  for (const char* name : {"batch_shape", "batch_input_shape"}) {
    const keras::Arguments arguments(layer.name, layer.config);
    const Json* given = arguments.find(name);
    const Json* items = given == nullptr ? nullptr : keras::list_items(*given);
    if (items != nullptr) {
      Shape shape;
      for (const Json& extent : *items) {
        shape.push_back(extent.is_null() ? unknown : extent.get<std::int64_t>());
      }
      return shape;
    }
  }
  throw Refusal{"TF.js needs the shape of the model's input, and the file does not tell it."};
}

std::string input_dtype(const keras::Layer& layer) {
  const std::string& dtype = layer.dtype;
  if (dtype.find("float") != std::string::npos) {
    return "float32";
  }
  if (dtype.find("int") != std::string::npos) {
    return "int32";
  }
  if (dtype == "bool") {
    return dtype;
  }
  throw Refusal{fmt::format("TF.js has no numbers of dtype \"{}\".", dtype)};
}

Json shape_json(const Shape& shape) {
  Json result = Json::array();
  for (const std::int64_t extent : shape) {
    result.push_back(extent == unknown ? Json() : Json(extent));
  }
  return result;
}

std::string list_of_classes(const std::vector<std::string>& classes) {
  std::string text;
  for (auto at = classes.begin(); at != classes.end(); ++at) {
    if (std::find(classes.begin(), at, *at) != at) {
      continue;
    }
    const auto count = std::count(classes.begin(), classes.end(), *at);
    text += (text.empty() ? "" : " + ") + *at + (count == 1 ? "" : fmt::format(" × {}", count));
  }
  return text;
}

bool is_masked(const std::vector<Tensor>& tensors) {
  return std::any_of(tensors.begin(), tensors.end(),
                     [](const Tensor& tensor) { return tensor.masked; });
}

std::string sentence_of(const io::Notes& refused) {
  std::string text = refused.size() == 1
                         ? "TF.js cannot have one of the layers: "
                         : fmt::format("TF.js cannot have {} of the layers: ", refused.size());
  for (const io::Note& note : refused) {
    text += fmt::format("\"{}\" ({}) ", note.layer, note.text);
  }
  text +=
      "PyTorch (--to pytorch) takes all but classes that it does not know, and makes stubs of "
      "those.";
  return text;
}

}  // namespace

void ModelLowering::refuse(const keras::Layer& layer, const std::string& reason) {
  if (refused_layers_.insert(&layer).second) {
    refused_.push_back({io::Severity::Refused, layer.name, "layer-unsupported",
                        fmt::format("{}: {}", layer.class_name, reason)});
  }
}

void ModelLowering::add_inputs(Scope& scope, const std::vector<Tensor>& given) {
  for (std::size_t i = 0; i < scope.model.inputs.size(); ++i) {
    const std::uint32_t index = scope.model.inputs[i].tensor.layer;
    const keras::Layer& layer = scope.model.layers.at(index);
    Tensor tensor;
    try {
      tensor.shape = i < given.size() && layer.config.is_object() &&
                             !layer.config.contains("batch_shape") &&
                             !layer.config.contains("batch_input_shape")
                         ? given[i].shape
                         : input_shape(layer);
      tensor.masked = i < given.size() && given[i].masked;
      tensor.layer = static_cast<std::uint32_t>(scope.builder.network.layers.size());
      NetworkLayer input;
      input.class_name = "InputLayer";
      input.name = scope.builder.name_of(layer.name);
      input.config = {{"batch_input_shape", shape_json(tensor.shape)},
                      {"dtype", input_dtype(layer)},
                      {"sparse", false}};
      scope.builder.parts[{&layer, ""}] = {tensor.layer};
      scope.builder.network.layers.push_back(std::move(input));
      note_fate(scope, layer, {"InputLayer"});
    } catch (const Refusal& refusal) {
      refuse(layer, refusal.reason);
      tensor = {};
    }
    scope.builder.network.inputs.push_back(tensor);
    scope.values[index] = {{tensor}};
  }
}

std::vector<Tensor> ModelLowering::outputs_of(const Scope& scope) const {
  std::vector<Tensor> outputs;
  for (const keras::ModelOutput& output : scope.model.outputs) {
    const auto& calls = scope.values.at(output.tensor.layer);
    if (output.tensor.node >= calls.size() ||
        output.tensor.tensor >= calls[output.tensor.node].size()) {
      throw io::Error(io::ErrorCode::GraphCycle,
                      fmt::format("Output \"{}\" of model \"{}\" is reached by no layer whose "
                                  "inputs are there.",
                                  output.name, scope.model.name));
    }
    outputs.push_back(calls[output.tensor.node][output.tensor.tensor]);
  }
  return outputs;
}

/// TF.js hands no mask into a model or out of one: its layers stand in the network around it.
std::vector<Tensor> ModelLowering::call_opened(Scope& scope, const keras::Layer& layer,
                                               const std::vector<Tensor>& inputs) {
  const keras::Model& model = *layer.model;
  if (std::any_of(inputs.begin(), inputs.end(), is_lost)) {
    return std::vector<Tensor>(model.outputs.size());
  }
  Scope inner{model, scope.made, scope.builder, Values(model.layers.size())};
  for (std::size_t i = 0; i < model.inputs.size(); ++i) {
    const std::uint32_t index = model.inputs[i].tensor.layer;
    inner.values.at(index) = {{inputs.at(i)}};
  }
  call_layers(inner);
  if (noted_.insert(&layer).second) {
    result_.layers.push_back({layer.name, "its layers, in the model around it"});
    result_.notes.push_back({io::Severity::Info, layer.name, "model-opened",
                             "TF.js hands no mask into a model or out of one: its layers stand in "
                             "the model around it."});
  }
  return outputs_of(inner);
}

std::vector<Tensor> ModelLowering::call_model(Scope& scope, const keras::Layer& layer,
                                              std::vector<Tensor> inputs) {
  if (opened_.contains(layer.model.get())) return call_opened(scope, layer, inputs);
  const bool masked = is_masked(inputs);
  LayerCall call(scope.builder, root_.tensors, root_.generation, layer, inputs);
  inputs = call.told_apart(std::move(inputs));
  auto found = scope.made.models.find(&layer);
  if (found == scope.made.models.end()) {
    NetworkLayer made;
    made.name = scope.builder.name_of(layer.name);
    made.network = lower(*layer.model, inputs);
    made.class_name = made.network->sequential ? "Sequential" : "Functional";
    const auto index = static_cast<std::uint32_t>(scope.builder.network.layers.size());
    made.network->name = made.name;
    scope.builder.parts[{&layer, ""}] = {index};
    found = scope.made.models.emplace(&layer, index).first;
    const std::string class_name = made.class_name;
    scope.builder.network.layers.push_back(std::move(made));
    note_fate(scope, layer, {class_name});
  }
  NetworkLayer& called = scope.builder.network.layers[found->second];
  std::vector<Tensor> outputs = called.network->outputs;
  for (std::uint32_t i = 0; i < outputs.size(); ++i) {
    outputs[i].layer = found->second;
    outputs[i].node = static_cast<std::uint32_t>(called.calls.size());
    outputs[i].tensor = i;
    outputs[i].mask = nullptr;  // a tensor of the inner network
  }
  if (masked || is_masked(outputs)) opened_.insert(layer.model.get());
  called.calls.push_back(std::move(inputs));
  return outputs;
}

std::vector<Tensor> ModelLowering::call(Scope& scope, const keras::Layer& layer, std::uint32_t node,
                                        std::vector<Tensor> inputs) {
  if (layer.model != nullptr) {
    return call_model(scope, layer, std::move(inputs));
  }
  const LayerKind* kind = find_layer_kind(layer.class_name);
  if (kind == nullptr) {
    throw Refusal{reason_without_kind(layer.class_name)};
  }
  require_known_arguments(layer, *kind);
  const bool masked = is_masked(inputs);
  if (layer.class_name == "TimeDistributed") {
    if (masked && uses_mask(layer, root_.generation)) {
      throw Refusal{"Keras hands its layer a mask, and TF.js has none there."};
    }
    return call_time_distributed(scope, layer, inputs);
  }
  if (layer.class_name == "RNN") {
    const keras::Arguments arguments(layer.name, layer.config);
    require_batch_first(arguments);
    const bool turned = arguments.boolean("go_backwards", false);
    if (masked && turned && layer.wrapped.size() > 1) {
      throw Refusal{"Its mask would have to be turned for the cells behind the first."};
    }
    return call_cells(scope, layer, inputs);
  }
  if (layer.class_name == "Pipeline") {
    if (masked) throw Refusal{"Keras hands its layers a mask."};
    return call_pipeline(scope, layer, inputs.at(0));
  }
  if (layer.class_name == "Bidirectional" && has_two_layers(layer)) {
    return call_each_way(scope, layer, node, inputs);
  }
  LayerCall lowering(scope.builder, root_.tensors, root_.generation, layer, inputs, node);
  require_activation(activation_of(lowering));
  if (std::any_of(inputs.begin(), inputs.end(), is_lost)) {
    return {Tensor{}};
  }
  if (masked && uses_mask(layer, root_.generation) &&
      !forgets_mask(layer.class_name, root_.generation, inputs.size())) {
    if (!takes_mask(layer.class_name) || inputs[0].mask == nullptr || inputs[0].shape.size() != 3) {
      throw Refusal{"Keras hands it a mask, and TF.js has none for it there."};
    }
    lowering.takes_mask(inputs[0].mask);
  }
  require_one_way(layer, lowering.mask() != nullptr);
  std::vector<Tensor> outputs{kind->lower(lowering)};
  if (layer.class_name == "Embedding" || layer.class_name == "ReversibleEmbedding") {
    make_mask(layer, inputs, outputs[0]);
  } else if (layer.class_name != "Masking") {
    pass_mask_on(layer, root_.generation, inputs, outputs[0]);
  }
  for (const Tensor& also : lowering.also_returned()) {
    outputs.push_back(also);
    outputs.back().masked = false;
    outputs.back().mask = nullptr;
  }
  // Two sequences.
  if (layer.class_name == "Bidirectional" && merge_mode_of(lowering).is_null()) {
    outputs.at(1).masked = outputs[0].masked;
    outputs.at(1).mask = outputs[0].mask;
  }
  note_fate(scope, layer, lowering.classes());
  return outputs;
}

/// The kernel has a row more where there is a mask.
void ModelLowering::require_one_way(const keras::Layer& layer, bool masked) {
  if (!takes_mask(layer.class_name) || layer.class_name == "GlobalAveragePooling1D") return;
  if (is_masked_.emplace(&layer, masked).first->second != masked) {
    throw Refusal{"It is called with a mask and without, and TF.js's layer is of one kind."};
  }
}

bool ModelLowering::call_layer(Scope& scope, const keras::Layer& layer, std::uint32_t index,
                               std::uint32_t node) {
  std::vector<Tensor> inputs;
  for (const keras::TensorHandle& handle : keras::tensors_of(layer.calls[node])) {
    const auto& calls = scope.values.at(handle.layer);
    if (handle.node >= calls.size() || handle.tensor >= calls[handle.node].size()) {
      return false;
    }
    inputs.push_back(calls[handle.node][handle.tensor]);
  }
  std::vector<Tensor> outputs{Tensor{}};
  try {
    require_plain_call(layer, layer.calls[node],
                       keras::says_training_by_default(layer, root_.generation));
    outputs = call(scope, layer, node, std::move(inputs));
  } catch (const Refusal& refusal) {
    refuse(layer, refusal.reason);
    if (layer.model != nullptr) {
      outputs.resize(layer.model->outputs.size());
    }
  }
  if (is_lost(outputs[0])) {
    outputs.resize(std::max(outputs.size(), count_outputs(scope.model, index, node)));
  }
  scope.values[index][node] = std::move(outputs);
  return true;
}

// In rounds, as the config need not be in an order in which it can run.
void ModelLowering::call_layers(Scope& scope) {
  std::vector<std::vector<bool>> waiting = reached_calls(scope.model);
  for (bool progress = true; progress;) {
    progress = false;
    for (std::uint32_t i = 0; i < scope.model.layers.size(); ++i) {
      const keras::Layer& layer = scope.model.layers[i];
      scope.values[i].resize(std::max(scope.values[i].size(), layer.calls.size()));
      for (std::uint32_t node = 0; node < layer.calls.size(); ++node) {
        if (waiting[i][node] && layer.class_name != "InputLayer" &&
            call_layer(scope, layer, i, node)) {
          waiting[i][node] = false;
          progress = true;
        }
      }
    }
  }
}

void ModelLowering::note_fate(Scope& scope, const keras::Layer& layer,
                              const std::vector<std::string>& classes) {
  if (!noted_.insert(&layer).second) {
    return;
  }
  const bool itself =
      classes.size() == 1 && (classes[0] == layer.class_name || layer.model != nullptr);
  const std::string made_of = list_of_classes(classes);
  const std::string becomes = classes.empty() ? "left out: it changes nothing"
                              : itself        ? classes[0]
                                              : "lowered: " + made_of;
  result_.layers.push_back({layer.name, becomes});
  if (!itself && !classes.empty()) {
    result_.notes.push_back({io::Severity::Info, layer.name, "layer-lowered",
                             fmt::format("TF.js does not have this {} as it is; {} computes the "
                                         "same.",
                                         layer.class_name, made_of)});
  }
  const auto part = scope.builder.parts.find({&layer, ""});
  if (part == scope.builder.parts.end() || part->second.empty() ||
      part->second.front() >= scope.builder.network.layers.size()) {
    return;
  }
  const std::string& name = scope.builder.network.layers[part->second.front()].name;
  if (name != layer.name) {
    result_.notes.push_back(
        {io::Severity::Info, layer.name, "layer-renamed",
         fmt::format("The layer is called \"{}\" in TF.js: its own name is taken there, or has "
                     "characters that TF.js does not take.",
                     name)});
  }
}

// TF.js fails where a model gives one tensor twice.
void ModelLowering::repeat_outputs(Scope& scope) {
  Network& network = scope.builder.network;
  for (std::size_t i = 0; i < network.outputs.size(); ++i) {
    Tensor& output = network.outputs[i];
    const bool again = std::any_of(
        network.outputs.begin(), network.outputs.begin() + static_cast<std::ptrdiff_t>(i),
        [&](const Tensor& other) {
          return other.layer == output.layer && other.node == output.node &&
                 other.tensor == output.tensor;
        });
    if (again && !is_lost(output)) {
      NetworkLayer copy;
      copy.class_name = "Activation";
      copy.name = names_.unique(network.layers[output.layer].name + "_again");
      copy.config = {{"activation", "linear"}};
      copy.calls = {{output}};
      output.layer = static_cast<std::uint32_t>(network.layers.size());
      output.node = output.tensor = 0;
      network.layers.push_back(std::move(copy));
    }
  }
}

std::shared_ptr<Network> ModelLowering::lower(const keras::Model& model,
                                              const std::vector<Tensor>& given) {
  Made made{{names_, {}, {}, {}, {}, root_.keras_version}, {}, {}};
  Scope scope{model, made, made.builder, Values(model.layers.size())};
  for (const keras::Layer& layer : model.layers) {
    scope.builder.reserve(layer.name);
  }
  add_inputs(scope, given);
  call_layers(scope);
  Network& network = scope.builder.network;
  network.outputs = outputs_of(scope);
  repeat_outputs(scope);
  drop_unreached_weights(network);
  result_.notes.insert(result_.notes.end(), scope.builder.notes.begin(), scope.builder.notes.end());
  network.sequential = model.kind == keras::ModelKind::Sequential && is_sequential(network);
  require_call_order(network, refused_);
  return std::make_shared<Network>(std::move(network));
}

LoweredModel lower_model(const keras::Model& model) {
  // Which of the nested models have to do with masks is known once all is lowered.
  std::set<const keras::Model*> opened;
  LoweredModel result;
  io::Notes refused;
  Names names;
  for (std::size_t known = 1; known != opened.size();) {
    known = opened.size();
    result = {};
    refused.clear();
    names = {};
    result.network = ModelLowering(model, names, result, refused, opened).lower(model, {});
  }
  result.network->name = legal_name(model.name);
  if (refused.empty()) {
    keep_masks_apart(*result.network, names, refused);
    check_again(*result.network, refused);
  }
  if (!refused.empty()) {
    throw io::Error(io::ErrorCode::LayerUnsupported, sentence_of(refused), refused);
  }
  return result;
}

}  // namespace tensorferry::tfjs
