#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace tensorferry::tensor {

/// SHA-256 of bytes that come in pieces (FIPS 180-4). No library of the build has it.
class Sha256 {
 public:
  void update(std::span<const std::byte> bytes);
  std::string finish();  ///< 64 lower-case hexadecimal digits; ends its use

 private:
  void compress(const std::byte* block);

  std::array<std::uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::byte, 64> block_{};
  std::uint64_t size_ = 0;
};

}  // namespace tensorferry::tensor
