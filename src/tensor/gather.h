#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tensor/input_reader.h"
#include "tensor/strided_copy.h"
#include "tensor/values.h"

namespace tensorferry::tensor {

/// Which elements of an input go where in a tile: element `from + Σ i_k · axes[k].from` of the
/// input to element `to + Σ i_k · axes[k].to` of the tile.
struct GatherBox {
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::vector<CopyAxis> axes;
};

/// Reads the box's elements, applies the value operations and puts them into the tile. Input is
/// held within `limits.read_buffer`; it is read in runs as long as they come, through gaps of at
/// most `limits.read_gap` bytes.
void gather(const TensorRef& tensor, InputReader& reader, GatherBox box,
            const ValuePipeline& values, std::size_t tile_element_size, const MemoryLimits& limits,
            std::span<std::byte> tile);

/// How many chunks of a chunked input the box touches.
std::uint64_t chunks_read(const TensorRef& tensor, GatherBox box);

/// The runs of elements of the input in which the whole box is read, in order of the source.
std::vector<Run> runs_read(GatherBox box, std::size_t element_size, const MemoryLimits& limits);

/// What reading the box costs, in bytes: those that are read, and `limits.read_gap` for each run.
double read_cost(GatherBox box, std::size_t element_size, const MemoryLimits& limits);

}  // namespace tensorferry::tensor
