#include "tensor/gather_chunks.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "tensor/boxes.h"

namespace tensorferry::tensor {

namespace {

// What a box takes of one axis of the input: the indices [first, first + extent), as digits of a
// mixed radix (the height, width and channel of a flattened row), outermost first.
struct InputAxis {
  std::uint64_t first = 0;
  std::uint64_t extent = 1;
  Shape digits;
  std::vector<std::int64_t> to;  ///< step of each digit in the tile, in elements
};

struct InputBox {
  std::vector<InputAxis> axes;
  std::vector<CopyAxis> repeats;  ///< axes of the tile along which the input stays
};

// The box's axes, smallest step first, each cut where it runs through whole axes of the input; none
// if one runs through a part of an axis and on.
std::optional<InputBox> input_box(const Shape& shape, const GatherBox& box) {
  const std::vector<std::uint64_t> steps = row_major_steps(shape);
  InputBox found;
  auto rest = static_cast<std::uint64_t>(box.from);
  for (const std::uint64_t step : steps) {
    found.axes.push_back({rest / step, 1, {}, {}});
    rest %= step;
  }
  for (const CopyAxis& whole : box.axes) {
    if (whole.from == 0) {
      found.repeats.push_back(whole);
      continue;
    }
    CopyAxis left = whole;
    while (left.extent > 1) {
      const auto from = static_cast<std::uint64_t>(left.from);
      std::size_t at = 0;
      while (at < steps.size() && (steps[at] > from || shape[at] == 1)) ++at;
      if (at == steps.size()) return std::nullopt;
      InputAxis& axis = found.axes[at];
      if (from != steps[at] * axis.extent) return std::nullopt;
      const std::uint64_t room = (shape[at] - axis.first) / axis.extent;
      std::uint64_t taken = left.extent;
      if (taken > room) {
        const bool runs_on = axis.first == 0 && axis.extent * room == shape[at];
        if (!runs_on || left.extent % room != 0) return std::nullopt;
        taken = room;
      }
      axis.digits.insert(axis.digits.begin(), taken);
      axis.to.insert(axis.to.begin(), left.to);
      axis.extent *= taken;
      left = {left.extent / taken, left.from * static_cast<std::int64_t>(taken),
              left.to * static_cast<std::int64_t>(taken)};
    }
  }
  return found;
}

// The chunks along an axis that it touches: the first, and how many.
std::pair<std::uint64_t, std::uint64_t> chunk_range(const InputAxis& axis, std::uint64_t extent) {
  const std::uint64_t first = axis.first / extent;
  return {first, (axis.first + axis.extent - 1) / extent - first + 1};
}

// A run of indices of one axis within a chunk, and where it goes.
struct AxisPiece {
  std::int64_t from = 0;  ///< in the chunk, in elements
  std::int64_t to = 0;    ///< in the tile
  std::vector<CopyAxis> axes;
};

std::vector<AxisPiece> pieces_in_chunk(const InputAxis& axis, std::uint64_t chunk,
                                       std::uint64_t chunk_extent, std::uint64_t chunk_step) {
  const std::uint64_t chunk_begin = chunk * chunk_extent;
  const std::uint64_t begin = std::max(axis.first, chunk_begin);
  const std::uint64_t end = std::min(axis.first + axis.extent, chunk_begin + chunk_extent);
  const std::vector<std::uint64_t> radix = row_major_steps(axis.digits);
  std::vector<AxisPiece> pieces;
  for (const Box& box : boxes_of_range(axis.digits, begin - axis.first, end - begin)) {
    AxisPiece piece;
    std::uint64_t index = axis.first - chunk_begin;
    for (std::size_t k = 0; k < radix.size(); ++k) {
      index += box.start[k] * radix[k];
      piece.to += static_cast<std::int64_t>(box.start[k]) * axis.to[k];
      piece.axes.push_back(
          {box.extent[k], static_cast<std::int64_t>(radix[k] * chunk_step), axis.to[k]});
    }
    piece.from = static_cast<std::int64_t>(index * chunk_step);
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

class ChunkGatherer {
 public:
  ChunkGatherer(const TensorRef& tensor, InputReader& reader, const ValuePipeline& values,
                std::size_t tile_element_size, std::span<std::byte> tile)
      : tensor_(tensor),
        storage_(std::get<Chunked>(tensor.storage)),
        reader_(reader),
        values_(values),
        size_(dtype_size(tensor.dtype)),
        tile_size_(tile_element_size),
        tile_(tile) {}

  void run(const InputBox& box, std::int64_t to) {
    const std::vector<std::uint64_t> steps = row_major_steps(storage_.chunk_shape);
    std::vector<std::vector<std::vector<AxisPiece>>> pieces;  // of each chunk along each axis
    std::vector<std::uint64_t> first;
    std::vector<std::uint64_t> counts;
    for (std::size_t axis = 0; axis < steps.size(); ++axis) {
      const std::uint64_t extent = storage_.chunk_shape[axis];
      const auto [begin, count] = chunk_range(box.axes[axis], extent);
      first.push_back(begin);
      counts.push_back(count);
      pieces.emplace_back();
      for (std::uint64_t i = 0; i < count; ++i) {
        pieces.back().push_back(pieces_in_chunk(box.axes[axis], begin + i, extent, steps[axis]));
      }
    }
    std::vector<std::uint64_t> index(counts.size(), 0);
    do {
      std::vector<std::uint64_t> chunk = first;
      std::vector<const std::vector<AxisPiece>*> lists;
      for (std::size_t axis = 0; axis < index.size(); ++axis) {
        chunk[axis] += index[axis];
        lists.push_back(&pieces[axis][index[axis]]);
      }
      copy_chunk(reader_.chunk(chunk), lists, box.repeats, to);
    } while (advance(index, counts));
  }

 private:
  // Each combination of the axes' pieces is one box of the chunk and of the tile.
  void copy_chunk(const std::vector<std::byte>* stored,
                  const std::vector<const std::vector<AxisPiece>*>& lists,
                  const std::vector<CopyAxis>& repeats, std::int64_t to) {
    const bool filled = stored == nullptr;
    if (filled) fill_ = reader_.fill_element();
    const std::byte* elements = converted(filled ? fill_ : *stored);
    std::vector<std::uint64_t> counts;
    for (const std::vector<AxisPiece>* list : lists) counts.push_back(list->size());
    std::vector<std::uint64_t> index(counts.size(), 0);
    do {
      std::int64_t source = 0;
      std::int64_t target = to;
      std::vector<CopyAxis> axes = repeats;
      for (std::size_t axis = 0; axis < lists.size(); ++axis) {
        const AxisPiece& piece = (*lists[axis])[index[axis]];
        source += piece.from;
        target += piece.to;
        axes.insert(axes.end(), piece.axes.begin(), piece.axes.end());
      }
      if (filled) {
        source = 0;
        for (CopyAxis& axis : axes) axis.from = 0;
      }
      const auto size = static_cast<std::int64_t>(tile_size_);
      strided_copy(elements + source * size, tile_.data() + target * size, axes, tile_size_);
    } while (advance(index, counts));
  }

  // The elements in the machine's byte order, with the value operations applied.
  const std::byte* converted(const std::vector<std::byte>& stored) {
    const std::vector<std::byte>* elements = &stored;
    if (tensor_.big_endian && size_ > 1) {
      swapped_ = stored;
      swap_bytes(swapped_, size_);
      elements = &swapped_;
    }
    if (values_.empty()) return elements->data();
    converted_.resize(elements->size() / size_ * tile_size_);
    values_.run(*elements, tensor_.dtype, converted_);
    return converted_.data();
  }

  const TensorRef& tensor_;
  const Chunked& storage_;
  InputReader& reader_;
  const ValuePipeline& values_;
  std::size_t size_;
  std::size_t tile_size_;
  std::span<std::byte> tile_;
  std::vector<std::byte> fill_;
  std::vector<std::byte> swapped_;
  std::vector<std::byte> converted_;
};

}  // namespace

bool gather_chunks(const TensorRef& tensor, InputReader& reader, const GatherBox& box,
                   const ValuePipeline& values, std::size_t tile_element_size,
                   std::span<std::byte> tile) {
  const std::optional<InputBox> found = input_box(tensor.shape, box);
  if (!found) return false;
  ChunkGatherer(tensor, reader, values, tile_element_size, tile).run(*found, box.to);
  return true;
}

std::uint64_t chunks_of_box(const TensorRef& tensor, const Chunked& storage, const GatherBox& box) {
  const std::optional<InputBox> found = input_box(tensor.shape, box);
  std::uint64_t count = 1;
  for (std::size_t axis = 0; axis < tensor.shape.size(); ++axis) {
    const InputAxis all{0, tensor.shape[axis], {}, {}};
    count *= chunk_range(found ? found->axes[axis] : all, storage.chunk_shape[axis]).second;
  }
  return count;
}

}  // namespace tensorferry::tensor
