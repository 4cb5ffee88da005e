#include <fmt/format.h>
#include <hdf5.h>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "h5/dtype.h"
#include "h5/file.h"
#include "h5/file_state.h"
#include "io/error.h"

// A dataset as a tensor::TensorRef: where its bytes are, so that nobody downstream needs HDF5.
namespace tensorferry::h5 {
namespace {

using tensor::TensorRef;

// Far above any tensor, far below where products of extents overflow.
constexpr std::uint64_t tensor_bytes_limit = std::uint64_t{1} << 52;

struct Description {
  FileState& file;
  const Handle& dataset;
  const std::string& path;
  Handle type;
  Handle creation;          ///< its dataset creation property list
  std::uint64_t bytes = 0;  ///< of all elements

  std::string what(std::string_view words) const {
    return fmt::format("the {} of the dataset {} cannot be read", words, path);
  }
  [[noreturn]] void refuse(std::string_view words) const {
    throw io::Error(io::ErrorCode::DatasetUnsupported,
                    fmt::format("{}: the dataset {} {}", file.reader.name(), path, words));
  }
};

void check_inside(const Description& d, std::uint64_t offset, std::uint64_t size) {
  if (offset > d.file.reader.size() || size > d.file.reader.size() - offset) {
    throw io::Error(io::ErrorCode::FileTruncated,
                    fmt::format("{}: the dataset {} has {} bytes at offset {}, but the file ends "
                                "at {}.",
                                d.file.reader.name(), d.path, size, offset, d.file.reader.size()));
  }
}

tensor::Shape read_shape(const Description& d) {
  const Handle space = d.file.own(H5Dget_space(d.dataset.id()), d.what("shape"));
  const H5S_class_t kind = H5Sget_simple_extent_type(space.id());
  if (kind == H5S_NULL) return {0};
  if (kind == H5S_SCALAR) return {};
  const int rank = d.file.check(H5Sget_simple_extent_ndims(space.id()), d.what("shape"));
  std::array<hsize_t, H5S_MAX_RANK> extents = {};
  d.file.check(H5Sget_simple_extent_dims(space.id(), extents.data(), nullptr), d.what("shape"));
  return tensor::Shape(extents.begin(), extents.begin() + rank);
}

std::uint64_t byte_count(const Description& d, const tensor::Shape& shape, std::uint64_t element) {
  std::uint64_t bytes = element;
  if (std::find(shape.begin(), shape.end(), 0u) != shape.end()) return 0;
  for (std::uint64_t extent : shape) {
    if (extent > tensor_bytes_limit / bytes)
      d.refuse("claims more elements than any disk can hold.");
    bytes *= extent;
  }
  return bytes;
}

// One element, or nothing where it is zero or was never set.
std::vector<std::byte> fill_value(const Description& d) {
  H5D_fill_value_t defined = H5D_FILL_VALUE_UNDEFINED;
  d.file.check(H5Pfill_value_defined(d.creation.id(), &defined), d.what("fill value"));
  if (defined != H5D_FILL_VALUE_USER_DEFINED) return {};
  std::vector<std::byte> value(H5Tget_size(d.type.id()));
  d.file.check(H5Pget_fill_value(d.creation.id(), d.type.id(), value.data()), d.what("fill value"));
  const bool zero =
      std::all_of(value.begin(), value.end(), [](std::byte b) { return b == std::byte{0}; });
  return zero ? std::vector<std::byte>{} : value;
}

tensor::Storage compact_storage(const Description& d) {
  tensor::Inline data{std::vector<std::byte>(d.bytes)};
  d.file.check(
      H5Dread(d.dataset.id(), d.type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, data.bytes.data()),
      d.what("elements"));
  return data;
}

tensor::Storage contiguous_storage(const Description& d) {
  if (d.file.check(H5Pget_external_count(d.creation.id()), d.what("storage")) > 0) {
    d.refuse("keeps its elements in another file (external storage), which is not read.");
  }
  const haddr_t offset = H5Dget_offset(d.dataset.id());
  if (offset == HADDR_UNDEF) {
    // Never written, or an error, which the size of the storage tells apart.
    if (H5Dget_storage_size(d.dataset.id()) != 0) d.file.fail(d.what("offset"));
    return tensor::Fill{fill_value(d)};
  }
  check_inside(d, offset, d.bytes);
  return tensor::Contiguous{d.file.placement.file, d.file.placement.base + offset};
}

std::vector<tensor::Filter> read_filters(const Description& d) {
  constexpr H5Z_filter_t lzf = 32000;  // h5py's, registered with The HDF Group
  std::vector<tensor::Filter> filters;
  const int count = d.file.check(H5Pget_nfilters(d.creation.id()), d.what("filters"));
  for (int i = 0; i < count; ++i) {
    std::array<unsigned, 8> values = {};
    std::array<char, 64> name = {};
    std::size_t value_count = values.size();
    unsigned flags = 0;
    unsigned config = 0;
    const H5Z_filter_t filter =
        H5Pget_filter2(d.creation.id(), static_cast<unsigned>(i), &flags, &value_count,
                       values.data(), name.size() - 1, name.data(), &config);
    d.file.check(filter, d.what("filters"));
    if (filter == H5Z_FILTER_DEFLATE) {
      filters.push_back(tensor::Filter::Deflate);
    } else if (filter == H5Z_FILTER_SHUFFLE) {
      filters.push_back(tensor::Filter::Shuffle);
    } else if (filter == H5Z_FILTER_FLETCHER32) {
      filters.push_back(tensor::Filter::Fletcher32);
    } else if (filter == lzf) {
      filters.push_back(tensor::Filter::Lzf);
    } else {
      d.refuse(
          fmt::format("is compressed with the filter {} (`{}`), which is not read. This makes "
                      "a file without filters: h5repack -f NONE \"{}\" repacked.h5",
                      filter, name.data(), d.file.reader.name()));
    }
  }
  return filters;
}

struct ChunkList {
  std::size_t rank = 0;
  std::vector<tensor::Chunk> chunks;
  std::exception_ptr error;
};

// A C callback: nothing may be thrown through HDF5.
int keep_chunk(const hsize_t* first, unsigned mask, haddr_t address, hsize_t size, void* data) {
  auto& list = *static_cast<ChunkList*>(data);
  try {
    if (address == HADDR_UNDEF || size == 0) return H5_ITER_CONT;
    list.chunks.push_back({{first, first + list.rank}, address, size, mask});
    return H5_ITER_CONT;
  } catch (...) {
    list.error = std::current_exception();
    return H5_ITER_ERROR;
  }
}

tensor::Shape read_chunk_shape(const Description& d, const tensor::Shape& shape) {
  std::array<hsize_t, H5S_MAX_RANK> extents = {};
  const int rank =
      d.file.check(H5Pget_chunk(d.creation.id(), extents.size(), extents.data()), d.what("chunks"));
  const tensor::Shape chunk(extents.begin(), extents.begin() + std::min(rank, H5S_MAX_RANK));
  const bool valid =
      chunk.size() == shape.size() && std::find(chunk.begin(), chunk.end(), 0u) == chunk.end();
  if (!valid) d.refuse("has chunks of another rank than its own.");
  return chunk;
}

// HDF5 can leave chunks at the border unfiltered, without saying so in their masks.
bool border_chunks_unfiltered(const Description& d) {
  unsigned options = 0;
  d.file.check(H5Pget_chunk_opts(d.creation.id(), &options), d.what("chunks"));
  return (options & H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS) != 0;
}

// Of a chunk that HDF5 has listed: its coordinates, its place in the file and its size.
void check_chunk(const Description& d, const tensor::Shape& shape, const tensor::Chunked& storage,
                 std::uint64_t chunk_bytes, tensor::Chunk& chunk, bool border_unfiltered) {
  check_inside(d, chunk.offset, chunk.stored_size);
  bool border = false;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const std::uint64_t first = chunk.first_element[i];
    if (first >= shape[i] || first % storage.chunk_shape[i] != 0) {
      d.refuse("has a chunk that does not lie on the grid of its chunks.");
    }
    border = border || storage.chunk_shape[i] > shape[i] - first;
  }
  if (border && border_unfiltered) chunk.filter_mask = ~std::uint32_t{0};
  const std::uint32_t all = (std::uint32_t{1} << storage.filters.size()) - 1;
  const bool plain = (chunk.filter_mask & all) == all;
  if (plain && chunk.stored_size != chunk_bytes) {
    d.refuse(fmt::format("has an uncompressed chunk of {} bytes where {} are expected.",
                         chunk.stored_size, chunk_bytes));
  }
  chunk.offset += d.file.placement.base;
}

tensor::Storage chunked_storage(const Description& d, const tensor::Shape& shape,
                                std::uint64_t element) {
  tensor::Chunked storage;
  storage.file = d.file.placement.file;
  storage.chunk_shape = read_chunk_shape(d, shape);
  const std::uint64_t chunk_bytes = byte_count(d, storage.chunk_shape, element);
  if (chunk_bytes > chunk_limit) {
    d.refuse(
        fmt::format("has chunks of {} MB; a chunk is decoded whole, so at most {} MB are "
                    "read. This makes a file without chunks: h5repack -l CONTI \"{}\" "
                    "repacked.h5",
                    chunk_bytes >> 20, chunk_limit >> 20, d.file.reader.name()));
  }
  storage.filters = read_filters(d);
  if (storage.filters.size() > 31) d.refuse("has more than 31 filters.");
  storage.fill = fill_value(d);
  ChunkList list;
  list.rank = shape.size();
  const herr_t result = H5Dchunk_iter(d.dataset.id(), H5P_DEFAULT, keep_chunk, &list);
  if (list.error) std::rethrow_exception(list.error);
  d.file.check(result, d.what("list of chunks"));
  storage.chunks = std::move(list.chunks);
  const bool border_unfiltered = border_chunks_unfiltered(d);
  for (tensor::Chunk& chunk : storage.chunks) {
    check_chunk(d, shape, storage, chunk_bytes, chunk, border_unfiltered);
  }
  std::sort(storage.chunks.begin(), storage.chunks.end(),
            [](const tensor::Chunk& a, const tensor::Chunk& b) {
              return a.first_element < b.first_element;
            });
  return storage;
}

tensor::Storage read_storage(const Description& d, const tensor::Shape& shape,
                             std::uint64_t element) {
  const H5D_layout_t layout = H5Pget_layout(d.creation.id());
  if (d.bytes == 0) return tensor::Inline{};
  switch (layout) {
    case H5D_COMPACT:
      return compact_storage(d);
    case H5D_CONTIGUOUS:
      return contiguous_storage(d);
    case H5D_CHUNKED:
      return chunked_storage(d, shape, element);
    case H5D_VIRTUAL:
      d.refuse("is virtual (made of parts of other datasets), which is not read.");
    case H5D_LAYOUT_ERROR:
    case H5D_NLAYOUTS:
      break;
  }
  d.file.fail(d.what("storage"));
}

}  // namespace

Dataset::Dataset(std::shared_ptr<FileState> file, Handle handle, std::string path)
    : file_(std::move(file)), handle_(std::move(handle)), path_(std::move(path)) {}

tensor::TensorRef Dataset::describe(std::string name) const {
  Description d{*file_, handle_, path_, {}, {}, 0};
  d.type = file_->own(H5Dget_type(handle_.id()), d.what("type"));
  d.creation = file_->own(H5Dget_create_plist(handle_.id()), d.what("storage"));
  const std::optional<ElementType> element = element_type(d.type);
  if (!element) {
    throw io::Error(io::ErrorCode::WeightDtype,
                    fmt::format("{}: the dataset {} holds {}, which no weight is made of.",
                                file_->reader.name(), path_, type_words(d.type)));
  }
  TensorRef tensor;
  tensor.name = std::move(name);
  tensor.dtype = element->dtype;
  tensor.big_endian = element->big_endian;
  tensor.shape = read_shape(d);
  const std::uint64_t element_size = tensor::dtype_size(element->dtype);
  d.bytes = byte_count(d, tensor.shape, element_size);
  tensor.storage = read_storage(d, tensor.shape, element_size);
  return tensor;
}

}  // namespace tensorferry::h5
