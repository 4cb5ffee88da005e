#include "keras/layers/layer_call.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "graph/infer.h"
#include "io/error.h"

namespace tensorferry::keras {

using graph::unknown_extent;

namespace {

/// Arguments of every layer that say nothing about the numbers of inference.
constexpr std::string_view common_arguments[] = {
    "activity_regularizer", "batch_input_shape", "batch_shape", "build_config", "dtype",
    "input_dtype",          "input_shape",       "name",        "seed",         "trainable",
};

bool is_training_argument(std::string_view name) {
  const auto ends_with = [name](std::string_view end) {
    return name.size() >= end.size() && name.substr(name.size() - end.size()) == end;
  };
  return ends_with("_initializer") || ends_with("_regularizer") || ends_with("_constraint");
}

/// A layer that is registered at two depths comes as two layers with the same weights: one module.
graph::ModuleId find_or_append(std::vector<graph::Module>& modules, graph::Module module) {
  const auto same_tensor = [](const graph::Parameter& a, const graph::Parameter& b) {
    return a.role == b.role && a.tensor == b.tensor;
  };
  const auto known = std::find_if(modules.begin(), modules.end(), [&](const graph::Module& other) {
    return !module.parameters.empty() && other.layer == module.layer && other.part == module.part &&
           std::equal(other.parameters.begin(), other.parameters.end(), module.parameters.begin(),
                      module.parameters.end(), same_tensor);
  });
  if (known != modules.end()) return static_cast<graph::ModuleId>(known - modules.begin());
  modules.push_back(std::move(module));
  return static_cast<graph::ModuleId>(modules.size() - 1);
}

bool contains(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Ops whose result has the dtype of their input, whatever the layer computes in.
bool keeps_dtype(const graph::Op& op) {
  return std::holds_alternative<graph::Flatten>(op) || std::holds_alternative<graph::Reshape>(op) ||
         std::holds_alternative<graph::Permute>(op) ||
         std::holds_alternative<graph::RepeatVector>(op) ||
         std::holds_alternative<graph::PadAxes>(op) ||
         std::holds_alternative<graph::Concatenate>(op) ||
         std::holds_alternative<graph::Dropout>(op) ||
         std::holds_alternative<graph::NotEqualTo>(op) ||
         std::holds_alternative<graph::FoldTime>(op) ||
         std::holds_alternative<graph::UnfoldTime>(op) ||
         std::holds_alternative<graph::Identity>(op) || std::holds_alternative<graph::Cast>(op) ||
         std::holds_alternative<graph::Literal>(op) ||
         std::holds_alternative<graph::Function>(op) ||
         std::holds_alternative<graph::CallGraph>(op) ||
         std::holds_alternative<graph::Unsupported>(op);
}

template <class Number>
tensor::TensorRef inline_tensor(tensor::DType dtype, const std::vector<Number>& values) {
  const auto* bytes = reinterpret_cast<const std::byte*>(values.data());
  tensor::TensorRef result;
  result.dtype = dtype;
  result.shape = {values.size()};
  result.storage = tensor::Inline{{bytes, bytes + values.size() * sizeof(Number)}};
  return result;
}

}  // namespace

std::vector<Variable> no_variables(const Layer&) { return {}; }

std::optional<graph::ValueId> LayerCall::mask_with(graph::ValueId value) const {
  const auto found = masks_along_->find(value);
  if (found == masks_along_->end()) return std::nullopt;
  if (!found->second) throw Refusal{"the mask of what it holds is not known here"};
  return found->second;
}

Variable trained(std::string_view role, Shape shape) {
  return {std::string(role), true, std::move(shape), false};
}

Variable tracked(std::string_view role, Shape shape) {
  return {std::string(role), false, std::move(shape), false};
}

LayerCall::LayerCall(graph::Program& program, graph::Graph& graph, ModuleTable& modules,
                     const Origin& origin, const Layer& layer, const Call& call,
                     std::vector<graph::ValueId> inputs, WrappedLowering lower_wrapped)
    : program_(program),
      graph_(graph),
      modules_(modules),
      origin_(origin),
      layer_(layer),
      call_(call),
      inputs_(std::move(inputs)),
      lower_wrapped_(std::move(lower_wrapped)),
      arguments_(layer.name, layer.config),
      compute_dtype_(dtype_from_name(layer.dtype).value_or(tensor::DType::Float32)) {}

graph::ValueId LayerCall::input() const {
  if (inputs_.size() != 1) {
    throw Refusal{fmt::format("it is given {} tensors where it takes one", inputs_.size())};
  }
  return inputs_[0];
}

graph::ValueId LayerCall::input_of_rank(std::size_t rank) {
  const graph::ValueId id = input();
  graph::Value& given = graph_.values[id];
  if (given.shape.size() == rank) return id;
  if (given.rank_known) {
    throw io::Error(io::ErrorCode::ConfigInvalid,
                    fmt::format("Layer \"{}\" takes a tensor of {} axes, but is given shape [{}].",
                                layer_.name, rank, fmt::join(given.shape, ", ")));
  }
  given.shape.assign(rank, unknown_extent);
  return id;
}

void LayerCall::agree_on_rank(const std::vector<graph::ValueId>& ids) {
  std::size_t rank = 0;
  for (const graph::ValueId id : ids) {
    if (value(id).rank_known) rank = std::max(rank, this->rank(id));
  }
  if (rank == 0) return;
  for (const graph::ValueId id : ids) {
    if (!value(id).rank_known) graph_.values[id].shape.assign(rank, unknown_extent);
  }
}

void LayerCall::assume_axis(graph::ValueId id, std::int64_t axis) {
  graph::Value& given = graph_.values[id];
  const bool is_outside = axis >= static_cast<std::int64_t>(given.shape.size());
  if (!given.rank_known && is_outside && axis < 8) {
    given.shape.assign(static_cast<std::size_t>(axis) + 1, unknown_extent);
  }
}

const Weight& LayerCall::weight(std::string_view variable) const {
  const Layer* owner = &layer_;
  std::string_view role = variable;
  for (const Layer& inner : layer_.wrapped) {
    if (!variable.starts_with(inner.attribute + "/")) continue;
    owner = &inner;
    role.remove_prefix(inner.attribute.size() + 1);
  }
  const auto found = std::find_if(owner->weights.begin(), owner->weights.end(),
                                  [&](const Weight& weight) { return weight.role == role; });
  if (found == owner->weights.end()) {
    throw io::Error(io::ErrorCode::WeightMissing,
                    fmt::format("Layer \"{}\" ({}) has no weight \"{}\" in the file.", layer_.name,
                                layer_.class_name, variable));
  }
  return *found;
}

std::vector<graph::Extent> LayerCall::variable_shape(std::string_view variable) const {
  const tensor::Shape& shape = program_.tensors.at(weight(variable).tensor).shape;
  return {shape.begin(), shape.end()};
}

graph::ModuleId LayerCall::module(std::string_view part,
                                  const std::vector<ParameterRequest>& parameters) {
  const auto key = std::make_pair(&layer_, std::string(part));
  const auto known = modules_.find(key);
  if (known != modules_.end()) return known->second;

  graph::Module module;
  module.layer = layer_.name;
  module.part = part;
  module.trainable =
      layer_.trainable && std::all_of(layer_.wrapped.begin(), layer_.wrapped.end(),
                                      [](const Layer& inner) { return inner.trainable; });
  module.compute_dtype = compute_dtype_;
  for (const ParameterRequest& request : parameters) {
    const std::uint32_t tensor = weight(request.variable).tensor;
    const auto found = variable_shape(request.variable);
    const bool fits =
        std::equal(found.begin(), found.end(), request.shape.begin(), request.shape.end(),
                   [](auto have, auto want) { return want == unknown_extent || have == want; });
    if (!fits) {
      throw io::Error(
          io::ErrorCode::WeightShape,
          fmt::format("Layer \"{}\" ({}): weight \"{}\" should have the shape [{}], but has [{}].",
                      layer_.name, layer_.class_name, request.variable,
                      fmt::join(request.shape, ", "), fmt::join(found, ", ")));
    }
    module.parameters.push_back({request.role, tensor, request.axes, {}});
  }
  const graph::ModuleId id = find_or_append(program_.modules, std::move(module));
  modules_.emplace(key, id);
  return id;
}

std::vector<graph::ValueId> LayerCall::append(graph::Op op, std::vector<graph::ValueId> inputs,
                                              std::optional<graph::ModuleId> module, bool fused) {
  std::vector<graph::Value> given;
  for (const graph::ValueId id : inputs) given.push_back(graph_.values[id]);
  std::vector<graph::ValueId> outputs;
  for (graph::Value& result : graph::infer(program_, op, given)) {
    if (!keeps_dtype(op)) result.dtype = compute_dtype_;
    outputs.push_back(graph::add_value(graph_, std::move(result)));
  }
  graph_.nodes.push_back({std::move(op), std::move(inputs), outputs, module, layer_.name, fused});
  return outputs;
}

graph::ValueId LayerCall::add(graph::Op op, std::vector<graph::ValueId> inputs,
                              graph::ModuleId module) {
  return append(std::move(op), std::move(inputs), module, false).at(0);
}

std::vector<graph::ValueId> LayerCall::add_several(graph::Op op, std::vector<graph::ValueId> inputs,
                                                   graph::ModuleId module) {
  return append(std::move(op), std::move(inputs), module, false);
}

graph::ValueId LayerCall::add(graph::Op op, std::vector<graph::ValueId> inputs) {
  const graph::ModuleId plain = module();
  return append(std::move(op), std::move(inputs), plain, false).at(0);
}

graph::ValueId LayerCall::add_step(graph::Op op, std::vector<graph::ValueId> inputs) {
  return append(std::move(op), std::move(inputs), std::nullopt, false).at(0);
}

std::vector<graph::ValueId> LayerCall::add_steps(graph::Op op, std::vector<graph::ValueId> inputs) {
  return append(std::move(op), std::move(inputs), std::nullopt, false);
}

graph::ValueId LayerCall::append_constant(graph::ModuleId module) {
  const graph::Module& holder = program_.modules[module];
  const tensor::TensorRef& tensor = program_.tensors[holder.parameters.at(0).tensor];
  graph::Value value;
  value.shape = {tensor.shape.begin(), tensor.shape.end()};
  value.dtype = tensor.dtype;
  const graph::ValueId id = graph::add_value(graph_, std::move(value));
  graph_.nodes.push_back({graph::Constant{}, {}, {id}, module, layer_.name, false});
  return id;
}

graph::ValueId LayerCall::add_inline(std::string_view part, tensor::TensorRef tensor) {
  const auto key = std::make_pair(&layer_, std::string(part));
  const auto known = modules_.find(key);
  if (known != modules_.end()) return append_constant(known->second);
  tensor.name = fmt::format("{}/{}", layer_.name, part);
  graph::Module module;
  module.layer = layer_.name;
  module.part = part;
  module.compute_dtype = tensor.dtype;
  std::vector<std::size_t> axes(tensor.shape.size());
  std::iota(axes.begin(), axes.end(), std::size_t{0});
  module.parameters = {{"value",
                        static_cast<std::uint32_t>(program_.tensors.size()),
                        numbered_axis_names(axes),
                        {}}};
  program_.tensors.push_back(std::move(tensor));
  program_.modules.push_back(std::move(module));
  const auto id = static_cast<graph::ModuleId>(program_.modules.size() - 1);
  modules_.emplace(key, id);
  return append_constant(id);
}

graph::ValueId LayerCall::add_constant(std::string_view part,
                                       const std::vector<std::int64_t>& values) {
  return add_inline(part, inline_tensor(tensor::DType::Int64, values));
}

graph::ValueId LayerCall::add_constant(std::string_view part, const std::vector<float>& values) {
  return add_inline(part, inline_tensor(tensor::DType::Float32, values));
}

graph::ValueId LayerCall::add_constant(std::string_view part, const std::vector<float>& values,
                                       const Shape& shape) {
  tensor::TensorRef tensor = inline_tensor(tensor::DType::Float32, values);
  tensor.shape = {shape.begin(), shape.end()};
  return add_inline(part, std::move(tensor));
}

graph::ValueId LayerCall::add_variable(std::string_view part, const ParameterRequest& variable) {
  return append_constant(module(part, {variable}));
}

graph::ValueId LayerCall::add_fused(graph::Op op, graph::ValueId input) {
  return append(std::move(op), {input}, std::nullopt, true).at(0);
}

const graph::Node* LayerCall::maker_of(graph::ValueId value) const {
  const auto found =
      std::find_if(graph_.nodes.rbegin(), graph_.nodes.rend(), [value](const graph::Node& node) {
        return std::find(node.outputs.begin(), node.outputs.end(), value) != node.outputs.end();
      });
  return found == graph_.nodes.rend() ? nullptr : &*found;
}

void LayerCall::note(io::Severity severity, std::string_view code, std::string text) {
  program_.notes.push_back({severity, layer_.name, std::string(code), std::move(text)});
}

void require_known_arguments(const Layer& layer, const LayerKind& kind) {
  if (!layer.config.is_object()) return;
  for (const auto& [name, value] : layer.config.items()) {
    const bool known = value.is_null() || contains(common_arguments, name) ||
                       is_training_argument(name) || contains(kind.arguments, name);
    if (!known) {
      throw Refusal{
          fmt::format("its argument \"{}\" = {} is not known", name,
                      value.dump(-1, ' ', true, Json::error_handler_t::replace).substr(0, 80))};
    }
  }
}

bool is_called_in_training(const Call& call) {
  for (const auto& [keyword, argument] : call.keywords) {
    const Json* constant = std::get_if<Json>(&argument.value);
    if (keyword == "training" && constant != nullptr) return *constant == true;
  }
  return false;
}

std::size_t resolve_axis(std::int64_t axis, std::size_t rank, std::string_view layer) {
  const std::int64_t resolved = axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis;
  if (resolved < 0 || resolved >= static_cast<std::int64_t>(rank)) {
    throw io::Error(
        io::ErrorCode::ConfigInvalid,
        fmt::format("Layer \"{}\": axis {} is outside a tensor of {} axes.", layer, axis, rank));
  }
  return static_cast<std::size_t>(resolved);
}

std::vector<std::size_t> resolve_axes(const std::vector<std::int64_t>& axes, std::size_t rank,
                                      std::string_view layer) {
  std::vector<std::size_t> resolved;
  for (const std::int64_t axis : axes) resolved.push_back(resolve_axis(axis, rank, layer));
  std::sort(resolved.begin(), resolved.end());
  return resolved;
}

std::size_t channel_axis(const Arguments& arguments, std::size_t rank) {
  const std::string format = arguments.text("data_format", "channels_last");
  if (format == "channels_first") return 1;
  if (format != "channels_last") {
    arguments.mistaken("data_format", "\"channels_last\" or \"channels_first\"");
  }
  return rank - 1;
}

int spatial_rank_of(std::string_view class_name) {
  const auto digit = class_name.find_first_of("123");
  return digit == std::string_view::npos ? 0 : class_name[digit] - '0';
}

std::vector<std::string> spatial_axis_names(int spatial_rank) {
  if (spatial_rank == 1) return {"length"};
  if (spatial_rank == 2) return {"height", "width"};
  return {"depth", "height", "width"};
}

std::vector<std::string> numbered_axis_names(const std::vector<std::size_t>& axes) {
  std::vector<std::string> names;
  for (const std::size_t axis : axes) names.push_back(fmt::format("axis{}", axis));
  return names;
}

std::optional<tensor::DType> dtype_from_name(std::string_view name) {
  using tensor::DType;
  constexpr std::pair<std::string_view, DType> names[] = {
      {"float16", DType::Float16}, {"bfloat16", DType::BFloat16}, {"float32", DType::Float32},
      {"float64", DType::Float64}, {"int8", DType::Int8},         {"int16", DType::Int16},
      {"int32", DType::Int32},     {"int64", DType::Int64},       {"uint8", DType::UInt8},
      {"uint16", DType::UInt16},   {"uint32", DType::UInt32},     {"uint64", DType::UInt64},
      {"bool", DType::Bool},
  };
  for (const auto& [text, dtype] : names) {
    if (text == name) return dtype;
  }
  return std::nullopt;
}

}  // namespace tensorferry::keras
