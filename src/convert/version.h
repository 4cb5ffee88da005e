#pragma once

#include <string_view>

namespace tensorferry::convert {

/// CMake's project version, the one place where it is written.
inline constexpr std::string_view version_text = TENSORFERRY_VERSION;

}  // namespace tensorferry::convert
