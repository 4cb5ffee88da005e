#pragma once

#include <cstdint>
#include <vector>

#include "tensor/bundle.h"
#include "tensor/gather.h"
#include "tensor/produce.h"

namespace tensorferry::tensor {

/// What elements [first, first + count) of an output take of a view.
std::vector<GatherBox> boxes_of_view(const Computation& computation, const View& view,
                                     std::uint64_t first, std::uint64_t count);

/// The ranges of a source that `produce` reads for bytes [begin, begin + length) of a part, in
/// order, for whoever can fetch them faster than read by read. None where several inputs or chunks
/// are read.
std::vector<SlicePart> ranges_read(const Bundle& bundle, const Part& part, std::uint64_t begin,
                                   std::uint64_t length, const MemoryLimits& limits);

}  // namespace tensorferry::tensor
