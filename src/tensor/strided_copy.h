#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tensorferry::tensor {

/// One axis of a strided copy; steps are in elements and may be negative.
struct CopyAxis {
  std::uint64_t extent = 0;
  std::int64_t from = 0;
  std::int64_t to = 0;
};

/// Drops axes of extent 1, sorts by falling step of the destination and merges axes that are one.
std::vector<CopyAxis> simplified(std::vector<CopyAxis> axes);

/// to[Σ i_k · to_k] = from[Σ i_k · from_k] for all i. Elements of 1, 2, 4 or 8 bytes, at any
/// alignment.
void strided_copy(const std::byte* from, std::byte* to, const std::vector<CopyAxis>& axes,
                  std::size_t element_size);

}  // namespace tensorferry::tensor
