#pragma once

#include <cstdint>
#include <vector>

#include "tensor/tensor_ref.h"

namespace tensorferry::tensor {

/// A hyper-rectangle of a row-major shape.
struct Box {
  std::vector<std::uint64_t> start;
  std::vector<std::uint64_t> extent;
};

/// Cuts the elements [first, first + count) of a row-major shape into at most 2 · rank - 1 boxes,
/// each of them a range of its own, in order.
std::vector<Box> boxes_of_range(const Shape& shape, std::uint64_t first, std::uint64_t count);

/// Row-major steps of a shape, in elements.
std::vector<std::uint64_t> row_major_steps(const Shape& shape);

/// The next index within `extents`, the last axis fastest; false after the last one.
bool advance(std::vector<std::uint64_t>& index, const std::vector<std::uint64_t>& extents);

}  // namespace tensorferry::tensor
