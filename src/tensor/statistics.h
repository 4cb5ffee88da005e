#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "tensor/produce.h"
#include "tensor/transform.h"

namespace tensorferry::tensor {

/// What the elements of a tensor are like. NaN and infinities are counted and left out.
struct Statistics {
  std::uint64_t count = 0;  ///< of all elements
  std::uint64_t not_finite = 0;
  double minimum = 0;
  double maximum = 0;
  double mean = 0;
  double deviation = 0;                  ///< standard deviation, of the whole population
  std::vector<std::uint64_t> histogram;  ///< equal bins from the minimum to the maximum
};

/// Reads the tensor twice, in tiles. Whole numbers are rounded to float32 first. `progress` is told
/// of bytes. Throws io::Error of the reading.
Statistics statistics_of(const Computation& tensor, const std::vector<io::Source>& sources,
                         const MemoryLimits& limits,
                         const std::function<void(std::uint64_t)>& progress);

}  // namespace tensorferry::tensor
