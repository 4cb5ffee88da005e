#include "keras_layers/fixture.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "io/zip.h"
#include "pack.h"
#include "tensor/produce.h"

namespace tensorferry::test {

namespace {

namespace fs = std::filesystem;

std::vector<std::byte> read_file(const fs::path& path) {
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

FixtureStore pack_fixtures() {
  const fs::path folder = "tests/fixtures/pack";
  std::map<std::string, io::Source> members;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".zip") continue;
    const io::Source archive = io::memory_source(entry.path().string(), read_file(entry.path()));
    for (const io::ZipMember& member : io::zip_members(archive)) {
      const auto slash = member.name.find('/');
      if (slash == std::string::npos) continue;
      const std::string name = member.name.substr(0, slash + 1) + entry.path().stem().string() +
                               member.name.substr(slash);
      members[name] = io::open_zip_member(archive, member);
    }
  }
  FixtureStore store;
  for (const auto& [name, source] : members) store.files.push_back(name);
  store.read = [members](const std::string& file) { return read_bytes(members.at(file)); };
  return store;
}

FixtureStore made_fixtures() {
  const char* given = std::getenv("TENSORFERRY_FIXTURES");
  const fs::path folder = given != nullptr ? given : "build/fixtures";
  FixtureStore store;
  store.read = [folder](const std::string& file) { return read_file(folder / file); };
  if (!fs::exists(folder)) return store;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) {
      store.files.push_back(fs::relative(entry.path(), folder).generic_string());
    }
  }
  std::sort(store.files.begin(), store.files.end());
  return store;
}

std::vector<std::string> fixture_names(const FixtureStore& store) {
  constexpr std::string_view extension = ".json";
  std::vector<std::string> names;
  for (const std::string& file : store.files) {
    if (!file.ends_with(extension) || std::count(file.begin(), file.end(), '/') != 2) continue;
    const std::string name = file.substr(0, file.size() - extension.size());
    // A model's own JSON has one more word: NAME.architecture.json, NAME.config.json.
    if (name.find('.') == std::string::npos) names.push_back(name);
  }
  return names;
}

Fixture load_fixture(const FixtureStore& store, const std::string& name) {
  const std::vector<std::byte> text = store.read(name + ".json");
  const nlohmann::json description =
      nlohmann::json::parse(reinterpret_cast<const char*>(text.data()),
                            reinterpret_cast<const char*>(text.data()) + text.size());
  Fixture fixture;
  fixture.name = name;
  fixture.kind = description.value("kind", "single");
  fixture.exit = description.value("exit", 0);
  fixture.notes = description.value("notes", std::vector<std::string>{});
  fixture.words = description.value("words", std::vector<std::string>{});
  for (const auto& file : description.at("files")) {
    const std::string path = name.substr(0, name.rfind('/') + 1) + file.get<std::string>();
    fixture.files.push_back(io::memory_source(file.get<std::string>(), store.read(path)));
  }
  const auto runs = description.value("runs", nlohmann::json::array());
  if (runs.empty()) return fixture;
  const std::vector<std::byte> bytes = store.read(name + ".bin");
  for (const auto& run : runs) {
    FixtureRun& loaded = fixture.runs.emplace_back();
    for (const auto& where : run.at("inputs")) loaded.inputs.push_back(array_at(bytes, where));
    for (const auto& where : run.at("outputs")) loaded.outputs.push_back(array_at(bytes, where));
  }
  return fixture;
}

std::vector<io::Source> with_made(std::vector<io::Source> files,
                                  const std::vector<tensor::Computation>& made) {
  tensor::Bundle bundle;
  tensor::add_temporaries(bundle, made);
  for (const tensor::OutputFile& temporary : bundle.temporaries) {
    std::vector<std::byte> bytes(temporary.size());
    std::size_t begin = 0;
    for (const tensor::Part& part : temporary.parts) {
      const std::uint64_t size = tensor::part_size(part);
      tensor::produce(bundle, part, 0, files, {}, {}, std::span(bytes).subspan(begin, size));
      begin += size;
    }
    files.push_back(io::memory_source("made", std::move(bytes)));
  }
  return files;
}

graph::LoadTensor tensor_loader(const std::vector<io::Source>& sources) {
  return [sources](const tensor::TensorRef& ref) {
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
    tensor::produce(bundle, tensor::ComputedPart{0, 0, bytes.size()}, 0, sources, {}, {}, bytes);
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
