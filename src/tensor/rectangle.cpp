#include "tensor/rectangle.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tensor/boxes.h"
#include "tensor/gather.h"

namespace tensorferry::tensor {

namespace {

// Writing in runs costs something too.
constexpr double worth_cutting = 1.5;

// Reading a whole view at once, in bytes.
double cost_of(const Computation& computation, const MemoryLimits& limits) {
  const View& view = computation.views.front();
  const std::vector<std::uint64_t> steps = row_major_steps(view.shape);
  GatherBox box{view.offset, 0, {}};
  for (std::size_t axis = 0; axis < steps.size(); ++axis) {
    box.axes.push_back(
        {view.shape[axis], view.strides[axis], static_cast<std::int64_t>(steps[axis])});
  }
  return read_cost(std::move(box), dtype_size(computation.inputs[view.input].dtype), limits);
}

Computation cut(const Computation& whole, std::size_t axis, std::uint64_t begin,
                std::uint64_t extent) {
  Computation piece = whole;
  piece.views = {sliced(whole.views.front(), axis, begin, extent)};
  piece.shape = piece.views.front().shape;
  return piece;
}

}  // namespace

std::vector<Rectangle> rectangles_of(const Bundle& bundle, const Part& part,
                                     const MemoryLimits& limits) {
  const auto* computed = std::get_if<ComputedPart>(&part);
  if (computed == nullptr || computed->length <= limits.tile) return {};
  const Computation& computation = bundle.computations.at(computed->computation);
  const std::uint64_t element = dtype_size(computation.dtype);
  const std::uint64_t count = element_count(computation.shape);
  if (computed->begin != 0 || computed->length != count * element) return {};
  if (computation.views.size() != 1) return {};
  const View& view = computation.views.front();
  const bool stored = std::holds_alternative<Contiguous>(computation.inputs[view.input].storage);
  if (!stored || view.shape.size() < 2) return {};

  // Runs of some rows are read, runs of some columns are written, and writing one costs about twice
  // as much. Both are whole steps of an axis.
  const std::uint64_t row = count / view.shape[0];
  const std::uint64_t step = row / view.shape[1];
  const std::uint64_t elements = limits.tile / element;
  const auto wide = static_cast<std::uint64_t>(2 * std::sqrt(static_cast<double>(elements)));
  const std::uint64_t columns = std::clamp<std::uint64_t>(wide / step, 1, view.shape[1]);
  const std::uint64_t rows =
      std::clamp<std::uint64_t>(elements / (columns * step), 1, view.shape[0]);
  if (rows * columns * step > elements) return {};

  const std::uint64_t range = preferred_piece(bundle, part, limits) / element / row;
  if (range == 0) return {};
  const double range_cost = cost_of(cut(computation, 0, 0, range), limits);
  const double cost = cost_of(cut(cut(computation, 0, 0, rows), 1, 0, columns), limits);
  const double per_range = range_cost / static_cast<double>(range * row);
  const double per_rectangle = cost / static_cast<double>(rows * columns * step);
  if (per_range < worth_cutting * per_rectangle) return {};

  std::vector<Rectangle> pieces;
  for (std::uint64_t first = 0; first < view.shape[0]; first += rows) {
    const std::uint64_t height = std::min(rows, view.shape[0] - first);
    const Computation band = cut(computation, 0, first, height);
    for (std::uint64_t column = 0; column < view.shape[1]; column += columns) {
      const std::uint64_t width = std::min(columns, view.shape[1] - column);
      pieces.push_back({cut(band, 1, column, width), (first * row + column * step) * element,
                        height, width * step * element, row * element});
    }
  }
  return pieces;
}

}  // namespace tensorferry::tensor
