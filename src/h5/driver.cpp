#include "h5/driver.h"

#include <H5FDdevelop.h>
#include <hdf5.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "h5/error_stack.h"
#include "io/error.h"

namespace tensorferry::h5 {

const CachedReader::Block& CachedReader::block(std::uint64_t index) {
  Block* oldest = &blocks_[0];
  for (Block& block : blocks_) {
    if (block.last_use > 0 && block.index == index) {
      block.last_use = ++uses_;
      return block;
    }
    if (block.last_use < oldest->last_use) oldest = &block;
  }
  oldest->last_use = 0;  // stays empty if the read throws
  const std::uint64_t begin = index * block_size;
  oldest->bytes.resize(std::min(block_size, source_.size - begin));
  source_.read(begin, oldest->bytes);
  oldest->index = index;
  oldest->last_use = ++uses_;
  return *oldest;
}

void CachedReader::fill(std::uint64_t offset, std::span<std::byte> out) {
  const bool inside = offset <= source_.size && out.size() <= source_.size - offset;
  // Large pieces (a global heap, an attribute) would only wash the cache out. The source itself
  // says what is wrong with a range outside.
  if (!inside || out.size() >= block_size) {
    source_.read(offset, out);
    return;
  }
  while (!out.empty()) {
    const Block& from = block(offset / block_size);
    const std::size_t begin = offset % block_size;
    const std::size_t count = std::min<std::size_t>(out.size(), from.bytes.size() - begin);
    std::memcpy(out.data(), from.bytes.data() + begin, count);
    out = out.subspan(count);
    offset += count;
  }
}

namespace {

std::uint64_t little_endian(std::span<const std::byte> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    value = value << 8 | std::to_integer<std::uint64_t>(bytes[i]);
  }
  return value;
}

// HDF5 2.2.0 walks the objects of a global heap collection without noticing one that takes no
// space, and never ends (H5HGcache.c: H5HG__cache_heap_deserialize). Lengths have 8 bytes in all
// that h5py writes: a header of 16 bytes, then objects of index (2), references (2), reserved (4),
// length (8).
bool is_endless_heap(std::span<const std::byte> bytes) {
  constexpr std::size_t header = 16;
  if (bytes.size() < header || std::memcmp(bytes.data(), "GCOL", 4) != 0) return false;
  std::uint64_t at = header;
  while (at + header <= bytes.size()) {
    const std::uint64_t index = little_endian(bytes.subspan(at, 2));
    const std::uint64_t length = little_endian(bytes.subspan(at + 8, 8));
    if (index == 0 && length == 0) return true;
    if (length > bytes.size()) return false;
    at += index == 0 ? length : header + (length + 7) / 8 * 8;
  }
  return false;
}

}  // namespace

bool CachedReader::read(std::uint64_t offset, std::span<std::byte> out) noexcept {
  try {
    fill(offset, out);
    if (is_endless_heap(out)) {
      throw io::Error(io::ErrorCode::Hdf5, source_.name + ": the global heap at offset " +
                                               std::to_string(offset) +
                                               " is damaged: one of its objects takes no space.");
    }
    return true;
  } catch (...) {
    error_ = std::current_exception();
    return false;
  }
}

void CachedReader::rethrow() {
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

namespace {

// What the driver hangs on each open file; H5FD_t must come first, as HDF5 casts to and from it.
struct DriverFile {
  H5FD_t base;
  CachedReader* reader;
  haddr_t end_of_allocation;
};

struct AccessInfo {
  CachedReader* reader;
};

const DriverFile& as_driver_file(const H5FD_t* file) {
  return *reinterpret_cast<const DriverFile*>(file);
}

H5FD_t* driver_open(const char*, unsigned flags, hid_t access, haddr_t) {
  const auto* info = static_cast<const AccessInfo*>(H5Pget_driver_info(access));
  if (info == nullptr || (flags & H5F_ACC_RDWR) != 0) return nullptr;
  auto* file = new (std::nothrow) DriverFile{};
  if (file == nullptr) return nullptr;
  file->reader = info->reader;
  return &file->base;
}

herr_t driver_close(H5FD_t* file) {
  delete reinterpret_cast<DriverFile*>(file);
  return 0;
}

int driver_compare(const H5FD_t* a, const H5FD_t* b) {
  const auto* first = as_driver_file(a).reader;
  const auto* second = as_driver_file(b).reader;
  return first < second ? -1 : first > second ? 1 : 0;
}

herr_t driver_query(const H5FD_t*, unsigned long* flags) {
  if (flags != nullptr) *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA_READ;
  return 0;
}

haddr_t driver_get_eoa(const H5FD_t* file, H5FD_mem_t) {
  return as_driver_file(file).end_of_allocation;
}

herr_t driver_set_eoa(H5FD_t* file, H5FD_mem_t, haddr_t address) {
  reinterpret_cast<DriverFile*>(file)->end_of_allocation = address;
  return 0;
}

haddr_t driver_get_eof(const H5FD_t* file, H5FD_mem_t) {
  return as_driver_file(file).reader->size();
}

herr_t driver_read(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, size_t size, void* buffer) {
  const std::span<std::byte> out(static_cast<std::byte*>(buffer), size);
  return as_driver_file(file).reader->read(address, out) ? 0 : -1;
}

// HDF5 demands the callback; a file that is open for reading never comes here.
herr_t driver_write(H5FD_t*, H5FD_mem_t, hid_t, haddr_t, size_t, const void*) { return -1; }

H5FD_class_t driver_class() {
  H5FD_class_t driver = {};
  driver.version = H5FD_CLASS_VERSION;
  driver.value = static_cast<H5FD_class_value_t>(H5_VFD_RESERVED + 0x7f);
  driver.name = "tensorferry";
  driver.maxaddr = HADDR_MAX;
  driver.fc_degree = H5F_CLOSE_WEAK;
  driver.fapl_size = sizeof(AccessInfo);
  driver.open = driver_open;
  driver.close = driver_close;
  driver.cmp = driver_compare;
  driver.query = driver_query;
  driver.get_eoa = driver_get_eoa;
  driver.set_eoa = driver_set_eoa;
  driver.get_eof = driver_get_eof;
  driver.read = driver_read;
  driver.write = driver_write;
  const H5FD_mem_t free_lists[] = H5FD_FLMAP_DICHOTOMY;
  std::copy(std::begin(free_lists), std::end(free_lists), driver.fl_map);
  return driver;
}

// Registered once in a process; HDF5's automatic printing of errors is off from then on.
hid_t driver_id() {
  static const hid_t id = [] {
    H5open();
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    static const H5FD_class_t driver = driver_class();
    return H5FDregister(&driver);
  }();
  return id;
}

}  // namespace

Handle access_through(CachedReader& reader) {
  const hid_t driver = driver_id();
  Handle access(H5Pcreate(H5P_FILE_ACCESS));
  const AccessInfo info{&reader};
  if (driver < 0 || !access.valid() || H5Pset_driver(access.id(), driver, &info) < 0 ||
      H5Pset_file_locking(access.id(), false, true) < 0) {
    throw_hdf5_error(reader, "HDF5 could not be started");
  }
  return access;
}

}  // namespace tensorferry::h5
