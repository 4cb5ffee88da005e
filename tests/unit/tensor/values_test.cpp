#include "tensor/values.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "random.h"
#include "tensor/small_float.h"

using namespace tensorferry::tensor;
using tensorferry::test::Random;

namespace {

template <class To, class From>
std::vector<To> run(const std::vector<ValueOp>& ops, DType dtype, const std::vector<From>& from,
                    const ReduceResults& results = {}) {
  std::vector<To> to(from.size());
  ValuePipeline(ops, results)
      .run(std::as_bytes(std::span(from)), dtype, std::as_writable_bytes(std::span(to)));
  return to;
}

// The float16 of all that is nearest to a number, by search; ties go to the even one.
std::uint16_t nearest_float16(double value) {
  const std::uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  const double magnitude = std::fabs(value);
  if (magnitude >= 65520) return sign | 0x7c00;
  std::uint16_t best = 0;
  for (std::uint16_t half = 0; half < 0x7c00; ++half) {
    const double distance = std::fabs(float_from_float16(half) - magnitude);
    const double least = std::fabs(float_from_float16(best) - magnitude);
    if (distance < least || (distance == least && half % 2 == 0)) best = half;
  }
  return sign | best;
}

}  // namespace

TEST_CASE("each float16 and bfloat16 goes to wider floats and back unchanged") {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float wide = float_from_float16(half);
    const float wide_b = float_from_bfloat16(half);
    if (std::isnan(wide)) {
      CHECK(std::isnan(float_from_float16(float16_from(wide))));
      CHECK(std::isnan(float_from_float16(float16_from(static_cast<double>(wide)))));
    } else if (float16_from(wide) != half || float16_from(static_cast<double>(wide)) != half) {
      CAPTURE(bits);
      FAIL("float16");
    }
    if (std::isnan(wide_b)) {
      CHECK(std::isnan(float_from_bfloat16(bfloat16_from(wide_b))));
      CHECK(std::isnan(float_from_bfloat16(bfloat16_from(static_cast<double>(wide_b)))));
    } else if (bfloat16_from(wide_b) != half ||
               bfloat16_from(static_cast<double>(wide_b)) != half) {
      CAPTURE(bits);
      FAIL("bfloat16");
    }
  }
}

TEST_CASE("rounding to float16 is to the nearest, ties to even, subnormals and overflow included") {
  CHECK(float16_from(65519.99f) == 0x7bff);
  CHECK(float16_from(65520.0f) == 0x7c00);
  CHECK(float16_from(-1e10f) == 0xfc00);
  CHECK(float16_from(0x1p-25f) == 0);  // a tie: to the even 0
  CHECK(float16_from(0x1.000002p-25f) == 1);
  CHECK(float16_from(0x1.8p-24f) == 2);  // a tie: to the even 2
  CHECK(float16_from(0x1p-149f) == 0);
  CHECK(float16_from(-0.0f) == 0x8000);
  CHECK(float16_from(1.0f + 0x1p-11f) == 0x3c00);  // a tie: to the even one
  CHECK(float16_from(1.0f + 0x1.8p-10f) == 0x3c02);
  CHECK(float16_from(0x1.ffep-15f) == nearest_float16(0x1.ffep-15));
  CHECK(float16_from(std::numeric_limits<float>::infinity()) == 0x7c00);
  Random random(3);
  for (int i = 0; i < 300; ++i) {
    const auto exponent = static_cast<int>(random.between(0, 44)) - 27;
    const double value =
        std::ldexp(1.0 + static_cast<double>(random.between(0, 1u << 31)) / (1u << 31), exponent) *
        (random.chance(0.5) ? 1 : -1);
    CAPTURE(value);
    CHECK(float16_from(value) == nearest_float16(value));
    CHECK(float16_from(static_cast<float>(value)) == nearest_float16(static_cast<float>(value)));
  }
}

TEST_CASE("float64 is rounded once, not through float32") {
  // Just above the tie between two float16; as a float32 it would be the tie itself.
  const double above = 1.0 + 0x1p-11 + 0x1p-40;
  CHECK(float16_from(above) == 0x3c01);
  CHECK(float16_from(static_cast<float>(above)) == 0x3c00);
  const double above_b = 1.0 + 0x1p-8 + 0x1p-40;
  CHECK(bfloat16_from(above_b) == 0x3f81);
  CHECK(bfloat16_from(static_cast<float>(above_b)) == 0x3f80);
}

TEST_CASE("casts between all kinds") {
  CHECK(run<std::int64_t, float>({Cast{DType::Int64}}, DType::Float32, {1.9f, -1.9f, 3e18f}) ==
        std::vector<std::int64_t>{1, -1, static_cast<std::int64_t>(3e18f)});
  CHECK(run<std::int8_t, float>({Cast{DType::Int8}}, DType::Float32, {300, -300, NAN}) ==
        std::vector<std::int8_t>{127, -128, 0});
  // 2^53 + 1 is no float64: an integer must not go through one.
  const std::int64_t odd = (std::int64_t{1} << 53) + 1;
  CHECK(run<std::uint64_t, std::int64_t>({Cast{DType::UInt64}}, DType::Int64, {odd})[0] ==
        static_cast<std::uint64_t>(odd));
  CHECK(run<float, std::int64_t>({Cast{DType::Float32}}, DType::Int64, {odd})[0] ==
        static_cast<float>(odd));
  CHECK(run<std::uint8_t, double>({Cast{DType::Bool}}, DType::Float64, {0.0, 0.5, -0.0, NAN}) ==
        std::vector<std::uint8_t>{0, 1, 0, 1});
  CHECK(run<float, std::uint8_t>({Cast{DType::Float32}}, DType::Bool, {0, 1, 7}) ==
        std::vector<float>{0, 1, 1});
  CHECK(run<float, double>({Cast{DType::Float32}}, DType::Float64, {1e300, 0.1}) ==
        std::vector<float>{INFINITY, 0.1f});
}

TEST_CASE("chains of value operations") {
  std::vector<float> from(5000);
  for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<float>(i);
  const auto halves = run<double, float>({SquareRoot{}, Cast{DType::Float64}, Affine{0.5, 1}},
                                         DType::Float32, from);
  for (const std::size_t i : {0u, 1u, 1023u, 1024u, 4999u}) {
    CHECK(halves[i] == static_cast<double>(std::sqrt(from[i])) * 0.5 + 1);
  }
  CHECK(run<float, float>({AtLeast{1e-14}}, DType::Float32, {0.0f, -3.0f, 2.0f}) ==
        std::vector<float>{1e-14f, 1e-14f, 2});
  // Rounded once: in float32 steps the product alone would be rounded too.
  CHECK(run<float, float>({Affine{1.0000001, -3}}, DType::Float32, {3.0f})[0] ==
        static_cast<float>(3.0 * 1.0000001 - 3));
}

TEST_CASE("two signed numbers of four bits in a byte") {
  const std::vector<std::int8_t> packed{0x2D, static_cast<std::int8_t>(0x87), 0x10};
  CHECK(run<std::int8_t, std::int8_t>({Nibble{false}}, DType::Int8, packed) ==
        std::vector<std::int8_t>{-3, 7, 0});
  CHECK(run<std::int8_t, std::int8_t>({Nibble{true}}, DType::Int8, packed) ==
        std::vector<std::int8_t>{2, -8, 1});
}

TEST_CASE("quantization is that of tensorflowjs/quantization.py") {
  // Expected numbers computed with that module's formulas in numpy (float64).
  const ReduceResults results = {{0, -1.0}, {1, 2.0}};
  const QuantizationRange range = quantization_range(-1, 2, DType::UInt8);
  CHECK(range.scale == 3.0 / 255);
  CHECK(range.minimum == -85 * (3.0 / 255));
  CHECK(run<std::uint8_t, float>({Quantize{DType::UInt8, 0, 1}}, DType::Float32,
                                 {-1.0f, 0.0f, 2.0f, 0.5f, 0.0059f, 0.00587f},
                                 results) == std::vector<std::uint8_t>{0, 85, 255, 128, 86, 85});
  SUBCASE("the range is nudged so that 0 is a level") {
    const QuantizationRange nudged = quantization_range(-0.3, 1, DType::UInt8);
    const double level = -nudged.minimum / nudged.scale;
    CHECK(std::fabs(level - 59) < 1e-9);
    CHECK(nudged.minimum != -0.3);
  }
  SUBCASE("0 outside of the range moves nothing") {
    CHECK(quantization_range(0.5, 1, DType::UInt16).minimum == 0.5);
    CHECK(quantization_range(0.5, 1, DType::UInt16).scale == 0.5 / 65535);
  }
  SUBCASE("equal elements") {
    CHECK(quantization_range(2, 2, DType::UInt8).scale == 1);
    CHECK(quantization_range(2, 2, DType::UInt8).minimum == 2);
    const ReduceResults same = {{0, 2.0}, {1, 2.0}};
    CHECK(run<std::uint8_t, float>({Quantize{DType::UInt8, 0, 1}}, DType::Float32, {2, 2}, same) ==
          std::vector<std::uint8_t>{0, 0});
  }
  SUBCASE("a range that is not known is an error") {
    CHECK_THROWS(ValuePipeline({Quantize{DType::UInt8, 0, 7}}, results));
  }
}
