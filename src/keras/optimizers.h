#pragma once

#include <span>
#include <string_view>

namespace tensorferry::keras {

/// The classes of Keras's optimizers.
std::span<const std::string_view> optimizer_classes();

/// Of the class that `compile` finds by this name, in any case ("adam"); empty: there is none.
std::string_view find_optimizer(std::string_view name);

}  // namespace tensorferry::keras
