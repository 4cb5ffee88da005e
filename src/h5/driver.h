#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <vector>

#include "h5/handle.h"
#include "io/source.h"

namespace tensorferry::h5 {

/// What HDF5's virtual file driver reads through: a source with a small cache of blocks, since HDF5
/// asks for a few bytes at a time. An exception of the source cannot pass through HDF5's C frames:
/// it is kept here, and whoever made the HDF5 call rethrows it.
class CachedReader {
 public:
  explicit CachedReader(io::Source source) : source_(std::move(source)) {}

  std::uint64_t size() const { return source_.size; }
  const std::string& name() const { return source_.name; }

  /// False if the source threw, or if HDF5 would never come back from these bytes; the exception is
  /// kept.
  bool read(std::uint64_t offset, std::span<std::byte> out) noexcept;

  /// Throws what a read has kept, if anything.
  void rethrow();

 private:
  // In a browser a read costs as much as 256 KB of it. Keras's layers are found by B-trees whose
  // nodes lie all over the file, in no order: with few blocks each would be read many times.
  static constexpr std::uint64_t block_size = 256u << 10;
  static constexpr std::size_t block_count = 64;

  struct Block {
    std::uint64_t index = 0;
    std::uint64_t last_use = 0;  ///< 0: empty
    std::vector<std::byte> bytes;
  };

  void fill(std::uint64_t offset, std::span<std::byte> out);
  const Block& block(std::uint64_t index);

  io::Source source_;
  std::array<Block, block_count> blocks_;
  std::uint64_t uses_ = 0;
  std::exception_ptr error_;
};

/// A file access property list by which HDF5 reads through `reader`, which must outlive the file.
Handle access_through(CachedReader& reader);

}  // namespace tensorferry::h5
