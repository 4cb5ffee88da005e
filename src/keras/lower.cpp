#include "keras/lower.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "graph/infer.h"
#include "io/error.h"
#include "io/overloaded.h"
#include "keras/call_order.h"
#include "keras/layers/augmentation.h"
#include "keras/layers/layer_call.h"
#include "keras/layers/refused.h"
#include "keras/layers/table.h"
#include "keras/masked_calls.h"
#include "keras/masks_along.h"
#include "keras/nested_masks.h"
#include "keras/quantized_weights.h"
#include "keras/training.h"

namespace tensorferry::keras {

namespace {

using graph::ValueId;

class Lowering {
 public:
  explicit Lowering(const Model& root) : root_(root) {
    do {
      masked_.grew = false;
      masked_.layers_without.clear();
      program_ = {};
      program_.tensors = root.tensors;
      modules_.clear();
      graphs_.clear();
      nested_masks_.clear();
      program_.root = lower_model(root);
    } while (masked_.grew);
    drop_unread_masks(program_, nested_masks_);
  }

  graph::Program take() { return std::move(program_); }

 private:
  std::uint32_t lower_model(const Model& model);
  void lower_input(Scope& scope, const CallId& id);
  void lower_call(Scope& scope, const CallId& id);
  std::vector<ValueId> lower_layer(Scope& scope, const Layer& layer, const Call& call,
                                   std::vector<ValueId> inputs,
                                   std::optional<ValueId> given_mask = std::nullopt);
  std::vector<ValueId> lower_known(Scope& scope, const Layer& layer, const Call& call,
                                   std::vector<ValueId> inputs, std::optional<ValueId> given_mask);
  std::vector<ValueId> lower_nested(Scope& scope, const Layer& layer, const Call& call,
                                    std::vector<ValueId> inputs, std::optional<ValueId> given_mask);
  const Layer& wrapped_as(const Layer& wrapper, const Layer& wrapped);
  void refuse(Scope& scope, const CallId& id, std::vector<ValueId> inputs,
              const std::string& reason);
  ValueId cast(Scope& scope, ValueId value, tensor::DType dtype, const Layer& layer);
  ValueId tensor(const Scope& scope, const TensorHandle& handle) const;
  void note_once(io::Severity severity, const std::string& layer, std::string_view code,
                 const std::string& text);
  void note_unreached(const Scope& scope);

  const Model& root_;
  graph::Program program_;
  ModuleTable modules_;
  std::map<const Model*, std::uint32_t> graphs_;
  std::map<std::uint32_t, NestedMasks> nested_masks_;
  MaskedCalls masked_;
  std::map<const Layer*, Layer> wrapped_;  ///< layers that are wrapped, called as their wrapper
};

/// Null, or a list of nothing but nulls: `mask: [null, null]` of a nested model.
bool is_nothing(const Argument& argument) {
  if (const auto* list = std::get_if<std::vector<Argument>>(&argument.value)) {
    return std::all_of(list->begin(), list->end(), is_nothing);
  }
  const Json* constant = std::get_if<Json>(&argument.value);
  if (constant == nullptr) return false;
  return constant->is_null() ||
         (constant->is_array() && std::all_of(constant->begin(), constant->end(),
                                              [](const Json& item) { return item.is_null(); }));
}

/// Refuses a call that passes a tensor or a setting which the lowering does not look at.
void require_plain_keywords(const Call& call, const LayerKind* kind) {
  const std::span<const std::string_view> taken =
      kind == nullptr ? std::span<const std::string_view>{} : kind->keywords;
  const bool takes_mask = kind != nullptr && kind->mask == MaskUse::Takes;
  for (const auto& [keyword, argument] : call.keywords) {
    const bool is_mask =
        takes_mask && keyword == "mask" && std::holds_alternative<TensorHandle>(argument.value);
    const bool is_data = keyword == "inputs" || keyword == "x" || is_mask ||
                         std::find(taken.begin(), taken.end(), keyword) != taken.end();
    const bool is_setting = std::holds_alternative<Json>(argument.value) &&
                            (keyword == "training" || keyword == "name");
    if (!is_data && !is_setting && !is_nothing(argument)) {
      throw Refusal{fmt::format("it is called with an argument \"{}\"", keyword)};
    }
  }
}

/// The weights of a layer and of all layers within it, under a path.
void collect_weights(const Layer& layer, const std::string& path,
                     const std::vector<tensor::TensorRef>& tensors,
                     std::vector<graph::Parameter>& parameters) {
  for (const Weight& weight : layer.weights) {
    std::vector<std::size_t> axes(tensors.at(weight.tensor).shape.size());
    for (std::size_t axis = 0; axis < axes.size(); ++axis) axes[axis] = axis;
    parameters.push_back({path + weight.role, weight.tensor, numbered_axis_names(axes), {}});
  }
  for (const Layer& inner : layer.wrapped) {
    collect_weights(inner, path + inner.attribute + "/", tensors, parameters);
  }
  if (layer.model == nullptr) return;
  for (const Layer& inner : layer.model->layers) {
    collect_weights(inner, path + inner.name + "/", tensors, parameters);
  }
}

void Lowering::note_once(io::Severity severity, const std::string& layer, std::string_view code,
                         const std::string& text) {
  const bool known =
      std::any_of(program_.notes.begin(), program_.notes.end(), [&](const io::Note& note) {
        return note.layer == layer && note.code == code && note.text == text;
      });
  if (!known) program_.notes.push_back({severity, layer, std::string(code), text});
}

ValueId Lowering::tensor(const Scope& scope, const TensorHandle& handle) const {
  const auto found = scope.tensors.find({{handle.layer, handle.node}, handle.tensor});
  if (found == scope.tensors.end()) {
    throw io::Error(
        io::ErrorCode::ConfigInvalid,
        fmt::format("Layer \"{}\" has no output {} at its call {}.",
                    scope.model.layers.at(handle.layer).name, handle.tensor, handle.node));
  }
  return found->second;
}

ValueId Lowering::cast(Scope& scope, ValueId value, tensor::DType dtype, const Layer& layer) {
  const tensor::DType given = scope.graph.values[value].dtype;
  if (!tensor::is_floating_point(given) || !tensor::is_floating_point(dtype) || given == dtype) {
    return value;
  }
  graph::Value result = scope.graph.values[value];
  result.dtype = dtype;
  const ValueId output = graph::add_value(scope.graph, std::move(result));
  scope.graph.nodes.push_back(
      {graph::Cast{dtype}, {value}, {output}, std::nullopt, layer.name, false});
  if (const auto mask = scope.masks.find(value); mask != scope.masks.end()) {
    scope.masks[output] = mask->second;
  }
  return output;
}

void Lowering::lower_input(Scope& scope, const CallId& id) {
  const Layer& layer = scope.model.layers[id.layer];
  const Arguments arguments(layer.name, layer.config);
  for (const std::string_view argument : {"sparse", "ragged"}) {
    if (arguments.boolean(argument, false)) {
      throw io::Error(
          io::ErrorCode::LayerUnsupported,
          fmt::format("Input \"{}\" is {}, which no target takes.", layer.name, argument));
    }
  }
  graph::Value value;
  const Json* shape = arguments.find("batch_shape");
  const Json* extents = shape == nullptr ? nullptr : list_items(*shape);
  if (extents == nullptr) {
    value.rank_known = false;
    value.shape = {graph::unknown_extent, graph::unknown_extent};
  } else {
    for (const Json& extent : *extents) {
      if (!extent.is_null() && !extent.is_number_integer()) {
        arguments.mistaken("batch_shape", "a list of extents");
      }
      value.shape.push_back(extent.is_null() ? graph::unknown_extent : extent.get<std::int64_t>());
    }
  }
  const auto dtype = dtype_from_name(layer.dtype);
  if (!dtype) {
    note_once(io::Severity::Refused, layer.name, "layer-unsupported",
              fmt::format("Input \"{}\" holds {} elements, which no target takes.", layer.name,
                          layer.dtype));
  }
  value.dtype = dtype.value_or(tensor::DType::Float32);
  const ValueId output = graph::add_value(scope.graph, std::move(value));
  scope.graph.nodes.push_back(
      {graph::Input{layer.name}, {}, {output}, std::nullopt, layer.name, false});
  scope.tensors[{id, 0}] = output;
  add_mask_input(scope, masked_, id, output);
}

void Lowering::refuse(Scope& scope, const CallId& id, std::vector<ValueId> inputs,
                      const std::string& reason) {
  const Layer& layer = scope.model.layers[id.layer];
  note_once(
      io::Severity::Refused, layer.name, "layer-unsupported",
      fmt::format("Layer \"{}\" ({}) cannot be converted: {}.", layer.name,
                  layer.original_class_name.empty() ? layer.class_name : layer.original_class_name,
                  reason));
  const auto key = std::make_pair(&layer, std::string());
  if (!modules_.contains(key)) {
    graph::Module module;
    module.layer = layer.name;
    module.trainable = layer.trainable;
    module.compute_dtype = dtype_from_name(layer.dtype).value_or(tensor::DType::Float32);
    collect_weights(layer, "", program_.tensors, module.parameters);
    program_.modules.push_back(std::move(module));
    modules_[key] = static_cast<graph::ModuleId>(program_.modules.size() - 1);
  }
  // As many outputs as somebody takes.
  std::uint32_t count = 1;
  const auto count_tensor = [&](const TensorHandle& tensor) {
    if (CallId{tensor.layer, tensor.node} == id) count = std::max(count, tensor.tensor + 1);
  };
  for (const Layer& other : scope.model.layers) {
    for (const Call& call : other.calls) {
      for (const TensorHandle& tensor : tensors_of(call)) count_tensor(tensor);
    }
  }
  for (const ModelOutput& output : scope.model.outputs) count_tensor(output.tensor);

  graph::Node node;
  node.op = graph::Unsupported{layer.class_name, reason};
  std::vector<graph::Value> given;
  for (const ValueId input : inputs) given.push_back(scope.graph.values[input]);
  const graph::Value result = graph::infer(program_, node.op, given).at(0);
  node.inputs = std::move(inputs);
  for (std::uint32_t tensor = 0; tensor < count; ++tensor) {
    node.outputs.push_back(graph::add_value(scope.graph, result));
    scope.tensors[{id, tensor}] = node.outputs.back();
  }
  node.module = modules_[key];
  node.layer = layer.name;
  scope.graph.nodes.push_back(std::move(node));
}

std::vector<ValueId> Lowering::lower_nested(Scope& scope, const Layer& layer, const Call& call,
                                            std::vector<ValueId> inputs,
                                            std::optional<ValueId> given_mask) {
  const Model& model = *layer.model;
  if (is_called_in_training(call)) {
    throw Refusal{"it is always called in training mode"};
  }
  if (model.inputs.size() != inputs.size()) {
    throw io::Error(io::ErrorCode::ConfigInvalid,
                    fmt::format("Nested model \"{}\" takes {} tensors, but is given {}.",
                                layer.name, model.inputs.size(), inputs.size()));
  }
  const bool is_unknown = has_unknown_mask(scope, inputs);
  if (is_unknown && depends_on_mask(layer)) {
    throw Refusal{"it depends on a mask that is not known here"};
  }
  std::vector<std::optional<ValueId>> masks(inputs.size());
  if (!is_unknown) {
    masks = masks_of_each(scope, inputs);
    if (given_mask) masks.at(0) = given_mask;
    see_masks_into(masked_, model, masks, scope.graph, graphs_.contains(&model));
  }
  const auto known = graphs_.find(&model);
  const std::uint32_t index = known != graphs_.end() ? known->second : lower_model(model);
  const graph::Graph& graph = program_.graphs[index];
  const NestedMasks& ports = nested_masks_.at(index);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    inputs[i] = cast(scope, inputs[i], graph.values[graph.inputs[i].value].dtype, layer);
  }
  for (const auto& [input, rank] : ports.inputs) {
    inputs.push_back(masks[input] ? *masks[input] : mask_of_all(scope.graph, inputs[input], rank));
  }
  std::vector<graph::Value> given;
  for (const ValueId input : inputs) given.push_back(scope.graph.values[input]);
  graph::Node node;
  node.op = graph::CallGraph{index};
  node.inputs = std::move(inputs);
  node.layer = layer.name;
  for (graph::Value& value : graph::infer(program_, node.op, given)) {
    node.outputs.push_back(graph::add_value(scope.graph, std::move(value)));
  }
  std::vector<ValueId> outputs = node.outputs;
  outputs.resize(model.outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    send_mask_out(scope, is_unknown ? MaskOut(UnknownMask{}) : ports.outputs[i], masks,
                  node.outputs, outputs[i]);
  }
  scope.graph.nodes.push_back(std::move(node));
  return outputs;
}

/// What a wrapper holds has the mask that the wrapper gives it, whatever goes along with the
/// values.
MasksAlong take_masks_off(Scope& scope, const std::vector<ValueId>& values) {
  MasksAlong taken;
  for (const ValueId value : values) {
    if (auto entry = scope.masks.extract(value)) taken.insert(std::move(entry));
  }
  return taken;
}

/// What a wrapper holds has the name of the wrapper, which is unique in its model; several things
/// with what it calls them.
const Layer& Lowering::wrapped_as(const Layer& wrapper, const Layer& wrapped) {
  const auto [entry, is_new] = wrapped_.try_emplace(&wrapped, wrapped);
  if (is_new) {
    const std::string& attribute = wrapped.attribute;
    const bool is_only = wrapper.wrapped.size() == 1;
    entry->second.name =
        is_only ? wrapper.name : wrapper.name + "_" + attribute.substr(attribute.rfind('/') + 1);
  }
  return entry->second;
}

std::vector<ValueId> Lowering::lower_layer(Scope& scope, const Layer& layer, const Call& call,
                                           std::vector<ValueId> inputs,
                                           std::optional<ValueId> given_mask) {
  if (layer.model != nullptr) {
    return lower_nested(scope, layer, call, std::move(inputs), given_mask);
  }
  const LayerKind* kind = find_layer_kind(layer.class_name);
  const bool is_operation = kind != nullptr && kind->is_operation;
  if (const auto dtype = dtype_from_name(layer.dtype); dtype && !is_operation) {
    for (ValueId& input : inputs) input = cast(scope, input, *dtype, layer);
  }
  return lower_known(scope, layer, call, std::move(inputs), given_mask);
}

std::vector<ValueId> Lowering::lower_known(Scope& scope, const Layer& layer, const Call& call,
                                           std::vector<ValueId> inputs,
                                           std::optional<ValueId> given_mask) {
  const LayerKind* kind = find_layer_kind(layer.class_name);
  if (kind == nullptr) throw Refusal{std::string(refusal_of(layer.class_name))};
  const std::string policy = Arguments(layer.name, layer.config).text("dtype", layer.dtype);
  if (policy.find("_from_") != std::string::npos) {
    throw Refusal{reason_of_quantized(layer)};
  }
  if (!kind->is_operation) require_known_arguments(layer, *kind);
  if (is_masked(scope, inputs) && !bears_mask(layer)) throw Refusal{"it depends on a mask"};
  const auto along = given_mask ? std::optional(given_mask) : mask_along(scope, layer, inputs);
  const bool hands_on = kind->mask == MaskUse::HandsOn;
  const bool takes_mask = (kind->mask == MaskUse::Takes || hands_on) && along.has_value();
  if (takes_mask && !*along) throw Refusal{"it depends on a mask that is not known here"};

  std::vector<std::optional<ValueId>> each;
  if (kind->mask == MaskUse::TakesEach || kind->mask == MaskUse::PassesAndTakes) {
    each = masks_of_each(scope, inputs);
    if (given_mask) each.at(0) = given_mask;
  }

  // A Pipeline hands its `training` on, which is false where the model predicts.
  const Call inner =
      says_training_by_default(layer, scope.model.generation) ? Call{call.arguments, {}} : call;
  LayerCall layer_call(
      program_, scope.graph, modules_, {scope.model.generation, root_.keras_version}, layer, call,
      std::move(inputs),
      [&](const Layer& wrapped, std::vector<ValueId> values, std::optional<ValueId> mask) {
        MasksAlong hidden = take_masks_off(scope, values);
        try {
          auto outputs = lower_layer(scope, wrapped_as(layer, wrapped), inner, values, mask);
          scope.masks.merge(hidden);
          return outputs;
        } catch (const Refusal& refusal) {
          scope.masks.merge(hidden);
          throw Refusal{fmt::format("its {} cannot be: {}", wrapped.class_name, refusal.reason)};
        }
      });
  // Keras 3 gives a layer that is called with tensors by several arguments (initial states) its
  // mask by "<argument>_mask", which the recurrent ones do not know (keras/src/layers/layer.py:
  // __call__).
  const bool is_used =
      given_mask || scope.model.generation != Generation::Keras3 || layer_call.inputs().size() < 2;
  if (takes_mask) layer_call.set_mask(*along, is_used);
  if (!layer_call.mask() && !layer_call.inputs().empty() && is_called_with_mask(masked_, layer)) {
    layer_call.set_mask_of_all(mask_of_all(scope.graph, layer_call.inputs()[0], 2));
  }
  layer_call.set_masks(std::move(each));
  layer_call.set_masks_along(scope.masks);
  const std::size_t first_node = scope.graph.nodes.size();
  const ValueId output = kind->lower(layer_call);
  see_call(masked_, layer, scope.graph, first_node);
  std::vector<ValueId> outputs{output};
  outputs.insert(outputs.end(), layer_call.also_returned().begin(),
                 layer_call.also_returned().end());
  // What a wrapped layer sends along is not yet what its wrapper does.
  if (hands_on) {
    for (const ValueId value : outputs) scope.masks.erase(value);
  }
  if (layer_call.sent_mask()) {
    for (std::size_t i = 0; i < layer_call.values_with_mask(); ++i) {
      scope.masks[outputs.at(i)] = layer_call.sent_mask();
    }
  } else if (passes_mask(*kind, scope.model.generation) && along) {
    scope.masks[output] = *along;
  }
  const bool differs_in_training =
      std::holds_alternative<graph::BatchNorm>(scope.graph.nodes.back().op) ||
      std::holds_alternative<graph::Dropout>(scope.graph.nodes.back().op);
  if (differs_in_training && is_called_in_training(inner)) {
    throw Refusal{"it is always called in training mode"};
  }
  return outputs;
}

void Lowering::lower_call(Scope& scope, const CallId& id) {
  const Layer& layer = scope.model.layers[id.layer];
  const Call& call = layer.calls[id.node];
  std::vector<ValueId> inputs;
  for (const TensorHandle& handle : tensors_of(call)) inputs.push_back(tensor(scope, handle));

  if (layer.class_name == "InputLayer" && inputs.empty()) return lower_input(scope, id);
  if (layer.compute_dtype != layer.dtype) {
    note_once(io::Severity::Info, "", "mixed-precision",
              fmt::format("The model computes in {} with {} variables; here it computes in {}.",
                          layer.compute_dtype, layer.dtype, layer.dtype));
  }
  const std::size_t values = scope.graph.values.size();
  const std::size_t nodes = scope.graph.nodes.size();
  const std::size_t modules = program_.modules.size();
  try {
    const LayerKind* kind = find_layer_kind(layer.class_name);
    if (kind == nullptr || !kind->is_operation) {
      require_plain_keywords(call, kind);
    }
    const std::optional<ValueId> mask = take_given_mask(scope, layer, call, inputs);
    std::uint32_t tensor = 0;
    for (const ValueId output : lower_layer(scope, layer, call, inputs, mask)) {
      scope.tensors[{id, tensor++}] = output;
    }
  } catch (const Refusal& refusal) {
    scope.graph.values.resize(values);
    scope.graph.nodes.resize(nodes);
    std::erase_if(scope.masks, [&](const auto& entry) {
      return entry.first >= values || (entry.second && *entry.second >= values);
    });
    program_.modules.resize(modules);
    std::erase_if(modules_, [&](const auto& entry) { return entry.second >= modules; });
    refuse(scope, id, std::move(inputs), refusal.reason);
  }
}

void Lowering::note_unreached(const Scope& scope) {
  for (const Layer& layer : scope.model.layers) {
    if (layer.calls.empty() && (!layer.weights.empty() || layer.model != nullptr)) {
      note_once(
          io::Severity::Info, layer.name, "layer-unreached",
          fmt::format("Layer \"{}\" is not reached by any output, so it is left out.", layer.name));
    }
  }
}

std::uint32_t Lowering::lower_model(const Model& model) {
  Scope scope{model, {}, {}, {}};
  scope.graph.name = model.name;
  scope.graph.sequential = model.kind == ModelKind::Sequential;
  for (const CallId& id : call_order(model)) lower_call(scope, id);
  for (const ModelOutput& input : model.inputs) {
    scope.graph.inputs.push_back({input.name, tensor(scope, input.tensor)});
  }
  for (const ModelOutput& output : model.outputs) {
    scope.graph.outputs.push_back({output.name, tensor(scope, output.tensor)});
  }
  NestedMasks ports;
  if (&model != &root_) ports = add_mask_ports(scope, masked_);
  drop_unread_steps(scope.graph);
  note_unreached(scope);
  program_.graphs.push_back(std::move(scope.graph));
  const auto index = static_cast<std::uint32_t>(program_.graphs.size() - 1);
  nested_masks_[index] = std::move(ports);
  graphs_[&model] = index;
  return index;
}

}  // namespace

graph::Program lower(const Model& model, const TrainingChoice& choice) {
  graph::Program program = Lowering(model).take();
  program.training = read_training(model, choice, program.notes);
  return program;
}

}  // namespace tensorferry::keras
