#include "keras/layers/refused.h"

#include <algorithm>
#include <iterator>

namespace tensorferry::keras {
namespace {

constexpr std::string_view strings = "it works on strings, which the targets do not have";
constexpr std::string_view foreign = "its function is code of another framework, which is not run";

constexpr RefusedRow refused[] = {
    {"DenseFeatures", "it works on feature columns, which the targets do not have"},
    {"FlaxLayer", foreign},
    {"HashedCrossing", strings},
    {"Hashing", strings},
    {"JaxLayer", foreign},
    {"Lambda", "its function is Python code, which is never run"},
    {"MaxNumBoundingBoxes", "it works on bounding boxes, which a model's tensors are not"},
    {"Merge", "it merges by Python code, which is never run, or by Keras 1's cosine"},
    {"StringLookup", strings},
    {"TFSMLayer", "its function is a SavedModel beside the file"},
    {"TextVectorization", strings},
    {"TorchModuleWrapper", foreign},
};

constexpr std::string_view abstract[] = {"AbstractRNNCell", "Layer", "Wrapper"};

}  // namespace

std::span<const RefusedRow> refused_layers() { return refused; }

std::span<const std::string_view> abstract_layers() { return abstract; }

std::string_view refusal_of(std::string_view class_name) {
  const auto row =
      std::find_if(std::begin(refused), std::end(refused),
                   [&](const RefusedRow& entry) { return entry.class_name == class_name; });
  if (row != std::end(refused)) return row->reason;
  const bool is_abstract =
      std::find(std::begin(abstract), std::end(abstract), class_name) != std::end(abstract);
  return is_abstract ? "it is a base class, which computes nothing" : "this class is not supported";
}

}  // namespace tensorferry::keras
