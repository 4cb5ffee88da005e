#include "tensor/gather.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "tensor/boxes.h"

namespace tensorferry::tensor {

namespace {

// What one read costs beside its bytes, so that a buffer of many tiny runs is not filled with bookkeeping.
constexpr std::uint64_t bytes_of_run = 64;

// A piece of a box that is read into the buffer at once: each axis's extent, and where its elements
// lie in the buffer.
struct Fill {
  std::vector<std::uint64_t> extents;
  std::vector<std::int64_t> steps;  ///< in the buffer, in elements
  std::size_t inner = 0;            ///< axes [0, inner) lie within one run
  std::uint64_t run = 1;            ///< elements of a run, gaps included
  std::uint64_t runs = 1;

  std::uint64_t elements() const { return run * runs; }
};

// Axes without negative steps, by rising step of the source; broadcast ones (step 0) first.
GatherBox in_source_order(GatherBox box) {
  for (CopyAxis& axis : box.axes) {
    if (axis.from >= 0) continue;
    const auto last = static_cast<std::int64_t>(axis.extent) - 1;
    box.from += last * axis.from;
    box.to += last * axis.to;
    axis.from = -axis.from;
    axis.to = -axis.to;
  }
  box.axes.erase(std::remove_if(box.axes.begin(), box.axes.end(),
                                [](const CopyAxis& axis) { return axis.extent == 1; }),
                 box.axes.end());
  std::stable_sort(box.axes.begin(), box.axes.end(),
                   [](const CopyAxis& a, const CopyAxis& b) { return a.from < b.from; });
  return box;
}

Fill plan_fill(const std::vector<CopyAxis>& axes, std::vector<std::uint64_t> extents,
               std::uint64_t gap) {
  Fill fill;
  fill.extents = std::move(extents);
  fill.steps.resize(axes.size());
  std::size_t axis = 0;
  for (; axis < axes.size(); ++axis) {
    const auto step = static_cast<std::uint64_t>(axes[axis].from);
    if (fill.extents[axis] > 1 && step > fill.run + gap) break;
    fill.steps[axis] = axes[axis].from;
    fill.run += (fill.extents[axis] - 1) * step;
  }
  fill.inner = axis;
  for (; axis < axes.size(); ++axis) {
    fill.steps[axis] = static_cast<std::int64_t>(fill.run * fill.runs);
    fill.runs *= fill.extents[axis];
  }
  return fill;
}

// The order in which axes are cut: from the one with the largest step of the source, so that runs stay
// long; but last those that span a few cache lines of the tile (a kernel's height and width), as a pass
// for each of their indices would touch each line of the tile again.
std::vector<std::size_t> cutting_order(const std::vector<CopyAxis>& axes, std::size_t element_size) {
  constexpr std::uint64_t few_lines = 1024;
  std::vector<std::size_t> order;
  for (const bool narrow : {false, true}) {
    for (std::size_t axis = axes.size(); axis-- > 0;) {
      const auto step = static_cast<std::uint64_t>(std::llabs(axes[axis].to));
      if ((axes[axis].extent * step * element_size <= few_lines) == narrow) order.push_back(axis);
    }
  }
  return order;
}

// The largest piece of the box that fits into the buffer.
Fill largest_fill(const std::vector<CopyAxis>& axes, std::size_t element_size,
                  std::size_t tile_element_size, const MemoryLimits& limits) {
  std::vector<std::uint64_t> extents;
  for (const CopyAxis& axis : axes) extents.push_back(axis.extent);
  const std::uint64_t gap = limits.read_gap / element_size;
  const std::vector<std::size_t> order = cutting_order(axes, tile_element_size);
  std::size_t next = 0;
  while (true) {
    Fill fill = plan_fill(axes, extents, gap);
    const std::uint64_t bytes = fill.elements() * element_size + fill.runs * bytes_of_run;
    if (bytes <= limits.read_buffer) return fill;
    while (next < order.size() && extents[order[next]] == 1) ++next;
    if (next == order.size()) return fill;
    std::uint64_t& extent = extents[order[next]];
    const double part = static_cast<double>(limits.read_buffer) / static_cast<double>(bytes);
    const auto fitting = static_cast<std::uint64_t>(static_cast<double>(extent) * part);
    extent = std::clamp<std::uint64_t>(fitting, 1, extent - 1);
  }
}

std::vector<Run> runs_of(const std::vector<CopyAxis>& axes, const Fill& fill, std::int64_t from) {
  std::vector<Run> runs;
  runs.reserve(fill.runs);
  // The outermost axis of the source first, so that the file is read forwards.
  std::vector<std::uint64_t> extents;
  for (std::size_t axis = axes.size(); axis-- > fill.inner;) extents.push_back(fill.extents[axis]);
  std::vector<std::uint64_t> index(extents.size(), 0);
  do {
    std::int64_t first = from;
    std::int64_t to = 0;
    for (std::size_t i = 0; i < index.size(); ++i) {
      const std::size_t axis = axes.size() - 1 - i;
      first += static_cast<std::int64_t>(index[i]) * axes[axis].from;
      to += static_cast<std::int64_t>(index[i]) * fill.steps[axis];
    }
    runs.push_back({static_cast<std::uint64_t>(first), fill.run, static_cast<std::uint64_t>(to)});
  } while (advance(index, extents));
  return runs;
}

// True if the box lies in the source and in the tile as one range in the same order.
bool is_one_range(const GatherBox& box) {
  const std::vector<CopyAxis> axes = simplified(box.axes);
  return axes.empty() || (axes.size() == 1 && axes[0].from == 1 && axes[0].to == 1);
}

class Gatherer {
 public:
  Gatherer(const TensorRef& tensor, InputReader& reader, const ValuePipeline& values,
           std::size_t tile_element_size, const MemoryLimits& limits, std::span<std::byte> tile)
      : reader_(reader),
        values_(values),
        dtype_(tensor.dtype),
        size_(dtype_size(tensor.dtype)),
        tile_size_(tile_element_size),
        swap_(tensor.big_endian && size_ > 1),
        limits_(limits),
        tile_(tile) {}

  void run(const GatherBox& box) {
    if (is_one_range(box) && values_.empty()) {
      read_straight(box);
      return;
    }
    const Fill largest = largest_fill(box.axes, size_, tile_size_, limits_);
    buffer_.resize(largest.elements() * size_);
    if (!values_.empty()) converted_.resize(largest.elements() * tile_size_);

    std::vector<std::uint64_t> pieces;
    for (std::size_t axis = 0; axis < box.axes.size(); ++axis) {
      const std::uint64_t extent = largest.extents[axis];
      pieces.push_back((box.axes[axis].extent + extent - 1) / extent);
    }
    std::vector<std::uint64_t> index(pieces.size(), 0);
    do {
      GatherBox piece = box;
      for (std::size_t axis = 0; axis < box.axes.size(); ++axis) {
        const std::uint64_t start = index[axis] * largest.extents[axis];
        piece.axes[axis].extent = std::min(largest.extents[axis], box.axes[axis].extent - start);
        piece.from += static_cast<std::int64_t>(start) * box.axes[axis].from;
        piece.to += static_cast<std::int64_t>(start) * box.axes[axis].to;
      }
      run_piece(piece);
    } while (advance(index, pieces));
  }

 private:
  void read_straight(const GatherBox& box) {
    std::uint64_t count = 1;
    for (const CopyAxis& axis : box.axes) count *= axis.extent;
    const std::span<std::byte> out =
        tile_.subspan(static_cast<std::size_t>(box.to) * size_, count * size_);
    reader_.read({{static_cast<std::uint64_t>(box.from), count, 0}}, out);
    if (swap_) swap_bytes(out, size_);
  }

  void run_piece(const GatherBox& piece) {
    std::vector<std::uint64_t> extents;
    for (const CopyAxis& axis : piece.axes) extents.push_back(axis.extent);
    const Fill fill = plan_fill(piece.axes, extents, limits_.read_gap / size_);
    const std::span<std::byte> read = std::span(buffer_).first(fill.elements() * size_);
    reader_.read(runs_of(piece.axes, fill, piece.from), read);
    if (swap_) swap_bytes(read, size_);

    std::byte* to = tile_.data() + piece.to * static_cast<std::int64_t>(tile_size_);
    const std::byte* from = read.data();
    if (!values_.empty()) {
      if (is_one_range(piece)) {
        values_.run(read, dtype_, tile_.subspan(static_cast<std::size_t>(piece.to) * tile_size_,
                                                fill.elements() * tile_size_));
        return;
      }
      values_.run(read, dtype_, std::span(converted_).first(fill.elements() * tile_size_));
      from = converted_.data();
    }
    std::vector<CopyAxis> axes = piece.axes;
    for (std::size_t axis = 0; axis < axes.size(); ++axis) axes[axis].from = fill.steps[axis];
    strided_copy(from, to, axes, tile_size_);
  }

  InputReader& reader_;
  const ValuePipeline& values_;
  DType dtype_;
  std::size_t size_;
  std::size_t tile_size_;
  bool swap_;
  MemoryLimits limits_;
  std::span<std::byte> tile_;
  std::vector<std::byte> buffer_;
  std::vector<std::byte> converted_;
};

}  // namespace

void gather(const TensorRef& tensor, InputReader& reader, GatherBox box, const ValuePipeline& values,
            std::size_t tile_element_size, const MemoryLimits& limits, std::span<std::byte> tile) {
  for (const CopyAxis& axis : box.axes) {
    if (axis.extent == 0) return;
  }
  Gatherer(tensor, reader, values, tile_element_size, limits, tile).run(in_source_order(std::move(box)));
}

}  // namespace tensorferry::tensor
