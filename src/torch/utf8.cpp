#include "torch/utf8.h"

#include <cstdint>

namespace tensorferry::torch {

namespace {

constexpr char32_t replacement = 0xfffd;

struct Lead {
  std::size_t length;
  std::uint32_t bits;
  std::uint32_t smallest;  // of that length; a smaller one is an overlong form
};

Lead lead_of(unsigned char byte) {
  if (byte < 0x80) return {1, byte, 0};
  if (byte >= 0xc2 && byte < 0xe0) return {2, byte & 0x1fu, 0x80};
  if (byte >= 0xe0 && byte < 0xf0) return {3, byte & 0x0fu, 0x800};
  if (byte >= 0xf0 && byte < 0xf5) return {4, byte & 0x07u, 0x10000};
  return {0, 0, 0};
}

}  // namespace

std::u32string code_points(std::string_view text) {
  std::u32string points;
  for (std::size_t i = 0; i < text.size();) {
    const Lead lead = lead_of(static_cast<unsigned char>(text[i]));
    std::uint32_t code = lead.bits;
    bool valid = lead.length != 0 && i + lead.length <= text.size();
    for (std::size_t k = 1; valid && k < lead.length; ++k) {
      const auto byte = static_cast<unsigned char>(text[i + k]);
      valid = (byte & 0xc0u) == 0x80;
      code = code << 6 | (byte & 0x3fu);
    }
    valid = valid && code >= lead.smallest && code < 0x110000 && (code < 0xd800 || code >= 0xe000);
    points += valid ? static_cast<char32_t>(code) : replacement;
    i += valid ? lead.length : 1;
  }
  return points;
}

}  // namespace tensorferry::torch
