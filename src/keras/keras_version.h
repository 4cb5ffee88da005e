#pragma once

#include <charconv>
#include <string_view>

namespace tensorferry::keras {

/// Whether a version as files spell it ("2.2.4-tf", "3.5.0") is an earlier one; false for what is
/// no version.
inline bool is_before(std::string_view version, int major, int minor) {
  int found_major = 0;
  int found_minor = 0;
  const char* begin = version.data();
  const char* end = begin + version.size();
  const auto first = std::from_chars(begin, end, found_major);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '.') return false;
  const auto second = std::from_chars(first.ptr + 1, end, found_minor);
  if (second.ec != std::errc()) return false;
  return found_major < major || (found_major == major && found_minor < minor);
}

/// Before 2.4 a Bidirectional repeated its layers' last outputs at masked steps (keras 2.3.1,
/// layers/wrappers.py, has no force_zero_output_for_mask; some releases of tf.keras that call
/// themselves 2.2.4-tf and 2.3.0-tf have it).
inline bool may_repeat_masked_outputs(std::string_view version) {
  return is_before(version, 2, 4) && !is_before(version, 2, 0);
}

}  // namespace tensorferry::keras
