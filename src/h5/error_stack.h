#pragma once

#include <string>
#include <string_view>

namespace tensorferry::h5 {

class CachedReader;

/// HDF5's own words for its last failure: the most general and the most particular entry of its error
/// stack, then the stack is cleared. To be called before the next HDF5 call, which would clear it.
std::string take_hdf5_words();

/// Throws what the reader has kept, else io::Error{Hdf5 | FileTruncated}: "<file>: <what>: <HDF5's words>."
[[noreturn]] void throw_hdf5_error(CachedReader& reader, std::string_view what);

}  // namespace tensorferry::h5
