#include <algorithm>
#include <cstdlib>

#include "io/overloaded.h"
#include "tensor/boxes.h"
#include "tensor/produce.h"

namespace tensorferry::tensor {

namespace {

// The extent of the input's chunks along an axis of the view; 1 where it has none.
std::uint64_t chunk_extent(const Computation& computation, std::size_t axis) {
  if (computation.views.size() != 1) return 1;
  const View& view = computation.views.front();
  const TensorRef& input = computation.inputs[view.input];
  const auto* chunked = std::get_if<Chunked>(&input.storage);
  if (chunked == nullptr) return 1;
  const std::vector<std::uint64_t> steps = row_major_steps(input.shape);
  for (std::size_t k = 0; k < steps.size(); ++k) {
    const bool same = steps[k] == static_cast<std::uint64_t>(std::llabs(view.strides[axis]));
    if (same && input.shape[k] > 1 && k < chunked->chunk_shape.size())
      return chunked->chunk_shape[k];
  }
  return 1;
}

std::uint64_t computed_piece(const Computation& computation, std::uint64_t length,
                             std::uint64_t tile) {
  const std::uint64_t element = dtype_size(computation.dtype);
  const Shape& shape =
      computation.views.size() == 1 ? computation.views.front().shape : computation.shape;
  const std::vector<std::uint64_t> steps = row_major_steps(shape);
  // The outermost axis of which at least one step fits.
  std::size_t axis = 0;
  while (axis < steps.size() && (steps[axis] * element > tile || shape[axis] == 1)) ++axis;
  if (axis == steps.size()) return std::min(length, tile / element * element);
  const std::uint64_t step = steps[axis] * element;
  std::uint64_t rows = tile / step;
  const std::uint64_t chunk = chunk_extent(computation, axis);
  if (rows >= chunk) {
    rows -= rows % chunk;
  } else {  // as few ranges a chunk as fit, of equal length
    const std::uint64_t ranges = (chunk + rows - 1) / rows;
    rows = (chunk + ranges - 1) / ranges;
  }
  return std::min(length, rows * step);
}

}  // namespace

std::uint64_t preferred_piece(const Bundle& bundle, const Part& part, const MemoryLimits& limits) {
  const std::uint64_t size = part_size(part);
  return std::visit(io::overloaded{[&](const InlinePart&) { return size; },
                                   [&](const SlicePart&) { return std::min(size, limits.tile); },
                                   [&](const ComputedPart& it) {
                                     if (size <= limits.tile) return size;
                                     return computed_piece(bundle.computations[it.computation],
                                                           size, limits.tile);
                                   },
                                   [&](const DeferredPart&) { return size; }},
                    part);
}

}  // namespace tensorferry::tensor
