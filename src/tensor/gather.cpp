#include "tensor/gather.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>

#include "tensor/boxes.h"
#include "tensor/gather_chunks.h"

namespace tensorferry::tensor {

namespace {

// What one read costs beside its bytes, so that a buffer of many tiny runs is not filled with
// bookkeeping.
constexpr std::uint64_t bytes_of_run = 64;

// A piece of a box that is read into the buffer at once: each axis's extent, and where its elements
// lie in the buffer.
struct Load {
  std::vector<std::uint64_t> extents;
  std::vector<std::int64_t> steps;  ///< in the buffer, in elements
  std::size_t inner = 0;            ///< axes [0, inner) lie within one run
  std::uint64_t run = 1;            ///< elements of a run, gaps included
  std::uint64_t pitch = 1;          ///< elements from run to run in the buffer
  std::uint64_t runs = 1;

  std::uint64_t elements() const { return pitch * (runs - 1) + run; }
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

// At powers of two, the same places of all runs would share a few lines of the processor's cache.
std::uint64_t pitch_of(std::uint64_t run) {
  constexpr std::uint64_t few_lines = 256;
  return run % few_lines == 0 ? run + 16 : run;
}

Load plan_load(const std::vector<CopyAxis>& axes, std::vector<std::uint64_t> extents,
               std::uint64_t gap) {
  Load load;
  load.extents = std::move(extents);
  load.steps.resize(axes.size());
  std::size_t axis = 0;
  for (; axis < axes.size(); ++axis) {
    const auto step = static_cast<std::uint64_t>(axes[axis].from);
    if (load.extents[axis] > 1 && step > load.run + gap) break;
    load.steps[axis] = axes[axis].from;
    load.run += (load.extents[axis] - 1) * step;
  }
  load.inner = axis;
  load.pitch = pitch_of(load.run);
  for (; axis < axes.size(); ++axis) {
    load.steps[axis] = static_cast<std::int64_t>(load.pitch * load.runs);
    load.runs *= load.extents[axis];
  }
  return load;
}

// Reading in loads of this shape until the whole box is read, in bytes.
double cost_of(const std::vector<CopyAxis>& axes, const Load& load, std::size_t element_size,
               const MemoryLimits& limits) {
  auto cost = static_cast<double>(load.runs) *
              static_cast<double>(load.run * element_size + limits.read_gap);
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    const std::uint64_t extent = load.extents[axis];
    const std::uint64_t loads = (axes[axis].extent + extent - 1) / extent;
    cost *= static_cast<double>(loads);
  }
  return cost;
}

// The largest load that fits into the buffer when axes are cut in this order.
Load cut_in_order(const std::vector<CopyAxis>& axes, const std::vector<std::size_t>& order,
                  std::size_t element_size, const MemoryLimits& limits) {
  std::vector<std::uint64_t> extents;
  for (const CopyAxis& axis : axes) extents.push_back(axis.extent);
  const std::uint64_t gap = limits.read_gap / element_size;
  std::size_t next = 0;
  while (true) {
    Load load = plan_load(axes, extents, gap);
    const std::uint64_t bytes = load.elements() * element_size + load.runs * bytes_of_run;
    if (bytes <= limits.read_buffer) return load;
    while (next < order.size() && extents[order[next]] == 1) ++next;
    if (next == order.size()) return load;
    std::uint64_t& extent = extents[order[next]];
    const double part = static_cast<double>(limits.read_buffer) / static_cast<double>(bytes);
    const auto fitting = static_cast<std::uint64_t>(static_cast<double>(extent) * part);
    extent = std::clamp<std::uint64_t>(fitting, 1, extent - 1);
  }
}

// Axes are cut from the one with the largest step of the source, so that runs stay long. But those
// that span a few cache lines of the tile (a kernel's height and width) are cut last, where reading
// does not suffer: a pass for each of their indices would touch each line of the tile again.
Load largest_load(const std::vector<CopyAxis>& axes, std::size_t element_size,
                  std::size_t tile_element_size, const MemoryLimits& limits) {
  constexpr std::uint64_t few_lines = 1024;
  constexpr double bearable = 1.5;
  std::vector<std::size_t> by_step;
  std::vector<std::size_t> wide_first;
  std::vector<std::size_t> narrow;
  for (std::size_t axis = axes.size(); axis-- > 0;) {
    const auto step = static_cast<std::uint64_t>(std::llabs(axes[axis].to));
    const bool is_narrow = axes[axis].extent * step * tile_element_size <= few_lines;
    by_step.push_back(axis);
    (is_narrow ? narrow : wide_first).push_back(axis);
  }
  wide_first.insert(wide_first.end(), narrow.begin(), narrow.end());
  const Load straight = cut_in_order(axes, by_step, element_size, limits);
  const Load kind_to_tile = cut_in_order(axes, wide_first, element_size, limits);
  const bool good = cost_of(axes, kind_to_tile, element_size, limits) <=
                    bearable * cost_of(axes, straight, element_size, limits);
  return good ? kind_to_tile : straight;
}

std::vector<Run> runs_of(const std::vector<CopyAxis>& axes, const Load& load, std::int64_t from) {
  std::vector<Run> runs;
  runs.reserve(load.runs);
  // The outermost axis of the source first, so that the file is read forwards.
  std::vector<std::uint64_t> extents;
  for (std::size_t axis = axes.size(); axis-- > load.inner;) extents.push_back(load.extents[axis]);
  std::vector<std::uint64_t> index(extents.size(), 0);
  do {
    std::int64_t first = from;
    std::int64_t to = 0;
    for (std::size_t i = 0; i < index.size(); ++i) {
      const std::size_t axis = axes.size() - 1 - i;
      first += static_cast<std::int64_t>(index[i]) * axes[axis].from;
      to += static_cast<std::int64_t>(index[i]) * load.steps[axis];
    }
    runs.push_back({static_cast<std::uint64_t>(first), load.run, static_cast<std::uint64_t>(to)});
  } while (advance(index, extents));
  return runs;
}

// True if the box lies in the source and in the tile as one range in the same order.
bool is_one_range(const GatherBox& box) {
  const std::vector<CopyAxis> axes = simplified(box.axes);
  return axes.empty() || (axes.size() == 1 && axes[0].from == 1 && axes[0].to == 1);
}

using Buffer = std::unique_ptr<std::byte[]>;

// All of it is read into before it is used. (libc++ 14 has no std::make_unique_for_overwrite.)
Buffer uninitialized(std::uint64_t size) {
  return Buffer(new std::byte[static_cast<std::size_t>(size)]);
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
    const Load largest = largest_load(box.axes, size_, tile_size_, limits_);
    buffer_ = uninitialized(largest.elements() * size_);
    if (!values_.empty()) converted_ = uninitialized(largest.elements() * tile_size_);

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
    const Load load = plan_load(piece.axes, extents, limits_.read_gap / size_);
    const std::span read(buffer_.get(), static_cast<std::size_t>(load.elements() * size_));
    reader_.read(runs_of(piece.axes, load, piece.from), read);
    if (swap_) swap_bytes(read, size_);

    std::byte* to = tile_.data() + piece.to * static_cast<std::int64_t>(tile_size_);
    const std::byte* from = read.data();
    if (!values_.empty()) {
      if (is_one_range(piece)) {
        values_.run(read, dtype_,
                    tile_.subspan(static_cast<std::size_t>(piece.to) * tile_size_,
                                  load.elements() * tile_size_));
        return;
      }
      values_.run(
          read, dtype_,
          std::span(converted_.get(), static_cast<std::size_t>(load.elements() * tile_size_)));
      from = converted_.get();
    }
    std::vector<CopyAxis> axes = piece.axes;
    for (std::size_t axis = 0; axis < axes.size(); ++axis) axes[axis].from = load.steps[axis];
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
  Buffer buffer_;
  Buffer converted_;
};

}  // namespace

void gather(const TensorRef& tensor, InputReader& reader, GatherBox box,
            const ValuePipeline& values, std::size_t tile_element_size, const MemoryLimits& limits,
            std::span<std::byte> tile) {
  for (const CopyAxis& axis : box.axes) {
    if (axis.extent == 0) return;
  }
  box = in_source_order(std::move(box));
  if (std::holds_alternative<Chunked>(tensor.storage) &&
      gather_chunks(tensor, reader, box, values, tile_element_size, tile)) {
    return;
  }
  Gatherer(tensor, reader, values, tile_element_size, limits, tile).run(box);
}

std::uint64_t chunks_read(const TensorRef& tensor, GatherBox box) {
  box = in_source_order(std::move(box));
  return chunks_of_box(tensor, std::get<Chunked>(tensor.storage), box);
}

std::vector<Run> runs_read(GatherBox box, std::size_t element_size, const MemoryLimits& limits) {
  box = in_source_order(std::move(box));
  std::vector<std::uint64_t> extents;
  for (const CopyAxis& axis : box.axes) extents.push_back(axis.extent);
  const Load load = plan_load(box.axes, std::move(extents), limits.read_gap / element_size);
  return runs_of(box.axes, load, box.from);
}

double read_cost(GatherBox box, std::size_t element_size, const MemoryLimits& limits) {
  box = in_source_order(std::move(box));
  std::vector<std::uint64_t> extents;
  for (const CopyAxis& axis : box.axes) extents.push_back(axis.extent);
  const std::uint64_t gap = limits.read_gap / element_size;
  return cost_of(box.axes, plan_load(box.axes, std::move(extents), gap), element_size, limits);
}

}  // namespace tensorferry::tensor
