// Chunks that h5py wrote through its filters (data/make_chunks.py), decoded without HDF5.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "io/error.h"
#include "tensor/filters.h"
#include "tensor/produce.h"

using namespace tensorferry;
using namespace tensorferry::tensor;

namespace {

const std::string folder = "tests/unit/tensor/data/";

std::vector<std::byte> file_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  REQUIRE(!text.empty());
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return {begin, begin + text.size()};
}

Filter filter_of(const std::string& name) {
  if (name == "deflate") return Filter::Deflate;
  if (name == "shuffle") return Filter::Shuffle;
  if (name == "fletcher32") return Filter::Fletcher32;
  REQUIRE(name == "lzf");
  return Filter::Lzf;
}

TensorRef tensor_of(const std::string& name, const nlohmann::json& row) {
  TensorRef tensor;
  tensor.name = name;
  tensor.dtype = row["dtype"] == "float32" ? DType::Float32 : DType::Int16;
  tensor.shape = row["shape"].get<Shape>();
  tensor.big_endian = row["big_endian"];
  Chunked storage;
  storage.chunk_shape = row["chunk_shape"].get<Shape>();
  for (const auto& filter : row["filters"]) storage.filters.push_back(filter_of(filter));
  for (const auto& chunk : row["chunks"]) {
    storage.chunks.push_back(
        {chunk[0].get<std::vector<std::uint64_t>>(), chunk[1], chunk[2], chunk[3]});
  }
  if (name == "missing") {
    const float fill = 2.5f;
    storage.fill.resize(4);
    std::memcpy(storage.fill.data(), &fill, 4);
  }
  tensor.storage = storage;
  return tensor;
}

// The file's tensors as float64.
std::vector<double> values_of(const TensorRef& tensor, const io::Source& file,
                              const MemoryLimits& limits) {
  Computation computation = identity_computation(tensor);
  computation.values = {Cast{DType::Float64}};
  computation.dtype = DType::Float64;
  Bundle bundle;
  bundle.computations = {computation};
  std::vector<double> values(element_count(tensor.shape));
  produce(bundle, ComputedPart{0, 0, values.size() * 8}, 0, {file}, {}, limits,
          std::as_writable_bytes(std::span(values)));
  return values;
}

}  // namespace

TEST_CASE("each filter and combination of filters is undone") {
  const io::Source file = io::memory_source("chunks.h5", file_bytes(folder + "chunks.h5"));
  const auto table = nlohmann::json::parse(file_bytes(folder + "chunks.json"));
  REQUIRE(table.size() == 10);
  for (const auto& [name, row] : table.items()) {
    CAPTURE(name);
    const TensorRef tensor = tensor_of(name, row);
    for (const std::uint64_t cached : {0u, 16u << 20}) {
      for (const std::uint64_t buffer : {100u, 2u << 20}) {
        MemoryLimits limits;
        limits.cached_chunks = cached;
        limits.read_buffer = buffer;
        const std::vector<double> values = values_of(tensor, file, limits);
        std::size_t wrong = 0;
        for (std::size_t i = 0; i < values.size(); ++i) {
          double expected = static_cast<double>(i * 37 % 1001);
          if (name == "missing" && (i < 30 || i >= 60)) expected = 2.5;
          if (values[i] != expected) ++wrong;
        }
        CHECK(wrong == 0);
      }
    }
  }
}

TEST_CASE("a damaged chunk is told apart by its name, and never read past its end") {
  const std::vector<std::byte> good = file_bytes(folder + "chunks.h5");
  const auto table = nlohmann::json::parse(file_bytes(folder + "chunks.json"));
  for (const auto& [name, row] : table.items()) {
    CAPTURE(name);
    const TensorRef tensor = tensor_of(name, row);
    const auto& chunk = std::get<Chunked>(tensor.storage).chunks.front();
    const bool checked = name.find("fletcher32") != std::string::npos;
    for (std::uint64_t at = 0; at < chunk.stored_size; at += 7) {
      std::vector<std::byte> bytes = good;
      bytes[chunk.offset + at] ^= std::byte{0x55};
      const io::Source file = io::memory_source("chunks.h5", bytes);
      if (checked) {
        CHECK_THROWS_AS(values_of(tensor, file, {}), io::Error);
      } else {
        try {
          values_of(tensor, file, {});
        } catch (const io::Error& error) {
          CHECK(std::string(error.what()).find(name) != std::string::npos);
        }
      }
    }
    TensorRef cut = tensor;
    std::get<Chunked>(cut.storage).chunks.front().stored_size -= 1;
    CHECK_THROWS_AS(values_of(cut, io::memory_source("chunks.h5", good), {}), io::Error);
    std::get<Chunked>(cut.storage).chunks.front().stored_size = std::uint64_t{1} << 40;
    CHECK_THROWS_AS(values_of(cut, io::memory_source("chunks.h5", good), {}), io::Error);
  }
}

TEST_CASE("filters that were not applied to a chunk are not undone") {
  std::vector<std::byte> raw(24, std::byte{7});
  TensorRef tensor{"kernel", DType::Float32, {6}, false, tensor::Fill{}};
  const io::Source file = io::memory_source("a.h5", raw);
  const std::vector<Filter> filters = {Filter::Shuffle, Filter::Deflate};
  const Chunk chunk{{0}, 0, 24, 2};
  CHECK(decode_chunk(file, tensor, filters, chunk, 24) == raw);
  Chunk filtered = chunk;
  filtered.filter_mask = 0;
  CHECK_THROWS_AS(decode_chunk(file, tensor, filters, filtered, 24), io::Error);
}
