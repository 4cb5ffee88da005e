#include "keras/weight_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/error.h"

namespace tensorferry::keras {
namespace {

constexpr std::uint64_t large_chunk = 16u << 20;  ///< bytes; wall 3

std::string shape_words(const tensor::Shape& shape) {
  return fmt::format("({})", fmt::join(shape, ", "));
}

std::string shape_words(const Shape& shape) {
  std::vector<std::string> words;
  for (std::int64_t extent : shape) {
    words.push_back(extent == unknown ? "?" : fmt::format("{}", extent));
  }
  return fmt::format("({})", fmt::join(words, ", "));
}

bool fits(const Shape& expected, const tensor::Shape& found) {
  return expected.size() == found.size() &&
         std::equal(expected.begin(), expected.end(), found.begin(),
                    [](std::int64_t want, std::uint64_t have) {
                      return want == unknown || static_cast<std::uint64_t>(want) == have;
                    });
}

}  // namespace

std::string layer_words(const Layer& layer) {
  return fmt::format("the layer `{}` ({})", layer.name, layer.class_name);
}

void check_weight(const Layer& layer, const Variable& variable, const tensor::TensorRef& tensor,
                  const std::string& path) {
  if (variable.shape && !fits(*variable.shape, tensor.shape)) {
    throw io::Error(io::ErrorCode::WeightShape,
                    fmt::format("The weight {} (`{}` of {}) has the shape {}; expected is {}.",
                                path, variable.role, layer_words(layer), shape_words(tensor.shape),
                                shape_words(*variable.shape)));
  }
  const bool floating = tensor::is_floating_point(tensor.dtype);
  if (variable.integer ? floating || tensor.dtype == tensor::DType::Bool : !floating) {
    throw io::Error(io::ErrorCode::WeightDtype,
                    fmt::format("The weight {} (`{}` of {}) is {}; expected are {} numbers.", path,
                                variable.role, layer_words(layer), tensor::dtype_name(tensor.dtype),
                                variable.integer ? "whole" : "floating-point"));
  }
}

void note_large_chunk(const tensor::TensorRef& tensor, const std::string& layer, io::Notes& notes) {
  const auto* chunked = std::get_if<tensor::Chunked>(&tensor.storage);
  if (chunked == nullptr) return;
  const std::uint64_t bytes =
      tensor::element_count(chunked->chunk_shape) * tensor::dtype_size(tensor.dtype);
  if (bytes <= large_chunk) return;
  notes.push_back({io::Severity::Info, layer, "large-chunk",
                   fmt::format("`{}` is stored in chunks of {} MB, each of which must be decoded "
                               "whole in memory.",
                               tensor.name, bytes >> 20)});
}

}  // namespace tensorferry::keras
