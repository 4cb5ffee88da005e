#pragma once

#include <emscripten/val.h>

#include <vector>

#include "io/source.h"

namespace tensorferry {

/// A file that JavaScript gives as {name, size, read(offset, length) → Uint8Array}. What `read`
/// throws becomes `io::Error{ReadFailed}`: a JavaScript exception must not pass through HDF5's C
/// frames, nor through ours.
io::Source js_source(const emscripten::val& file);

std::vector<io::Source> js_sources(const emscripten::val& files);

}  // namespace tensorferry
