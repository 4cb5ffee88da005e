#include "keras/call_json.h"

#include <algorithm>
#include <map>

namespace tensorferry::keras {
namespace {

// Keras 2 writes a constant first argument as ["_CONSTANT_VALUE", -1, value, kwargs].
constexpr const char* constant_marker = "_CONSTANT_VALUE";

std::vector<Argument> in_order(std::map<std::string, Argument> items,
                               const std::vector<std::string>& names) {
  std::vector<Argument> list;
  const bool named = names.size() == items.size() &&
                     std::all_of(names.begin(), names.end(),
                                 [&](const std::string& name) { return items.count(name) > 0; });
  if (named) {
    for (const std::string& name : names) list.push_back(std::move(items[name]));
  } else {
    for (auto& [name, item] : items) list.push_back(std::move(item));
  }
  return list;
}

bool holds_tensor(const Argument& argument) {
  if (std::holds_alternative<TensorHandle>(argument.value)) return true;
  const auto* list = std::get_if<std::vector<Argument>>(&argument.value);
  return list != nullptr && std::any_of(list->begin(), list->end(), holds_tensor);
}

using ReadArgument = Argument (*)(const Json&, const CallContext&);

// A list or dict of what `read` reads; a constant where no tensor is in it.
Argument read_collection(const Json& value, const CallContext& context, ReadArgument read) {
  std::vector<Argument> list;
  if (value.is_array()) {
    for (const Json& item : value) list.push_back(read(item, context));
  } else if (value.is_object()) {
    std::map<std::string, Argument> items;
    for (const auto& [key, item] : value.items()) items[key] = read(item, context);
    list = in_order(std::move(items), context.input_names);
  }
  if (std::any_of(list.begin(), list.end(), holds_tensor)) return {std::move(list)};
  if (!value.is_array()) return {value};
  Json constants = Json::array();
  for (const Argument& item : list) constants.push_back(std::get<Json>(item.value));
  return {std::move(constants)};
}

// Keras 2: a value in kwargs, where only the name tells a tensor from a list of constants.
Argument read_keyword(const Json& value, const CallContext& context) {
  const std::optional<WrittenTensor> tensor = written_tensor(value);
  if (tensor && context.is_layer(tensor->layer)) return {context.resolve(*tensor)};
  return read_collection(value, context, read_keyword);
}

// Keras 2: the first argument, each tensor of which repeats the kwargs.
Argument read_first(const Json& value, const CallContext& context) {
  if (value.is_array() && value.size() >= 3 && value[0] == constant_marker) return {value[2]};
  if (const auto tensor = written_tensor(value)) return {context.resolve(*tensor)};
  return read_collection(value, context, read_first);
}

const Json* find_kwargs(const Json& value) {
  if (value.is_array() && value.size() == 4 && value[0].is_string()) {
    return value[3].is_object() ? &value[3] : nullptr;
  }
  if (!value.is_array() && !value.is_object()) return nullptr;
  for (const Json& item : value) {
    if (const Json* found = find_kwargs(item)) return found;
  }
  return nullptr;
}

Call read_keras2_call(const Json& node, const CallContext& context) {
  // Layers get [[tensor, …]], operations (TFOpLambda) lose a bracket where there is one tensor.
  const bool single = node.is_array() && node.size() == 1 && written_tensor(node[0]);
  Call call;
  call.arguments.push_back(read_first(single ? node[0] : node, context));
  if (const Json* kwargs = find_kwargs(node)) {
    for (const auto& [name, value] : kwargs->items()) {
      call.keywords.emplace_back(name, read_keyword(value, context));
    }
  }
  return call;
}

Argument read_argument(const Json& value, const CallContext& context) {
  if (const auto tensor = written_keras_tensor(value)) return {context.resolve(*tensor)};
  return read_collection(value, context, read_argument);
}

Call read_keras3_call(const Json& node, const CallContext& context) {
  Call call;
  if (const auto args = node.find("args"); args != node.end() && args->is_array()) {
    for (const Json& value : *args) call.arguments.push_back(read_argument(value, context));
  }
  if (const auto kwargs = node.find("kwargs"); kwargs != node.end() && kwargs->is_object()) {
    for (const auto& [name, value] : kwargs->items()) {
      call.keywords.emplace_back(name, read_argument(value, context));
    }
  }
  return call;
}

}  // namespace

std::optional<WrittenTensor> written_tensor(const Json& value) {
  if (!value.is_array() || (value.size() != 3 && value.size() != 4)) return std::nullopt;
  if (!value[0].is_string() || !value[1].is_number_integer() || !value[2].is_number_integer()) {
    return std::nullopt;
  }
  return WrittenTensor{value[0].get<std::string>(), value[1].get<std::int64_t>(),
                       value[2].get<std::int64_t>()};
}

std::optional<WrittenTensor> written_keras_tensor(const Json& value) {
  if (!value.is_object()) return std::nullopt;
  const auto class_name = value.find("class_name");
  if (class_name == value.end() || *class_name != "__keras_tensor__") return std::nullopt;
  const auto config = value.find("config");
  if (config == value.end() || !config->is_object()) return std::nullopt;
  const auto history = config->find("keras_history");
  return history == config->end() ? std::nullopt : written_tensor(*history);
}

Call read_call(const Json& node, const CallContext& context) {
  return node.is_object() && node.contains("args") ? read_keras3_call(node, context)
                                                   : read_keras2_call(node, context);
}

}  // namespace tensorferry::keras
