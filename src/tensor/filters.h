#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "io/source.h"
#include "tensor/tensor_ref.h"

namespace tensorferry::tensor {

/// Reads chunk `chunk` of a dataset and undoes its filters (HDF5 file format specification, "Data
/// Storage - Filter Pipeline"): `size` bytes, or Error{FileTruncated | DatasetUnsupported | Hdf5}
/// that names `tensor` and the chunk.
std::vector<std::byte> decode_chunk(const io::Source& source, const TensorRef& tensor,
                                    const std::vector<Filter>& filters, const Chunk& chunk,
                                    std::uint64_t size);

// The single filters, undone. They throw io::Error{Hdf5} with half a sentence; decode_chunk says of
// which chunk. `size`: of the decoded bytes, at most.

std::vector<std::byte> undo_deflate(std::span<const std::byte> bytes, std::uint64_t size);
std::vector<std::byte> undo_raw_deflate(std::span<const std::byte> bytes, std::uint64_t size);
/// h5py's LZF filter (32000): the LibLZF format.
std::vector<std::byte> undo_lzf(std::span<const std::byte> bytes, std::uint64_t size);
std::vector<std::byte> undo_shuffle(std::span<const std::byte> bytes, std::size_t element_size);
/// Checks the four bytes at the end and drops them.
std::vector<std::byte> undo_fletcher32(std::vector<std::byte> bytes);

}  // namespace tensorferry::tensor
