#include "io/error.h"

namespace tensorferry::io {

std::string_view error_code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::FileEmpty:
      return "file-empty";
    case ErrorCode::FileTruncated:
      return "file-truncated";
    case ErrorCode::NotAModel:
      return "not-a-model";
    case ErrorCode::WrongFormat:
      return "wrong-format";
    case ErrorCode::NoModel:
      return "no-model";
    case ErrorCode::SeveralModels:
      return "several-models";
    case ErrorCode::ReadFailed:
      return "read-failed";
    case ErrorCode::Hdf5:
      return "hdf5";
    case ErrorCode::DatasetUnsupported:
      return "dataset-unsupported";
    case ErrorCode::ConfigNotJson:
      return "config-not-json";
    case ErrorCode::ConfigInvalid:
      return "config-invalid";
    case ErrorCode::WeightMissing:
      return "weight-missing";
    case ErrorCode::WeightShape:
      return "weight-shape";
    case ErrorCode::WeightDtype:
      return "weight-dtype";
    case ErrorCode::WeightOrder:
      return "weight-order";
    case ErrorCode::GraphCycle:
      return "graph-cycle";
    case ErrorCode::ArchitectureMissing:
      return "architecture-missing";
    case ErrorCode::LayerUnsupported:
      return "layer-unsupported";
    case ErrorCode::OptionInvalid:
      return "option-invalid";
    case ErrorCode::WriteFailed:
      return "write-failed";
    case ErrorCode::Internal:
      return "internal";
  }
  return "internal";
}

}  // namespace tensorferry::io
