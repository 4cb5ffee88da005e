#include "tensor/values.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "io/error.h"
#include "io/overloaded.h"
#include "tensor/small_float.h"

namespace tensorferry::tensor {

namespace {

// Elements are worked on in blocks that stay in the first-level cache.
constexpr std::size_t block_size = 1024;

struct Float16 {
  std::uint16_t bits;
};
struct BFloat16 {
  std::uint16_t bits;
};
struct Boolean {
  std::uint8_t byte;
};

// Calls `function` with a value of the C++ type of the dtype.
template <class Function>
void with_type(DType dtype, const Function& function) {
  switch (dtype) {
    case DType::Float16:
      return function(Float16{});
    case DType::BFloat16:
      return function(BFloat16{});
    case DType::Float32:
      return function(float{});
    case DType::Float64:
      return function(double{});
    case DType::Int8:
      return function(std::int8_t{});
    case DType::Int16:
      return function(std::int16_t{});
    case DType::Int32:
      return function(std::int32_t{});
    case DType::Int64:
      return function(std::int64_t{});
    case DType::UInt8:
      return function(std::uint8_t{});
    case DType::UInt16:
      return function(std::uint16_t{});
    case DType::UInt32:
      return function(std::uint32_t{});
    case DType::UInt64:
      return function(std::uint64_t{});
    case DType::Bool:
      return function(Boolean{});
  }
}

double widened(Float16 value) { return float_from_float16(value.bits); }
double widened(BFloat16 value) { return float_from_bfloat16(value.bits); }
double widened(Boolean value) { return value.byte != 0 ? 1 : 0; }
template <class Number>
double widened(Number value) {
  return static_cast<double>(value);
}

// numpy leaves a float outside of the integer's range undefined; here it goes to the nearest end,
// NaN to 0.
template <class Integer>
Integer truncated(double value) {
  if (std::isnan(value)) return 0;
  if (value <= static_cast<double>(std::numeric_limits<Integer>::min())) {
    return std::numeric_limits<Integer>::min();
  }
  if (value >= static_cast<double>(std::numeric_limits<Integer>::max())) {
    return std::numeric_limits<Integer>::max();
  }
  return static_cast<Integer>(value);
}

void narrow(double value, Float16& to) { to.bits = float16_from(value); }
void narrow(double value, BFloat16& to) { to.bits = bfloat16_from(value); }
void narrow(double value, float& to) { to = static_cast<float>(value); }
void narrow(double value, double& to) { to = value; }
void narrow(double value, Boolean& to) { to.byte = value != 0 ? 1 : 0; }
template <class Integer>
void narrow(double value, Integer& to) {
  to = truncated<Integer>(value);
}

void widen(const std::byte* from, DType dtype, std::size_t count, double* to) {
  with_type(dtype, [&](auto type) {
    using Element = decltype(type);
    for (std::size_t i = 0; i < count; ++i) {
      Element element;
      std::memcpy(&element, from + i * sizeof(element), sizeof(element));
      to[i] = widened(element);
    }
  });
}

void narrow_all(const double* from, std::size_t count, DType dtype, std::byte* to) {
  with_type(dtype, [&](auto type) {
    using Element = decltype(type);
    for (std::size_t i = 0; i < count; ++i) {
      Element element;
      narrow(from[i], element);
      std::memcpy(to + i * sizeof(element), &element, sizeof(element));
    }
  });
}

template <class From, class To, class Function>
void map_elements(const std::byte* from, std::size_t count, std::byte* to, Function function) {
  for (std::size_t i = 0; i < count; ++i) {
    From element;
    std::memcpy(&element, from + i * sizeof(From), sizeof(From));
    const To result = function(element);
    std::memcpy(to + i * sizeof(To), &result, sizeof(To));
  }
}

// Integers of 64 bits do not fit into a float64, so they have a way of their own.
template <class Wide>
void cast_wide_integer(const std::byte* from, std::size_t count, DType to_dtype, std::byte* to) {
  with_type(to_dtype, [&](auto type) {
    using Element = decltype(type);
    map_elements<Wide, Element>(from, count, to, [](Wide value) {
      Element element;
      if constexpr (std::is_arithmetic_v<Element>) {
        element = static_cast<Element>(value);
      } else if constexpr (std::is_same_v<Element, Boolean>) {
        element.byte = value != 0 ? 1 : 0;
      } else {
        narrow(static_cast<double>(value), element);
      }
      return element;
    });
  });
}

void cast(const std::byte* from, DType dtype, std::size_t count, DType to_dtype, std::byte* to) {
  if (dtype == to_dtype) {
    std::memcpy(to, from, count * dtype_size(dtype));
  } else if (dtype == DType::Float32 && to_dtype == DType::Float16) {
    map_elements<float, std::uint16_t>(from, count, to, [](float x) { return float16_from(x); });
  } else if (dtype == DType::Float32 && to_dtype == DType::BFloat16) {
    map_elements<float, std::uint16_t>(from, count, to, [](float x) { return bfloat16_from(x); });
  } else if (dtype == DType::Float16 && to_dtype == DType::Float32) {
    map_elements<std::uint16_t, float>(from, count, to, float_from_float16);
  } else if (dtype == DType::BFloat16 && to_dtype == DType::Float32) {
    map_elements<std::uint16_t, float>(from, count, to, float_from_bfloat16);
  } else if (dtype == DType::Int64) {
    cast_wide_integer<std::int64_t>(from, count, to_dtype, to);
  } else if (dtype == DType::UInt64) {
    cast_wide_integer<std::uint64_t>(from, count, to_dtype, to);
  } else {
    std::array<double, block_size> wide;
    widen(from, dtype, count, wide.data());
    narrow_all(wide.data(), count, to_dtype, to);
  }
}

template <class Function>
void map_wide(const std::byte* from, DType dtype, std::size_t count, DType to_dtype, std::byte* to,
              const Function& function) {
  std::array<double, block_size> wide;
  widen(from, dtype, count, wide.data());
  for (std::size_t i = 0; i < count; ++i) wide[i] = function(wide[i]);
  narrow_all(wide.data(), count, to_dtype, to);
}

// Rounds to the nearest integer, ties to even, for |x| < 2^51: what rint does, as one addition that
// compilers can do for several elements at once.
double rounded(double value) {
  constexpr double aligner = 0x1.8p52;
  return value + aligner - aligner;
}

void quantize(const std::byte* from, DType dtype, std::size_t count, const QuantizationRange& range,
              DType to_dtype, std::byte* to) {
  if (range.minimum == range.maximum) {
    std::memset(to, 0, count * dtype_size(to_dtype));
    return;
  }
  map_wide(from, dtype, count, to_dtype, to, [&range](double x) {
    const double clipped = x < range.minimum   ? range.minimum
                           : x > range.maximum ? range.maximum
                                               : x;
    return rounded((clipped - range.minimum) / range.scale);
  });
}

double number_of(const ReduceResults& results, ReduceId id) {
  const auto found = results.find(id);
  const double* number = found == results.end() ? nullptr : std::get_if<double>(&found->second);
  if (number == nullptr) {
    throw io::Error(io::ErrorCode::Internal, "A tensor is quantized before its range is known.");
  }
  return *number;
}

// (x ^ 8) − 8 is the signed number of four bits.
void take_nibbles(const std::byte* from, std::size_t count, bool upper, std::byte* to) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto byte = std::to_integer<unsigned>(from[i]);
    const unsigned bits = upper ? byte >> 4 : byte & 0xF;
    to[i] = static_cast<std::byte>((bits ^ 8U) - 8U);
  }
}

}  // namespace

DType dtype_after(const ValueOp& op, DType dtype) {
  return std::visit(
      io::overloaded{[](const Cast& it) { return it.to; }, [](const Quantize& it) { return it.to; },
                     [&](const Affine&) { return dtype; }, [&](const SquareRoot&) { return dtype; },
                     [&](const AtLeast&) { return dtype; }, [&](const Nibble&) { return dtype; }},
      op);
}

void swap_bytes(std::span<std::byte> elements, std::size_t element_size) {
  for (std::size_t at = 0; at + element_size <= elements.size(); at += element_size) {
    std::reverse(elements.begin() + static_cast<std::ptrdiff_t>(at),
                 elements.begin() + static_cast<std::ptrdiff_t>(at + element_size));
  }
}

ValuePipeline::ValuePipeline(const std::vector<ValueOp>& ops, const ReduceResults& results) {
  for (const ValueOp& op : ops) {
    Step step{op, {}};
    if (const auto* it = std::get_if<Quantize>(&op)) {
      step.range = quantization_range(number_of(results, it->minimum),
                                      number_of(results, it->maximum), it->to);
    }
    steps_.push_back(step);
  }
}

void ValuePipeline::run(std::span<const std::byte> from, DType dtype,
                        std::span<std::byte> to) const {
  DType last = dtype;
  for (const Step& step : steps_) last = dtype_after(step.op, last);
  const std::size_t from_size = dtype_size(dtype);
  const std::size_t to_size = dtype_size(last);
  const std::size_t count = from.size() / from_size;
  for (std::size_t first = 0; first < count; first += block_size) {
    run_block(from.data() + first * from_size, dtype, std::min(block_size, count - first),
              to.data() + first * to_size);
  }
}

void ValuePipeline::run_block(const std::byte* from, DType dtype, std::size_t count,
                              std::byte* to) const {
  std::array<std::array<std::byte, block_size * 8>, 2> buffers;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    const DType next = dtype_after(step.op, dtype);
    std::byte* target = i + 1 == steps_.size() ? to : buffers[i % 2].data();
    std::visit(io::overloaded{
                   [&](const Cast&) { cast(from, dtype, count, next, target); },
                   [&](const Affine& affine) {
                     map_wide(from, dtype, count, next, target,
                              [&affine](double x) { return x * affine.factor + affine.offset; });
                   },
                   [&](const Quantize&) { quantize(from, dtype, count, step.range, next, target); },
                   [&](const SquareRoot&) {
                     map_wide(from, dtype, count, next, target,
                              [](double x) { return std::sqrt(x); });
                   },
                   [&](const AtLeast& least) {
                     map_wide(from, dtype, count, next, target,
                              [&least](double x) { return x < least.value ? least.value : x; });
                   },
                   [&](const Nibble& nibble) { take_nibbles(from, count, nibble.upper, target); }},
               step.op);
    from = target;
    dtype = next;
  }
}

void extend_range(ValueRange& range, std::span<const std::byte> elements, DType dtype) {
  const std::size_t size = dtype_size(dtype);
  const std::size_t count = elements.size() / size;
  std::array<double, block_size> wide;
  for (std::size_t first = 0; first < count; first += block_size) {
    const std::size_t length = std::min(block_size, count - first);
    widen(elements.data() + first * size, dtype, length, wide.data());
    double low = range.empty ? wide[0] : range.minimum;
    double high = range.empty ? wide[0] : range.maximum;
    bool nan = std::isnan(low);
    for (std::size_t i = 0; i < length; ++i) {
      low = wide[i] < low ? wide[i] : low;
      high = wide[i] > high ? wide[i] : high;
      nan |= wide[i] != wide[i];
    }
    if (nan) low = high = std::numeric_limits<double>::quiet_NaN();
    range = {low, high, false};
  }
}

}  // namespace tensorferry::tensor
