#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tensorferry::tensor {

enum class DType {
  Float16,
  BFloat16,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  UInt8,
  UInt16,
  UInt32,
  UInt64,
  Bool,
};

std::uint64_t dtype_size(DType dtype);     ///< bytes of one element
std::string_view dtype_name(DType dtype);  ///< numpy's spelling: "float32", "bfloat16", "bool"
bool is_floating_point(DType dtype);

/// Extents, outermost first (row-major). An empty shape is a scalar of one element.
using Shape = std::vector<std::uint64_t>;
std::uint64_t element_count(const Shape& shape);

/// Bytes as they lie in a dropped file, row-major.
struct Contiguous {
  std::uint32_t file = 0;
  std::uint64_t offset = 0;

  bool operator==(const Contiguous&) const = default;
};

enum class Filter {
  Deflate,
  Shuffle,
  Fletcher32,
  Lzf,
  RawDeflate,  ///< without zlib's header and checksum: a member of a zip
};

struct Chunk {
  std::vector<std::uint64_t> first_element;  ///< coordinates of the chunk's first element
  std::uint64_t offset = 0;                  ///< in the dropped file
  std::uint64_t stored_size = 0;
  std::uint32_t filter_mask = 0;  ///< bit i set: filter i was not applied to this chunk

  bool operator==(const Chunk&) const = default;
};

/// A chunked dataset with everything that decoding needs, so no HDF5 is needed to produce it.
/// A chunk that is not in the list was never written: it reads as `fill`.
struct Chunked {
  std::uint32_t file = 0;
  Shape chunk_shape;
  std::vector<Filter> filters;  ///< in the order in which they were applied when writing
  std::vector<Chunk> chunks;    ///< sorted by `first_element`
  std::vector<std::byte> fill;  ///< one element; empty means zeros

  bool operator==(const Chunked&) const = default;
};

/// A dataset that was never allocated: each element is `value` (empty means zeros).
struct Fill {
  std::vector<std::byte> value;

  bool operator==(const Fill&) const = default;
};

/// Compact datasets, and constants that a target makes.
struct Inline {
  std::vector<std::byte> bytes;

  bool operator==(const Inline&) const = default;
};

using Storage = std::variant<Contiguous, Chunked, Fill, Inline>;

/// A tensor described and not loaded (wall 1).
struct TensorRef {
  std::string name;  ///< as the file spells it, e.g. "conv1_conv/kernel"
  DType dtype = DType::Float32;
  Shape shape;
  bool big_endian = false;  ///< of the stored elements
  Storage storage;

  bool operator==(const TensorRef&) const = default;
};

}  // namespace tensorferry::tensor
