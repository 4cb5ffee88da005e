#include "keras_layers/fixture.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "tensor/produce.h"

namespace tensorferry::test {

namespace {

namespace fs = std::filesystem;

fs::path fixtures_folder() {
  const char* given = std::getenv("TENSORFERRY_FIXTURES");
  return given != nullptr ? fs::path(given) : fs::path("build/fixtures");
}

std::vector<std::byte> read_bytes(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  std::vector<std::byte> bytes(fs::file_size(path));
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}

graph::Array array_at(const std::vector<std::byte>& bytes, const nlohmann::json& where) {
  graph::Array array;
  array.shape = where.at("shape").get<std::vector<std::uint64_t>>();
  std::uint64_t count = 1;
  for (const std::uint64_t extent : array.shape) count *= extent;
  const auto offset = where.at("offset").get<std::size_t>();
  for (std::uint64_t i = 0; i < count; ++i) {
    float element = 0;
    std::memcpy(&element, bytes.data() + offset + i * sizeof(float), sizeof(float));
    array.data.push_back(static_cast<double>(element));
  }
  return array;
}

template <class Element>
double element_at(const std::byte* bytes) {
  Element element{};
  std::memcpy(&element, bytes, sizeof(element));
  return static_cast<double>(element);
}

}  // namespace

std::vector<std::string> fixture_names(const std::string& prefix) {
  const fs::path folder = fixtures_folder();
  std::vector<std::string> names;
  if (!fs::exists(folder)) return names;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    const fs::path name = fs::relative(entry.path(), folder).replace_extension();
    const bool is_fixture = std::distance(name.begin(), name.end()) == 3 &&
                            name.extension() != ".architecture";
    if (is_fixture && name.string().starts_with(prefix)) names.push_back(name.string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Fixture load_fixture(const std::string& name) {
  const fs::path base = fixtures_folder() / name;
  const std::vector<std::byte> text = read_bytes(base.string() + ".json");
  const nlohmann::json description = nlohmann::json::parse(
      reinterpret_cast<const char*>(text.data()),
      reinterpret_cast<const char*>(text.data()) + text.size());
  Fixture fixture;
  fixture.name = name;
  fixture.kind = description.value("kind", "single");
  fixture.exit = description.value("exit", 0);
  fixture.words = description.value("words", std::vector<std::string>{});
  for (const auto& file : description.at("files")) {
    const auto path = base.parent_path() / file.get<std::string>();
    fixture.files.push_back(io::memory_source(file.get<std::string>(), read_bytes(path)));
  }
  const auto runs = description.value("runs", nlohmann::json::array());
  if (runs.empty()) return fixture;
  const std::vector<std::byte> bytes = read_bytes(base.string() + ".bin");
  for (const auto& run : runs) {
    FixtureRun& loaded = fixture.runs.emplace_back();
    for (const auto& where : run.at("inputs")) loaded.inputs.push_back(array_at(bytes, where));
    for (const auto& where : run.at("outputs")) loaded.outputs.push_back(array_at(bytes, where));
  }
  return fixture;
}

graph::LoadTensor tensor_loader(const std::vector<io::Source>& files) {
  return [files](const tensor::TensorRef& ref) {
    graph::Array array;
    array.shape = ref.shape;
    const std::uint64_t count = tensor::element_count(ref.shape);
    tensor::Computation computation = tensor::identity_computation(ref);
    const bool is_wide = ref.dtype == tensor::DType::Int64 || ref.dtype == tensor::DType::Float64;
    if (!is_wide) {
      computation.values.push_back(tensor::Cast{tensor::DType::Float32});
      computation.dtype = tensor::DType::Float32;
    }
    tensor::Bundle bundle;
    bundle.computations.push_back(computation);
    const std::uint64_t size = tensor::dtype_size(computation.dtype);
    std::vector<std::byte> bytes(count * size);
    tensor::produce(bundle, tensor::ComputedPart{0, 0, bytes.size()}, 0, files, {}, {}, bytes);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::byte* at = bytes.data() + i * size;
      if (ref.dtype == tensor::DType::Int64) {
        array.data.push_back(element_at<std::int64_t>(at));
      } else if (ref.dtype == tensor::DType::Float64) {
        array.data.push_back(element_at<double>(at));
      } else {
        array.data.push_back(element_at<float>(at));
      }
    }
    return array;
  };
}

std::string difference(const graph::Array& found, const graph::Array& expected) {
  if (found.shape != expected.shape) {
    return fmt::format("shape [{}] instead of [{}]", fmt::join(found.shape, ", "),
                       fmt::join(expected.shape, ", "));
  }
  double largest = 0;
  double worst = 0;
  for (std::size_t i = 0; i < expected.data.size(); ++i) {
    const double error = std::abs(found.data[i] - expected.data[i]);
    if (!(error <= worst)) worst = error;
    largest = std::max(largest, std::abs(expected.data[i]));
  }
  if (worst <= 1e-5 * largest + 1e-6) return "";
  return fmt::format("differs by {} (largest value {})", worst, largest);
}

}  // namespace tensorferry::test
