#include "tensor/read_ahead.h"

#include <algorithm>
#include <utility>

#include "tensor/boxes.h"

namespace tensorferry::tensor {

namespace {

std::vector<SlicePart> merged(std::vector<SlicePart> ranges, std::uint64_t gap) {
  std::sort(ranges.begin(), ranges.end(),
            [](const SlicePart& a, const SlicePart& b) { return a.offset < b.offset; });
  std::vector<SlicePart> result;
  for (const SlicePart& range : ranges) {
    if (result.empty() || range.offset > result.back().offset + result.back().length + gap) {
      result.push_back(range);
      continue;
    }
    const std::uint64_t end = range.offset + range.length;
    SlicePart& last = result.back();
    last.length = std::max(last.length, end - last.offset);
  }
  return result;
}

}  // namespace

std::vector<GatherBox> boxes_of_view(const Computation& computation, const View& view,
                                     std::uint64_t first, std::uint64_t count) {
  if (computation.views.size() > 1) {  // whole rows, as each holds something of each view
    const std::uint64_t rows =
        element_count({computation.shape.begin(),
                       computation.shape.begin() + static_cast<std::ptrdiff_t>(computation.axis)});
    const std::uint64_t row = element_count(computation.shape) / rows;
    const std::uint64_t tail = element_count(view.shape) / rows;
    count = ((first + count + row - 1) / row - first / row) * tail;
    first = first / row * tail;
  }
  const std::vector<std::uint64_t> steps = row_major_steps(view.shape);
  std::vector<GatherBox> boxes;
  for (const Box& box : boxes_of_range(view.shape, first, count)) {
    GatherBox gathered{view.offset, 0, {}};
    for (std::size_t axis = 0; axis < box.start.size(); ++axis) {
      gathered.from += static_cast<std::int64_t>(box.start[axis]) * view.strides[axis];
      gathered.axes.push_back(
          {box.extent[axis], view.strides[axis], static_cast<std::int64_t>(steps[axis])});
    }
    boxes.push_back(std::move(gathered));
  }
  return boxes;
}

std::vector<SlicePart> ranges_read(const Bundle& bundle, const Part& part, std::uint64_t begin,
                                   std::uint64_t length, const MemoryLimits& limits) {
  const auto* computed = std::get_if<ComputedPart>(&part);
  if (computed == nullptr || length == 0) return {};
  const Computation& computation = bundle.computations.at(computed->computation);
  if (computation.views.size() != 1) return {};
  const View& view = computation.views.front();
  const TensorRef& input = computation.inputs[view.input];
  const auto* stored = std::get_if<Contiguous>(&input.storage);
  if (stored == nullptr) return {};

  const std::uint64_t element = dtype_size(computation.dtype);
  const std::uint64_t first = (computed->begin + begin) / element;
  const std::uint64_t end = (computed->begin + begin + length + element - 1) / element;
  const std::uint64_t size = dtype_size(input.dtype);
  std::vector<SlicePart> ranges;
  for (const GatherBox& box : boxes_of_view(computation, view, first, end - first)) {
    for (const Run& run : runs_read(box, size, limits)) {
      ranges.push_back({stored->file, stored->offset + run.first * size, run.count * size});
    }
  }
  return merged(std::move(ranges), limits.read_gap);
}

}  // namespace tensorferry::tensor
