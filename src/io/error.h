#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "io/note.h"

namespace tensorferry::io {

/// Why an input cannot be read or converted. The spelling of each code (`error_code_name`) is part
/// of the contract of the API (`error.code`) and of `--json`.
enum class ErrorCode {
  FileEmpty,
  FileTruncated,
  NotAModel,           ///< neither HDF5 nor anything else that is known
  WrongFormat,         ///< known, but not a Keras model: PyTorch, ONNX, TF.js, a picture…
  NoModel,             ///< a folder or a set of files without a model
  SeveralModels,       ///< a folder or a set of files with more than one model
  ReadFailed,          ///< the file system or the browser refused the bytes
  Hdf5,                ///< HDF5 itself refused; the message holds its own words
  DatasetUnsupported,  ///< external or virtual storage, an unknown filter, a chunk that is too
                       ///< large
  ConfigNotJson,
  ConfigInvalid,  ///< JSON, but not what Keras writes
  WeightMissing,
  WeightShape,
  WeightDtype,
  WeightOrder,  ///< names and order disagree, so the binding would be a guess
  GraphCycle,
  ArchitectureMissing,  ///< weights alone, where the target cannot do without the layers
  LayerUnsupported,     ///< what the target needs whole cannot be had (wall 6)
  OptionInvalid,
  WriteFailed,
  Internal,
};

/// The kebab-case name of a code, e.g. "file-truncated".
std::string_view error_code_name(ErrorCode code);

/// Thrown inside `src` only; `convert.h` turns it into a value. `what()` is a whole sentence that
/// says which object, what was expected and what was found.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& sentence, Notes notes = {})
      : std::runtime_error(sentence), code_(code), notes_(std::move(notes)) {}
  ErrorCode code() const { return code_; }
  /// One for each layer that was refused, where that is the reason.
  const Notes& notes() const { return notes_; }

 private:
  ErrorCode code_;
  Notes notes_;
};

}  // namespace tensorferry::io
