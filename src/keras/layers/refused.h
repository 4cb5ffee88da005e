#pragma once

#include <span>
#include <string_view>

namespace tensorferry::keras {

struct RefusedRow {
  std::string_view class_name;
  std::string_view reason;  ///< "its function is Python code, which is never run"
};

/// The classes of Keras that no file can tell the meaning of, in alphabetical order.
std::span<const RefusedRow> refused_layers();

/// Base classes, which do nothing of themselves, in alphabetical order.
std::span<const std::string_view> abstract_layers();

/// Why a class that is not in the table of layers is not converted.
std::string_view refusal_of(std::string_view class_name);

}  // namespace tensorferry::keras
