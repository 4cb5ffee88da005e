#pragma once

#include <span>
#include <string_view>

#include "keras/layers/layer_kind.h"

namespace tensorferry::keras {

struct LayerRow {
  std::string_view class_name;  ///< today's public name
  const LayerKind* kind;
};

/// Every layer class that is converted, in alphabetical order: the only registration there is.
std::span<const LayerRow> layer_table();

/// Null if the class is not converted.
const LayerKind* find_layer_kind(std::string_view class_name);

}  // namespace tensorferry::keras
