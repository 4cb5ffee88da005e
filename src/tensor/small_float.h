#pragma once

#include <cstdint>
#include <cstring>

namespace tensorferry::tensor {

// float16 (1 + 5 + 10 bits) and bfloat16 (1 + 8 + 7 bits): IEEE 754 binary interchange rules, round
// to nearest, ties to even; overflow becomes infinity, NaN stays NaN (quiet, upper payload kept).

template <class To, class From>
To bits_as(From value) {
  static_assert(sizeof(To) == sizeof(From));
  To result;
  std::memcpy(&result, &value, sizeof(result));
  return result;
}

inline std::uint16_t float16_from(float value) {
  const std::uint32_t bits = bits_as<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 16) & 0x8000;
  const std::uint32_t magnitude = bits & 0x7fffffff;
  std::uint32_t result;
  if (magnitude >= 0x47800000) {  // 2^16 and above, infinity, NaN
    result = magnitude > 0x7f800000 ? 0x7e00 | ((magnitude >> 13) & 0x3ff) : 0x7c00;
  } else if (magnitude < 0x38800000) {  // below 2^-14: adding 0.5 aligns the last bit at 2^-24
    result = bits_as<std::uint32_t>(bits_as<float>(magnitude) + 0.5f) - 0x3f000000;
  } else {  // the carry of the rounding may go into the exponent, up to infinity
    result = (magnitude - 0x38000000 + 0xfff + ((magnitude >> 13) & 1)) >> 13;
  }
  return static_cast<std::uint16_t>(sign | result);
}

inline std::uint16_t bfloat16_from(float value) {
  const std::uint32_t bits = bits_as<std::uint32_t>(value);
  if ((bits & 0x7fffffff) > 0x7f800000) return static_cast<std::uint16_t>((bits >> 16) | 0x40);
  return static_cast<std::uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

// From float64 directly: through float32 a value would be rounded twice.
template <int mantissa_bits, int exponent_bias>
std::uint16_t small_float_from(double value) {
  constexpr int shift = 52 - mantissa_bits;
  constexpr std::uint64_t infinity = std::uint64_t{2 * exponent_bias + 1} << mantissa_bits;
  constexpr std::uint64_t least_normal = std::uint64_t{1023 - exponent_bias + 1} << 52;
  constexpr std::uint64_t overflow = std::uint64_t{1023 + exponent_bias + 1} << 52;
  // 2^(52 - k), whose last bit is the last bit 2^-k of a subnormal.
  constexpr std::uint64_t aligner = std::uint64_t{1023 + 52 - (exponent_bias - 1 + mantissa_bits)}
                                    << 52;
  const std::uint64_t bits = bits_as<std::uint64_t>(value);
  const std::uint64_t sign = (bits >> 63) << 15;
  const std::uint64_t magnitude = bits & 0x7fffffffffffffff;
  std::uint64_t result;
  if (magnitude > 0x7ff0000000000000) {
    result = infinity | (std::uint64_t{1} << (mantissa_bits - 1)) |
             ((magnitude >> shift) & ((std::uint64_t{1} << mantissa_bits) - 1));
  } else if (magnitude >= overflow) {
    result = infinity;
  } else if (magnitude < least_normal) {
    result =
        bits_as<std::uint64_t>(bits_as<double>(magnitude) + bits_as<double>(aligner)) - aligner;
  } else {
    const std::uint64_t rebias = std::uint64_t{1023 - exponent_bias} << 52;
    const std::uint64_t half = (std::uint64_t{1} << (shift - 1)) - 1;
    result = (magnitude - rebias + half + ((magnitude >> shift) & 1)) >> shift;
  }
  return static_cast<std::uint16_t>(sign | result);
}

inline std::uint16_t float16_from(double value) { return small_float_from<10, 15>(value); }
inline std::uint16_t bfloat16_from(double value) { return small_float_from<7, 127>(value); }

inline float float_from_float16(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000) << 16;
  const std::uint32_t magnitude = half & 0x7fff;
  std::uint32_t bits;
  if (magnitude >= 0x7c00) {  // infinity, NaN
    bits = 0x7f800000 | (magnitude & 0x3ff) << 13;
  } else if (magnitude < 0x400) {  // subnormal: an integer times 2^-24
    bits = bits_as<std::uint32_t>(static_cast<float>(magnitude) * 0x1p-24f);
  } else {
    bits = (magnitude << 13) + 0x38000000;
  }
  return bits_as<float>(sign | bits);
}

inline float float_from_bfloat16(std::uint16_t value) {
  return bits_as<float>(static_cast<std::uint32_t>(value) << 16);
}

}  // namespace tensorferry::tensor
