#pragma once

#include <cstdint>

#include "tensor/gather.h"

namespace tensorferry::tensor {

/// `gather` for a chunked input, chunk by chunk, so that each is decoded once a call whatever the
/// order of the tile. The box must be in the order of its source (see gather.cpp). False, with
/// nothing done, if it is not a whole range of each of the input's axes (every second row, say).
bool gather_chunks(const TensorRef& tensor, InputReader& reader, const GatherBox& box,
                   const ValuePipeline& values, std::size_t tile_element_size,
                   std::span<std::byte> tile);

/// How many chunks the box touches, stored or not; all of them where `gather_chunks` would refuse.
std::uint64_t chunks_of_box(const TensorRef& tensor, const Chunked& storage, const GatherBox& box);

}  // namespace tensorferry::tensor
