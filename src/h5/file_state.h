#pragma once

#include <string>
#include <string_view>

#include "h5/driver.h"
#include "h5/error_stack.h"
#include "h5/handle.h"

namespace tensorferry::h5 {

/// An open file, shared by all objects of it. The reader outlives the HDF5 id (members are
/// destroyed in reverse order), and objects close their own id before they let go of this.
struct FileState {
  FileState(io::Source source, const io::Placement& where)
      : reader(std::move(source)), placement(where) {}

  CachedReader reader;
  io::Placement placement;
  Handle id;

  /// Throws for a failed HDF5 call; `what` says what was tried, on which object.
  [[noreturn]] void fail(std::string_view what) { throw_hdf5_error(reader, what); }

  /// Takes over the id of an HDF5 call, or fails.
  Handle own(Id opened, std::string_view what) {
    if (opened < 0) fail(what);
    return Handle(opened);
  }

  /// Passes on the result of an HDF5 call, or fails.
  template <class Number>
  Number check(Number result, std::string_view what) {
    if (result < 0) fail(what);
    return result;
  }
};

}  // namespace tensorferry::h5
