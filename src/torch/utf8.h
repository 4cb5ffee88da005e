#pragma once

#include <string>
#include <string_view>

namespace tensorferry::torch {

/// The code points of UTF-8 text; a byte that is none becomes U+FFFD.
std::u32string code_points(std::string_view text);

}  // namespace tensorferry::torch
