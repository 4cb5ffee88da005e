#pragma once

#include <cstdint>
#include <vector>

#include "tensor/produce.h"

namespace tensorferry::tensor {

/// A piece of a computed part that is no range of it: runs of bytes at equal distances.
struct Rectangle {
  Computation computation;       ///< makes the runs' bytes, one after another
  std::uint64_t begin = 0;       ///< of the first run in the part, in bytes
  std::uint64_t runs = 0;        ///< how many
  std::uint64_t run_length = 0;  ///< bytes
  std::uint64_t distance = 0;    ///< from the begin of a run to that of the next
};

/// For whoever can write anywhere in a file: cuts a part into pieces of at most `limits.tile`.
/// A large transpose is read in short runs where its output is made in ranges, and in rectangles
/// both are read and written in runs of some KB. None where ranges serve as well.
std::vector<Rectangle> rectangles_of(const Bundle& bundle, const Part& part,
                                     const MemoryLimits& limits);

}  // namespace tensorferry::tensor
