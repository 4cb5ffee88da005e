#include "h5/error_stack.h"

#include <fmt/format.h>
#include <hdf5.h>

#include "h5/driver.h"
#include "io/error.h"

namespace tensorferry::h5 {
namespace {

// Walked upwards, the first entry is where the failure was found.
herr_t keep_first(unsigned index, const H5E_error2_t* entry, void* data) {
  if (index == 0 && entry->desc != nullptr) {
    try {
      *static_cast<std::string*>(data) = entry->desc;
    } catch (...) {
      return -1;
    }
  }
  return 0;
}

}  // namespace

std::string take_hdf5_words() {
  std::string words;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_first, &words);
  H5Eclear2(H5E_DEFAULT);
  return words;
}

void throw_hdf5_error(CachedReader& reader, std::string_view what) {
  const std::string words = take_hdf5_words();
  reader.rethrow();
  const bool truncated = words.starts_with("truncated file");
  if (truncated) {
    throw io::Error(io::ErrorCode::FileTruncated,
                    fmt::format("{}: the file is cut off ({} bytes are there; HDF5 says: {}).",
                                reader.name(), reader.size(), words));
  }
  throw io::Error(io::ErrorCode::Hdf5,
                  fmt::format("{}: {}{}{}.", reader.name(), what,
                              words.empty() ? "" : "; HDF5 says: ", words));
}

}  // namespace tensorferry::h5
