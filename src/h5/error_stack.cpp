#include "h5/error_stack.h"

#include <fmt/format.h>
#include <hdf5.h>

#include <array>
#include <string>
#include "h5/driver.h"
#include "io/error.h"

namespace tensorferry::h5 {
namespace {

/// The codes of one entry of HDF5's error stack.
struct Codes {
  hid_t what = H5I_INVALID_HID;   ///< "Object header"
  hid_t cause = H5I_INVALID_HID;  ///< "Unable to open object"
};

// Walked upwards, the first entry is where the failure was found.
herr_t keep_first(unsigned index, const H5E_error2_t* entry, void* data) {
  if (index == 0) *static_cast<Codes*>(data) = {entry->maj_num, entry->min_num};
  return 0;
}

std::string message(hid_t code) {
  std::array<char, 128> text = {};
  const ssize_t size = H5Eget_msg(code, nullptr, text.data(), text.size());
  return size > 0 ? std::string(text.data()) : std::string();
}

}  // namespace

void throw_hdf5_error(CachedReader& reader, std::string_view what) {
  // Before any other HDF5 call, which would clear the stack. Its sentences are not in the module,
  // the codes and what they are called are.
  Codes codes;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_first, &codes);
  H5Eclear2(H5E_DEFAULT);
  reader.rethrow();
  if (codes.cause == H5E_TRUNCATED) {
    throw io::Error(io::ErrorCode::FileTruncated,
                    fmt::format("{}: the file is cut off: its own header counts more than the {} "
                                "bytes that are there.",
                                reader.name(), reader.size()));
  }
  const std::string where = message(codes.what);
  const std::string cause = message(codes.cause);
  throw io::Error(io::ErrorCode::Hdf5,
                  fmt::format("{}: {}{}.", reader.name(), what,
                              cause.empty() ? "" : fmt::format(" (HDF5: {}: {})", where, cause)));
}

}  // namespace tensorferry::h5
