#include "io/crc32.h"

#include <zlib.h>

#include <algorithm>

namespace tensorferry::io {

std::uint32_t crc32(std::span<const std::byte> bytes, std::uint32_t before) {
  constexpr std::size_t at_once = std::size_t{1} << 30;  // zlib counts in uInt
  uLong crc = before;
  while (!bytes.empty()) {
    const std::size_t length = std::min(bytes.size(), at_once);
    crc = ::crc32(crc, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(length));
    bytes = bytes.subspan(length);
  }
  return static_cast<std::uint32_t>(crc);
}

std::uint32_t crc32(std::string_view text, std::uint32_t before) {
  return crc32(std::as_bytes(std::span(text.data(), text.size())), before);
}

std::uint32_t crc32_combine(std::uint32_t first, std::uint32_t second,
                            std::uint64_t second_length) {
  // z_off_t has 32 bits in wasm; a member may have more than 2^31 bytes, so it goes in steps: the
  // CRC of `length` zero bytes appended, again and again, is what combining means.
  constexpr std::uint64_t at_once = std::uint64_t{1} << 30;
  while (second_length > at_once) {
    first = static_cast<std::uint32_t>(::crc32_combine(first, 0, at_once));
    second_length -= at_once;
  }
  return static_cast<std::uint32_t>(
      ::crc32_combine(first, second, static_cast<z_off_t>(second_length)));
}

}  // namespace tensorferry::io
