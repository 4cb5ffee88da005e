#pragma once

#include <string_view>

namespace tensorferry::h5 {

class CachedReader;

/// Throws what the reader has kept, else io::Error{Hdf5 | FileTruncated}: "<file>: <what> (<HDF5's
/// words>)." To be called before the next HDF5 call, which clears HDF5's error stack.
[[noreturn]] void throw_hdf5_error(CachedReader& reader, std::string_view what);

}  // namespace tensorferry::h5
