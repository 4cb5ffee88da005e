#pragma once

#include <string_view>

#include "tfjs/builder.h"

namespace tensorferry::tfjs {

/// How TF.js can have a class of Keras.
struct LayerKind {
  std::string_view class_name;
  /// The arguments that the lowering reads, apart by spaces. Any other one that changes numbers,
  /// and has a value, is refused.
  std::string_view arguments;
  Tensor (*lower)(LayerCall& call);  ///< null: for what holds layers (lower_model.cpp)
  /// Keywords of a call that the lowering reads, apart by spaces.
  std::string_view keywords = "";
  /// It looks at all arguments of the config and the call itself.
  bool is_operation = false;
};

/// Null for a class that TF.js cannot have.
const LayerKind* find_layer_kind(std::string_view class_name);

bool takes_keyword(const LayerKind& kind, std::string_view name);

/// Throws Refusal for an argument outside the allow-list that was given a value.
void require_known_arguments(const keras::Layer& layer, const LayerKind& kind);

}  // namespace tensorferry::tfjs
