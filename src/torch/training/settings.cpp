#include "torch/training/settings.h"

#include <cmath>
#include <cstdlib>
#include <variant>

#include <fmt/format.h>

#include "torch/python.h"

namespace tensorferry::torch {

const graph::Setting* find(const graph::Settings& settings, const std::string& name) {
  static const graph::Setting nothing;
  const auto found = settings.find(name);
  return found == settings.end() ? &nothing : &found->second;
}

double number(const graph::Settings& settings, const std::string& name, double otherwise) {
  const auto* value = std::get_if<double>(find(settings, name));
  return value ? *value : otherwise;
}

bool is_true(const graph::Settings& settings, const std::string& name) {
  const auto* value = std::get_if<bool>(find(settings, name));
  return value && *value;
}

std::string text(const graph::Settings& settings, const std::string& name,
                 std::string_view otherwise) {
  const auto* value = std::get_if<std::string>(find(settings, name));
  return value ? *value : std::string(otherwise);
}

bool has(const graph::Settings& settings, const std::string& name) {
  return !std::holds_alternative<std::monostate>(*find(settings, name));
}

double as_given(double value) {
  const auto narrow = static_cast<float>(value);
  if (static_cast<double>(narrow) != value) return value;
  return std::strtod(fmt::format("{}", narrow).c_str(), nullptr);
}

std::string number_text(double value) {
  value = as_given(value);
  if (std::abs(value) < 1e6 && std::nearbyint(value) == value) {
    return std::to_string(static_cast<int>(value));
  }
  return python::text_of(python::number(value));
}

std::string number_text(const graph::Settings& settings, const std::string& name,
                        double otherwise) {
  return number_text(number(settings, name, otherwise));
}

}  // namespace tensorferry::torch
