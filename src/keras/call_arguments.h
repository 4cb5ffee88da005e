#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "keras/model.h"

/// What a call gives a layer, by the position or the name of its arguments.
namespace tensorferry::keras {

/// The index among `tensors_of(call)` of the tensor at `position`, or called `name`.
std::optional<std::size_t> tensor_argument(const Call& call, std::size_t position,
                                           std::string_view name);

/// The same of one that has no position.
std::optional<std::size_t> tensor_keyword(const Call& call, std::string_view name);

/// A setting such as `use_causal_mask`, false if it is not there or null; none if it is no
/// constant.
std::optional<bool> flag_argument(const Call& call, std::string_view name);

/// True if something but null stands behind the first `count` positions.
bool has_more_arguments(const Call& call, std::size_t count);

}  // namespace tensorferry::keras
