#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace tensorferry::io {

/// CRC-32 as zip and PNG have it (zlib's). `before` is the CRC of the bytes that precede.
std::uint32_t crc32(std::span<const std::byte> bytes, std::uint32_t before = 0);
std::uint32_t crc32(std::string_view text, std::uint32_t before = 0);

/// The CRC of a ‖ b from those of a and of b, which has `second_length` bytes.
std::uint32_t crc32_combine(std::uint32_t first, std::uint32_t second, std::uint64_t second_length);

}  // namespace tensorferry::io
