#include "keras/layers/arguments.h"

#include <fmt/format.h>

#include <cmath>

#include "io/error.h"

namespace tensorferry::keras {

namespace {

/// Whole numbers, also where Keras wrote them as floats ("2.0").
std::optional<std::int64_t> whole_number(const Json& value) {
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number_float()) {
    const double number = value.get<double>();
    if (std::abs(number) < 9e15 && number == std::floor(number)) {
      return static_cast<std::int64_t>(number);
    }
  }
  return std::nullopt;
}

}  // namespace

const Json* list_items(const Json& value) {
  if (value.is_array()) return &value;
  if (!value.is_object()) return nullptr;
  const auto kind = value.find("class_name");
  const auto items = value.find("items");
  const bool is_tuple = kind != value.end() && kind->is_string() &&
                        kind->get_ref<const std::string&>() == "__tuple__";
  return is_tuple && items != value.end() && items->is_array() ? &*items : nullptr;
}

void Arguments::mistaken(std::string_view name, std::string_view expected) const {
  const auto found = config_.is_object() ? config_.find(std::string(name)) : config_.end();
  const std::string text = found == config_.end()
                               ? "nothing"
                               : found->dump(-1, ' ', true, Json::error_handler_t::replace);
  throw io::Error(io::ErrorCode::ConfigInvalid,
                  fmt::format("Layer \"{}\": argument \"{}\" should be {}, but is {}.", layer_,
                              name, expected, text.substr(0, 200)));
}

const Json* Arguments::find(std::string_view name) const {
  if (!config_.is_object()) return nullptr;
  const auto found = config_.find(std::string(name));
  return found == config_.end() || found->is_null() ? nullptr : &*found;
}

bool Arguments::boolean(std::string_view name, bool otherwise) const {
  const Json* value = find(name);
  if (value == nullptr) return otherwise;
  if (!value->is_boolean()) mistaken(name, "true or false");
  return value->get<bool>();
}

double Arguments::number(std::string_view name, double otherwise) const {
  const Json* value = find(name);
  if (value == nullptr) return otherwise;
  if (!value->is_number()) mistaken(name, "a number");
  return value->get<double>();
}

std::int64_t Arguments::integer(std::string_view name, std::int64_t otherwise) const {
  const Json* value = find(name);
  if (value == nullptr) return otherwise;
  const auto number = whole_number(*value);
  if (!number) mistaken(name, "a whole number");
  return *number;
}

std::int64_t Arguments::integer(std::string_view name) const {
  if (find(name) == nullptr) mistaken(name, "a whole number");
  return integer(name, 0);
}

std::int64_t Arguments::positive_integer(std::string_view name) const {
  const std::int64_t number = integer(name);
  if (number < 1) mistaken(name, "at least 1");
  return number;
}

std::string Arguments::text(std::string_view name, std::string_view otherwise) const {
  const Json* value = find(name);
  if (value == nullptr) return std::string(otherwise);
  if (!value->is_string()) mistaken(name, "a text");
  return value->get<std::string>();
}

std::vector<std::int64_t> Arguments::integer_list(std::string_view name) const {
  const Json* value = find(name);
  if (value == nullptr) mistaken(name, "a list of whole numbers");
  if (const auto single = whole_number(*value)) return {*single};
  const Json* items = list_items(*value);
  if (items == nullptr) mistaken(name, "a list of whole numbers");
  std::vector<std::int64_t> numbers;
  for (const Json& item : *items) {
    const auto number = whole_number(item);
    if (!number) mistaken(name, "a list of whole numbers");
    numbers.push_back(*number);
  }
  return numbers;
}

std::vector<std::int64_t> Arguments::integers(std::string_view name, std::size_t count,
                                              std::int64_t otherwise) const {
  const Json* value = find(name);
  if (value == nullptr) return std::vector<std::int64_t>(count, otherwise);
  std::vector<std::int64_t> numbers = integer_list(name);
  if (list_items(*value) == nullptr) numbers.resize(count, numbers[0]);
  if (numbers.size() != count) mistaken(name, fmt::format("{} whole numbers", count));
  return numbers;
}

std::vector<std::int64_t> Arguments::positive_integers(std::string_view name, std::size_t count,
                                                       std::int64_t otherwise) const {
  std::vector<std::int64_t> numbers = integers(name, count, otherwise);
  for (const std::int64_t number : numbers) {
    if (number < 1) mistaken(name, "at least 1");
  }
  return numbers;
}

std::vector<double> Arguments::number_list(std::string_view name) const {
  const Json* value = find(name);
  if (value == nullptr) mistaken(name, "a list of numbers");
  if (value->is_number()) return {value->get<double>()};
  const Json* items = list_items(*value);
  if (items == nullptr) mistaken(name, "a list of numbers");
  std::vector<double> numbers;
  for (const Json& item : *items) {
    if (!item.is_number()) mistaken(name, "a list of numbers");
    numbers.push_back(item.get<double>());
  }
  return numbers;
}

}  // namespace tensorferry::keras
