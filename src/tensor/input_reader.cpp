#include "tensor/input_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

#include "io/error.h"
#include "io/overloaded.h"
#include "tensor/boxes.h"
#include "tensor/filters.h"
#include "tensor/strided_copy.h"

namespace tensorferry::tensor {

namespace {

// `value` again and again; no value means zeros.
void fill_bytes(const std::vector<std::byte>& value, std::span<std::byte> out) {
  if (value.empty()) {
    std::fill(out.begin(), out.end(), std::byte{0});
    return;
  }
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = value[i % value.size()];
}

void check_value(const TensorRef& tensor, const std::vector<std::byte>& value, std::size_t size) {
  if (value.empty() || value.size() == size) return;
  throw io::Error(io::ErrorCode::Internal,
                  fmt::format("{}: the fill value has {} bytes, an element {}.", tensor.name,
                              value.size(), size));
}

const io::Source& source_of(const std::vector<io::Source>& sources, std::uint32_t file,
                            const TensorRef& tensor) {
  if (file < sources.size()) return sources[file];
  throw io::Error(io::ErrorCode::Internal,
                  fmt::format("{} lies in file {}, and {} files are given.", tensor.name, file,
                              sources.size()));
}

// The part of `box` that lies in the chunk whose first element is `origin`; no extents if none
// does.
Box intersection(const Box& box, const std::vector<std::uint64_t>& origin,
                 const Shape& chunk_shape) {
  Box common;
  for (std::size_t axis = 0; axis < origin.size(); ++axis) {
    const std::uint64_t begin = std::max(box.start[axis], origin[axis]);
    const std::uint64_t end =
        std::min(box.start[axis] + box.extent[axis], origin[axis] + chunk_shape[axis]);
    if (begin >= end) return {};
    common.start.push_back(begin);
    common.extent.push_back(end - begin);
  }
  return common;
}

}  // namespace

InputReader::InputReader(const TensorRef& tensor, const std::vector<io::Source>& sources,
                         const MemoryLimits& limits)
    : tensor_(tensor), sources_(sources), limits_(limits), size_(dtype_size(tensor.dtype)) {
  std::visit(io::overloaded{
                 [](const Contiguous&) {}, [&](const Chunked& storage) { index_chunks(storage); },
                 [&](const Fill& storage) { check_value(tensor_, storage.value, size_); },
                 [&](const Inline& storage) {
                   const std::uint64_t expected = element_count(tensor_.shape) * size_;
                   if (storage.bytes.size() == expected) return;
                   throw io::Error(io::ErrorCode::Internal,
                                   fmt::format("{} has {} bytes, and {} are expected.",
                                               tensor_.name, storage.bytes.size(), expected));
                 }},
             tensor.storage);
}

void InputReader::index_chunks(const Chunked& storage) {
  check_value(tensor_, storage.fill, size_);
  const Shape& chunk_shape = storage.chunk_shape;
  if (chunk_shape.size() != tensor_.shape.size() || element_count(chunk_shape) == 0) {
    throw io::Error(io::ErrorCode::Hdf5,
                    fmt::format("{}: chunks of ({}) in a dataset of ({}).", tensor_.name,
                                fmt::join(chunk_shape, ","), fmt::join(tensor_.shape, ",")));
  }
  chunk_size_ = element_count(chunk_shape) * size_;
  for (std::size_t axis = 0; axis < chunk_shape.size(); ++axis) {
    grid_.push_back((tensor_.shape[axis] + chunk_shape[axis] - 1) / chunk_shape[axis]);
  }
  const std::vector<std::uint64_t> steps = row_major_steps(grid_);
  for (std::size_t i = 0; i < storage.chunks.size(); ++i) {
    const std::vector<std::uint64_t>& first = storage.chunks[i].first_element;
    std::uint64_t cell = 0;
    bool inside = first.size() == grid_.size();
    for (std::size_t axis = 0; inside && axis < grid_.size(); ++axis) {
      const std::uint64_t at = first[axis] / chunk_shape[axis];
      inside = at < grid_[axis];
      cell += at * steps[axis];
    }
    // A dataset that was made smaller may keep chunks outside of it.
    if (inside) chunk_at_.emplace(cell, i);
  }
}

void InputReader::read(const std::vector<Run>& runs, std::span<std::byte> buffer) {
  std::visit(io::overloaded{
                 [&](const Contiguous& storage) {
                   for (const Run& run : runs) {
                     read_contiguous(storage, run,
                                     buffer.subspan(run.to * size_, run.count * size_));
                   }
                 },
                 [&](const Chunked& storage) { read_chunked(storage, runs, buffer); },
                 [&](const Fill& storage) {
                   for (const Run& run : runs) {
                     fill_bytes(storage.value, buffer.subspan(run.to * size_, run.count * size_));
                   }
                 },
                 [&](const Inline& storage) {
                   for (const Run& run : runs) {
                     std::memcpy(buffer.data() + run.to * size_,
                                 storage.bytes.data() + run.first * size_, run.count * size_);
                   }
                 }},
             tensor_.storage);
}

void InputReader::read_contiguous(const Contiguous& storage, const Run& run,
                                  std::span<std::byte> out) const {
  const io::Source& source = source_of(sources_, storage.file, tensor_);
  source.read(storage.offset + run.first * size_, out);
}

// Chunk by chunk, whatever the order of the runs, so that a chunk is decoded once a call.
void InputReader::read_chunked(const Chunked& storage, const std::vector<Run>& runs,
                               std::span<std::byte> buffer) {
  struct Piece {
    std::uint64_t cell;
    std::size_t run;
    bool operator<(const Piece& other) const {
      return cell != other.cell ? cell < other.cell : run < other.run;
    }
    bool operator==(const Piece& other) const { return cell == other.cell && run == other.run; }
  };
  const std::vector<std::uint64_t> steps = row_major_steps(grid_);
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    for (const Box& box : boxes_of_range(tensor_.shape, runs[i].first, runs[i].count)) {
      std::vector<std::uint64_t> first;
      std::vector<std::uint64_t> cells;
      for (std::size_t axis = 0; axis < grid_.size(); ++axis) {
        const std::uint64_t extent = storage.chunk_shape[axis];
        first.push_back(box.start[axis] / extent);
        cells.push_back((box.start[axis] + box.extent[axis] - 1) / extent - first.back() + 1);
      }
      std::vector<std::uint64_t> index(grid_.size(), 0);
      do {
        std::uint64_t cell = 0;
        for (std::size_t axis = 0; axis < grid_.size(); ++axis) {
          cell += (first[axis] + index[axis]) * steps[axis];
        }
        pieces.push_back({cell, i});
      } while (advance(index, cells));
    }
  }
  std::sort(pieces.begin(), pieces.end());
  pieces.erase(std::unique(pieces.begin(), pieces.end()), pieces.end());
  for (const Piece& piece : pieces) copy_from_chunk(storage, piece.cell, runs[piece.run], buffer);
}

void InputReader::copy_from_chunk(const Chunked& storage, std::uint64_t cell, const Run& run,
                                  std::span<std::byte> buffer) {
  const std::vector<std::byte>* bytes = chunk_bytes(storage, cell);
  const std::vector<std::uint64_t> grid_steps = row_major_steps(grid_);
  const std::vector<std::uint64_t> chunk_steps = row_major_steps(storage.chunk_shape);
  const std::vector<std::uint64_t> steps = row_major_steps(tensor_.shape);
  std::vector<std::uint64_t> origin;
  for (std::size_t axis = 0; axis < grid_.size(); ++axis) {
    origin.push_back(cell / grid_steps[axis] % grid_[axis] * storage.chunk_shape[axis]);
  }
  for (const Box& box : boxes_of_range(tensor_.shape, run.first, run.count)) {
    const Box common = intersection(box, origin, storage.chunk_shape);
    if (common.extent.size() != grid_.size()) continue;
    std::uint64_t from = 0;
    std::uint64_t element = 0;
    std::vector<CopyAxis> axes;
    for (std::size_t axis = 0; axis < grid_.size(); ++axis) {
      from += (common.start[axis] - origin[axis]) * chunk_steps[axis];
      element += common.start[axis] * steps[axis];
      axes.push_back({common.extent[axis],
                      bytes == nullptr ? 0 : static_cast<std::int64_t>(chunk_steps[axis]),
                      static_cast<std::int64_t>(steps[axis])});
    }
    std::byte* to = buffer.data() + (run.to + element - run.first) * size_;
    if (bytes != nullptr) {
      strided_copy(bytes->data() + from * size_, to, axes, size_);
    } else {
      strided_copy(fill_element().data(), to, axes, size_);
    }
  }
}

const std::vector<std::byte>* InputReader::chunk(const std::vector<std::uint64_t>& place) {
  const std::vector<std::uint64_t> steps = row_major_steps(grid_);
  const std::uint64_t cell =
      std::inner_product(place.begin(), place.end(), steps.begin(), std::uint64_t{0});
  return chunk_bytes(std::get<Chunked>(tensor_.storage), cell);
}

std::vector<std::byte> InputReader::fill_element() const {
  std::vector<std::byte> element(size_);
  fill_bytes(std::get<Chunked>(tensor_.storage).fill, element);
  return element;
}

// Null for a chunk that was never written.
const std::vector<std::byte>* InputReader::chunk_bytes(const Chunked& storage, std::uint64_t cell) {
  const auto cached = std::find_if(cache_.begin(), cache_.end(),
                                   [cell](const CachedChunk& it) { return it.cell == cell; });
  if (cached != cache_.end()) {
    std::rotate(cached, cached + 1, cache_.end());
    return &cache_.back().bytes;
  }
  const auto found = chunk_at_.find(cell);
  if (found == chunk_at_.end()) return nullptr;
  while (!cache_.empty() && cached_bytes_ + chunk_size_ > limits_.cached_chunks) {
    cached_bytes_ -= cache_.front().bytes.size();
    cache_.erase(cache_.begin());
  }
  const io::Source& source = source_of(sources_, storage.file, tensor_);
  cache_.push_back({cell, decode_chunk(source, tensor_, storage.filters,
                                       storage.chunks[found->second], chunk_size_)});
  cached_bytes_ += chunk_size_;
  return &cache_.back().bytes;
}

}  // namespace tensorferry::tensor
