#include "convert/statistics.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "io/error.h"

namespace tensorferry::convert {
namespace {

/// The number of the computation that makes it; none of what lies in a file.
std::optional<std::size_t> maker_of(const tensor::TensorRef& tensor, std::size_t file_count) {
  const auto* contiguous = std::get_if<tensor::Contiguous>(&tensor.storage);
  if (contiguous == nullptr || contiguous->file < file_count) return std::nullopt;
  return contiguous->file - file_count;
}

}  // namespace

tensor::Computation computation_of(const keras::Model& model, const std::vector<io::Source>& files,
                                   std::size_t index) {
  if (index >= model.tensors.size()) {
    throw io::Error(io::ErrorCode::OptionInvalid, "There is no such tensor.");
  }
  const auto maker = maker_of(model.tensors[index], files.size());
  if (!maker) return tensor::identity_computation(model.tensors[index]);
  const tensor::Computation& made = model.made.at(*maker);
  for (const tensor::TensorRef& input : made.inputs) {
    if (maker_of(input, files.size())) {
      throw io::Error(io::ErrorCode::OptionInvalid,
                      "The tensor is made in several steps, so its numbers are not looked at.");
    }
  }
  return made;
}

std::string statistics_text(const tensor::Statistics& statistics) {
  return nlohmann::ordered_json{
      {"count", statistics.count},        {"notFinite", statistics.not_finite},
      {"minimum", statistics.minimum},    {"maximum", statistics.maximum},
      {"mean", statistics.mean},          {"deviation", statistics.deviation},
      {"histogram", statistics.histogram}}
      .dump();
}

}  // namespace tensorferry::convert
