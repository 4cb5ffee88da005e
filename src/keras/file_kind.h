#pragma once

#include "io/source.h"

namespace tensorferry::keras {

/// What a file is by its content, as far as a model can be made of it.
enum class FileKind {
  Hdf5,     ///< a model or weights
  Archive,  ///< `.keras`
  Json,     ///< an architecture or a list of shards, if anything
};

/// Throws io::Error{FileEmpty | WrongFormat | NotAModel} for all else, with a sentence that says
/// what the file is and, where there is one, the way out.
FileKind file_kind(const io::Source& file);

}  // namespace tensorferry::keras
