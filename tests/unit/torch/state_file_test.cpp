#include "torch/state_file.h"

#include <doctest/doctest.h>

#include "io/overloaded.h"

namespace tensorferry::torch {
namespace {

tensor::TensorRef stored(const std::string& name, tensor::DType dtype, tensor::Shape shape,
                         std::uint64_t offset) {
  return {name, dtype, std::move(shape), false, tensor::Contiguous{0, offset}};
}

std::string inline_text(const tensor::OutputFile& file) {
  std::string text;
  for (const tensor::Part& part : file.parts) {
    if (const auto* bytes = std::get_if<tensor::InlinePart>(&part)) text += bytes->bytes;
  }
  return text;
}

template <class AnyPart>
std::size_t count(const tensor::OutputFile& file) {
  std::size_t total = 0;
  for (const tensor::Part& part : file.parts) total += std::holds_alternative<AnyPart>(part);
  return total;
}

TEST_CASE("safetensors: an aligned header, larger elements first, every offset") {
  const Weight half = stored_weight(stored("a", tensor::DType::Float16, {3}, 100));
  const Weight counter = zero_counter();
  const Weight kernel = permuted_weight(stored("k", tensor::DType::Float32, {2, 3}, 200), {1, 0});
  tensor::Bundle bundle;
  const tensor::OutputFile file = safetensors_file(
      bundle, "model.safetensors", {{"half", 0, &half}, {"bn.n", 1, &counter}, {"k", 2, &kernel}});
  const std::string text = inline_text(file);
  const std::string header =
      "{\"__metadata__\":{\"format\":\"pt\"},"
      "\"bn.n\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]},"
      "\"k\":{\"dtype\":\"F32\",\"shape\":[3,2],\"data_offsets\":[8,32]},"
      "\"half\":{\"dtype\":\"F16\",\"shape\":[3],\"data_offsets\":[32,38]}}";
  const std::size_t padded = (header.size() + 7) / 8 * 8;
  CHECK(static_cast<unsigned char>(text[0]) == (padded & 0xff));
  CHECK(static_cast<unsigned char>(text[1]) == padded >> 8);
  CHECK(text.substr(8, header.size()) == header);
  CHECK(text.substr(8 + header.size(), padded - header.size()) ==
        std::string(padded - header.size(), ' '));
  CHECK(file.size() == 8 + padded + 8 + 24 + 6);
  CHECK(count<tensor::ComputedPart>(file) == 1);
  CHECK(count<tensor::SlicePart>(file) == 1);
}

TEST_CASE("safetensors: keys of any characters are JSON") {
  const Weight weight = stored_weight(stored("a", tensor::DType::Float32, {1}, 0));
  tensor::Bundle bundle;
  const tensor::OutputFile file = safetensors_file(bundle, "m", {{"a\"\\\n층😀", 0, &weight}});
  CHECK(inline_text(file).find("\"a\\u0022\\u005c\\u000a\\uce35\\ud83d\\ude00\"") !=
        std::string::npos);
}

TEST_CASE("pt: kernels are slices with strides, each 64-byte aligned") {
  const Weight kernel =
      permuted_weight(stored("k", tensor::DType::Float32, {3, 2, 4, 5}, 1000), {3, 2, 0, 1});
  CHECK(is_strided(kernel));
  CHECK(kernel.strided->strides == std::vector<std::uint64_t>{1, 5, 40, 20});
  tensor::Bundle bundle;
  const tensor::OutputFile file = pt_file(bundle, "model.pt", {{"k", 0, &kernel}}, true);
  CHECK(count<tensor::SlicePart>(file) == 1);
  CHECK(count<tensor::ComputedPart>(file) == 0);
  std::uint64_t offset = 0;
  for (const tensor::Part& part : file.parts) {
    if (std::holds_alternative<tensor::SlicePart>(part)) CHECK(offset % 64 == 0);
    offset += part_size(part);
  }
  tensor::Bundle other;
  const tensor::OutputFile contiguous = pt_file(other, "model.pt", {{"k", 0, &kernel}}, false);
  CHECK(count<tensor::SlicePart>(contiguous) == 0);
  CHECK(count<tensor::ComputedPart>(contiguous) == 1);
}

TEST_CASE("pt: a Dense behind a Flatten moves whole rows") {
  const Weight kernel =
      linear_weight(stored("k", tensor::DType::Float32, {24, 5}, 0), {{{2, 3, 4}, {2, 0, 1}}});
  REQUIRE(kernel.strided);
  CHECK(kernel.strided->strides == std::vector<std::uint64_t>{1, 5});
  CHECK(kernel.strided->storage.shape == tensor::Shape{24, 5});
  CHECK(kernel.strided->storage.views[0].shape == tensor::Shape{4, 2, 3, 5});
  CHECK(kernel.contiguous.shape == tensor::Shape{5, 24});
  CHECK(kernel.contiguous.chain == "rows(c,h,w) > permute(1,0)");
}

TEST_CASE("pt: a tensor at two places is stored once") {
  const Weight weight = stored_weight(stored("a", tensor::DType::Float32, {7}, 0));
  tensor::Bundle bundle;
  const tensor::OutputFile file =
      pt_file(bundle, "m", {{"a.weight", 0, &weight}, {"b.a.weight", 0, &weight}}, true);
  CHECK(count<tensor::SlicePart>(file) == 1);
  const std::string text = inline_text(file);
  CHECK(text.find("a.weight") != std::string::npos);
  CHECK(text.find("b.a.weight") != std::string::npos);
}

}  // namespace
}  // namespace tensorferry::torch
