#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "io/source.h"
#include "tensor/produce.h"
#include "tensor/tensor_ref.h"

namespace tensorferry::tensor {

/// Elements [first, first + count) of an input (row-major), to be put at element `to` of a buffer.
struct Run {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  std::uint64_t to = 0;
};

/// Reads runs of elements of one input, whatever its storage. Bytes come in the order in which they
/// are stored (see `TensorRef::big_endian`). Keeps decoded chunks within `limits.cached_chunks`.
class InputReader {
 public:
  InputReader(const TensorRef& tensor, const std::vector<io::Source>& sources,
              const MemoryLimits& limits);

  void read(const std::vector<Run>& runs, std::span<std::byte> buffer);

  /// The decoded chunk at this place of the grid of chunks (storage is Chunked), until the next
  /// call; null if it was never written: its elements are `fill_element()`.
  const std::vector<std::byte>* chunk(const std::vector<std::uint64_t>& place);
  std::vector<std::byte> fill_element() const;

 private:
  struct CachedChunk {
    std::uint64_t cell = 0;
    std::vector<std::byte> bytes;
  };

  void read_contiguous(const Contiguous& storage, const Run& run, std::span<std::byte> out) const;
  void read_chunked(const Chunked& storage, const std::vector<Run>& runs,
                    std::span<std::byte> buffer);
  void copy_from_chunk(const Chunked& storage, std::uint64_t cell, const Run& run,
                       std::span<std::byte> buffer);
  const std::vector<std::byte>* chunk_bytes(const Chunked& storage, std::uint64_t cell);
  void index_chunks(const Chunked& storage);

  const TensorRef& tensor_;
  const std::vector<io::Source>& sources_;
  MemoryLimits limits_;
  std::size_t size_;  ///< of an element
  Shape grid_;        ///< how many chunks along each axis; a cell is a row-major index into it
  std::uint64_t chunk_size_ = 0;                   ///< bytes
  std::map<std::uint64_t, std::size_t> chunk_at_;  ///< cell → index into Chunked::chunks
  std::vector<CachedChunk> cache_;                 ///< least recently used first
  std::uint64_t cached_bytes_ = 0;
};

}  // namespace tensorferry::tensor
