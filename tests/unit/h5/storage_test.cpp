#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <variant>
#include <vector>

#include "h5/file.h"
#include "io/error.h"
#include "pack.h"

using namespace tensorferry;

namespace {

tensor::TensorRef describe(const std::string& file, const std::string& path,
                           io::Placement placement = {}) {
  const h5::Group root = h5::open_file(test::pack_file("containers", file), placement);
  const auto dataset = root.find_dataset(path);
  REQUIRE(dataset);
  return dataset->describe("w");
}

const std::string kernel = "model_weights/conv/conv/kernel";
const std::string bias = "model_weights/dense/dense/bias";

// The bytes that h5py wrote contiguously, of the same model.
std::vector<std::byte> plain_bytes(const std::string& path) {
  const io::Source file = test::pack_file("containers", "keras2/plain.h5");
  const h5::Group root = h5::open_file(file, {});
  const tensor::TensorRef tensor = root.find_dataset(path)->describe("w");
  std::vector<std::byte> bytes(tensor::element_count(tensor.shape) * 4);
  file.read(std::get<tensor::Contiguous>(tensor.storage).offset, bytes);
  return bytes;
}

}  // namespace

TEST_CASE("a contiguous dataset is a range of the dropped file") {
  const tensor::TensorRef tensor =
      describe("keras2/plain.h5", "model_weights/conv/conv/kernel:0", {3, 1000});
  CHECK(tensor.shape == tensor::Shape{3, 2, 3, 4});
  CHECK(tensor.dtype == tensor::DType::Float32);
  CHECK_FALSE(tensor.big_endian);
  const auto& at_base = std::get<tensor::Contiguous>(tensor.storage);
  CHECK(at_base.file == 3);
  const auto at_zero = std::get<tensor::Contiguous>(
      describe("keras2/plain.h5", "model_weights/conv/conv/kernel:0").storage);
  CHECK(at_base.offset == at_zero.offset + 1000);
  // Random weights: a wrong offset would not look like numbers of that size.
  const std::vector<std::byte> bytes = plain_bytes("model_weights/conv/conv/kernel:0");
  std::vector<float> values(bytes.size() / 4);
  std::memcpy(values.data(), bytes.data(), bytes.size());
  CHECK(std::all_of(values.begin(), values.end(),
                    [](float v) { return v != 0 && v > -10 && v < 10; }));
}

TEST_CASE("addresses are those of the dropped file, user block included") {
  const auto offset = [](const std::string& file) {
    return std::get<tensor::Contiguous>(describe(file, kernel).storage).offset;
  };
  // Two files of the same model and history, but for 1024 bytes before HDF5's own.
  CHECK(offset("keras3/user_block.h5") == offset("keras3/never_allocated_zero.h5") + 1024);
}

TEST_CASE("big-endian elements are marked") {
  CHECK(describe("keras3/big_endian.h5", kernel).big_endian);
  CHECK(describe("keras3/big_endian_gzip.h5", kernel).big_endian);
}

TEST_CASE("chunks come sorted, with filters in the order of writing") {
  const tensor::TensorRef tensor = describe("keras3/gzip_shuffle_fletcher32.h5", kernel);
  const auto& chunked = std::get<tensor::Chunked>(tensor.storage);
  CHECK(chunked.filters ==
        std::vector{tensor::Filter::Shuffle, tensor::Filter::Deflate, tensor::Filter::Fletcher32});
  CHECK(!chunked.chunks.empty());
  CHECK(std::is_sorted(
      chunked.chunks.begin(), chunked.chunks.end(),
      [](const auto& a, const auto& b) { return a.first_element < b.first_element; }));
  const auto uneven =
      std::get<tensor::Chunked>(describe("keras3/chunked_uneven.h5", kernel).storage);
  CHECK(uneven.filters.empty());
  CHECK(uneven.chunks.size() > 1);
  for (const tensor::Chunk& chunk : uneven.chunks) {
    CHECK(chunk.stored_size == tensor::element_count(uneven.chunk_shape) * 4);
  }
  CHECK(std::get<tensor::Chunked>(describe("keras3/lzf.h5", kernel).storage).filters ==
        std::vector{tensor::Filter::Lzf});
}

TEST_CASE("compact and never allocated datasets") {
  const tensor::TensorRef compact = describe("keras3/compact.h5", kernel);
  CHECK(std::get<tensor::Inline>(compact.storage).bytes.size() ==
        tensor::element_count(compact.shape) * 4);
  const tensor::TensorRef zero = describe("keras3/never_allocated_zero.h5", bias);
  CHECK(std::get<tensor::Fill>(zero.storage).value.empty());
  const tensor::TensorRef fill = describe("keras3/never_allocated_fill.h5", bias);
  CHECK(std::get<tensor::Fill>(fill.storage).value.size() == 4);
  const auto chunked =
      std::get<tensor::Chunked>(describe("keras3/never_allocated_chunked.h5", bias).storage);
  CHECK(chunked.chunks.empty());
  CHECK(chunked.fill.size() == 4);
}

TEST_CASE("dtypes by their fields") {
  const auto dtype = [](const std::string& file, const std::string& path) {
    const h5::Group root = h5::open_file(test::pack_file("dtypes", file), {});
    const auto dataset = root.find_dataset(path);
    REQUIRE(dataset);
    return dataset->describe("w").dtype;
  };
  CHECK(dtype("keras3/dense_float16.h5", "model_weights/a/a/kernel") == tensor::DType::Float16);
  CHECK(dtype("keras3/dense_bfloat16.h5", "model_weights/a/a/kernel") == tensor::DType::BFloat16);
  CHECK(dtype("keras3/dense_float64.h5", "model_weights/a/a/kernel") == tensor::DType::Float64);
}

TEST_CASE("what cannot be described is refused by name") {
  const auto refusal = [](const std::string& file) {
    try {
      const h5::Group root = h5::open_file(test::pack_file("bad_input", file), {});
      for (const std::string path :
           {"model_weights/dense/dense/kernel", "model_weights/conv/conv/kernel"}) {
        if (const auto dataset = root.find_dataset(path)) dataset->describe("w");
      }
    } catch (const io::Error& error) {
      return std::string(io::error_code_name(error.code())) + " " + error.what();
    }
    return std::string("no error");
  };
  const std::string filter = refusal("keras3/filter_unknown.h5");
  CHECK(filter.starts_with("dataset-unsupported"));
  CHECK(filter.find("32123") != std::string::npos);
  CHECK(filter.find("h5repack") != std::string::npos);
  CHECK(refusal("keras3/virtual_dataset.h5").find("virtual") != std::string::npos);
  CHECK(refusal("keras3/external_storage.h5").find("another file") != std::string::npos);
  CHECK(refusal("keras3/external_link.h5").find("link out of the file") != std::string::npos);
  CHECK(refusal("keras3/soft_link_loop.h5").find("circles") != std::string::npos);
  CHECK(refusal("keras3/weight_dtype_text.h5").starts_with("weight-dtype"));
}
