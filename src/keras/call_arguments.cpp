#include "keras/call_arguments.h"

namespace tensorferry::keras {

namespace {

std::size_t tensor_count(const Argument& argument) {
  if (std::holds_alternative<TensorHandle>(argument.value)) return 1;
  std::size_t count = 0;
  if (const auto* list = std::get_if<std::vector<Argument>>(&argument.value)) {
    for (const Argument& item : *list) count += tensor_count(item);
  }
  return count;
}

}  // namespace

std::optional<std::size_t> tensor_argument(const Call& call, std::size_t position,
                                           std::string_view name) {
  std::size_t index = 0;
  std::optional<std::size_t> found;
  const auto pass = [&](const Argument& argument, bool is_wanted) {
    if (is_wanted && std::holds_alternative<TensorHandle>(argument.value)) found = index;
    index += tensor_count(argument);
  };
  for (std::size_t i = 0; i < call.arguments.size(); ++i) pass(call.arguments[i], i == position);
  for (const auto& [keyword, argument] : call.keywords) pass(argument, keyword == name);
  return found;
}

std::optional<std::size_t> tensor_keyword(const Call& call, std::string_view name) {
  return tensor_argument(call, call.arguments.size(), name);
}

std::optional<bool> flag_argument(const Call& call, std::string_view name) {
  for (const auto& [keyword, argument] : call.keywords) {
    if (keyword != name) continue;
    const Json* value = std::get_if<Json>(&argument.value);
    if (value == nullptr || !(value->is_boolean() || value->is_null())) return std::nullopt;
    return value->is_boolean() && value->get<bool>();
  }
  return false;
}

bool has_more_arguments(const Call& call, std::size_t count) {
  for (std::size_t i = count; i < call.arguments.size(); ++i) {
    const Json* value = std::get_if<Json>(&call.arguments[i].value);
    if (value == nullptr || !value->is_null()) return true;
  }
  return false;
}

}  // namespace tensorferry::keras
