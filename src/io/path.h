#pragma once

#include <string_view>

namespace tensorferry::io {

/// What follows the last slash, of either kind.
inline std::string_view base_name(std::string_view path) {
  return path.substr(path.find_last_of("/\\") + 1);  // npos + 1 is 0
}

}  // namespace tensorferry::io
