#include "keras/archive.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "h5/file.h"
#include "io/error.h"
#include "keras/json_text.h"
#include "keras/read_h5.h"

namespace tensorferry::keras {
namespace {

constexpr const char* config_name = "config.json";
constexpr const char* metadata_name = "metadata.json";
constexpr const char* weights_name = "model.weights.h5";
constexpr std::uint64_t json_limit = std::uint64_t{256} << 20;  ///< bytes
constexpr std::uint64_t vocabulary_limit = std::uint64_t{64} << 20;

// "model/config.json" where a folder was zipped; other places are not the model's.
bool is_named(const io::ZipMember& member, std::string_view name) {
  if (member.name == name) return true;
  const std::string_view path = member.name;
  const std::size_t slash = path.find('/');
  if (slash == std::string_view::npos || path.substr(slash + 1) != name) return false;
  const std::string_view folder = path.substr(0, slash);
  return !folder.empty() && folder != "." && folder != "..";
}

bool any_named(const std::vector<io::ZipMember>& members, std::string_view name) {
  return std::any_of(members.begin(), members.end(),
                     [&](const io::ZipMember& member) { return is_named(member, name); });
}

[[noreturn]] void invalid_archive(io::ErrorCode code, const io::Source& file,
                                  const std::string& what) {
  throw io::Error(code, fmt::format("{} is a Keras archive (.keras), but {}.", file.name, what));
}

// Zip lets two members have one name, and readers differ in which they take.
const io::ZipMember* find_member(const io::Source& file, const std::vector<io::ZipMember>& members,
                                 const char* name) {
  const io::ZipMember* found = nullptr;
  for (const io::ZipMember& member : members) {
    if (!is_named(member, name)) continue;
    if (found != nullptr) {
      invalid_archive(io::ErrorCode::WrongFormat, file, fmt::format("it holds {} twice", name));
    }
    found = &member;
  }
  return found;
}

Json read_json(const io::Source& file, const io::ZipMember& member) {
  std::string what = fmt::format("{}: {}", file.name, is_utf8(member.name) ? member.name : "?");
  return parse_json(io::read_zip_text(file, member, json_limit), what);
}

ArchitectureFile read_config(const io::Source& file, const std::vector<io::ZipMember>& members) {
  const io::ZipMember* config = find_member(file, members, config_name);
  if (config == nullptr) {
    invalid_archive(io::ErrorCode::ConfigInvalid, file,
                    fmt::format("it holds no {}, so its layers are not known", config_name));
  }
  ArchitectureFile architecture{
      fmt::format("{}: {}", file.name, config_name), read_json(file, *config), {}};
  if (const io::ZipMember* metadata = find_member(file, members, metadata_name)) {
    architecture.keras_version = text_member(read_json(file, *metadata), "keras_version");
  }
  return architecture;
}

// The member as one chunk of bytes, which whoever reads it inflates.
tensor::TensorRef inflated_bytes(const io::ZipMember& member, std::uint64_t offset,
                                 std::uint32_t index) {
  tensor::Chunked storage;
  storage.file = index;
  storage.chunk_shape = {member.size};
  storage.filters = {tensor::Filter::RawDeflate};
  storage.chunks = {{{0}, offset, member.stored_size, 0}};
  tensor::TensorRef bytes;
  bytes.name = member.name;
  bytes.dtype = tensor::DType::UInt8;
  bytes.shape = {member.size};
  bytes.storage = std::move(storage);
  return bytes;
}

// Keras writes down a vocabulary that was learned, a token a line. (keras/src/layers/preprocessing/
// index_lookup.py: save_assets)
Json read_vocabulary(const io::Source& file, const io::ZipMember& member) {
  const std::string text = io::read_zip_text(file, member, vocabulary_limit);
  Json tokens = Json::array();
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    std::int64_t token = 0;
    const auto [rest, failure] = std::from_chars(at, end, token);
    const bool is_line = failure == std::errc() && (rest == end || *rest == '\n' || *rest == '\r');
    if (!is_line) {
      invalid_archive(io::ErrorCode::ConfigInvalid, file,
                      "a vocabulary in it is no list of whole numbers");
    }
    tokens.push_back(token);
    at = std::find_if(rest, end, [](char c) { return c != '\n' && c != '\r'; });
  }
  return tokens;
}

void add_vocabularies(std::vector<Layer>& layers, const io::Source& file,
                      const std::vector<io::ZipMember>& members) {
  for (Layer& layer : layers) {
    add_vocabularies(layer.model ? layer.model->layers : layer.wrapped, file, members);
    if (layer.class_name != "IntegerLookup" ||
        !layer.config.value("vocabulary", Json()).is_null()) {
      continue;
    }
    const std::string name = fmt::format("assets/{}/vocabulary.txt", layer.stored_at);
    const io::ZipMember* member = find_member(file, members, name.c_str());
    if (member != nullptr) layer.config["vocabulary"] = read_vocabulary(file, *member);
  }
}

}  // namespace

bool is_archive(const std::vector<io::ZipMember>& members) {
  return any_named(members, weights_name) ||
         (any_named(members, config_name) && any_named(members, metadata_name));
}

Model read_archive(const io::Source& file, std::uint32_t index, std::uint32_t count) {
  const std::vector<io::ZipMember> members = io::zip_members(file);
  const ArchitectureFile architecture = read_config(file, members);
  const io::ZipMember* member = find_member(file, members, weights_name);
  if (member == nullptr) {
    const char* npz = any_named(members, "model.weights.npz")
                          ? " (but model.weights.npz, which is not read)"
                          : "";
    invalid_archive(io::ErrorCode::WeightMissing, file,
                    fmt::format("it holds no {}{}", weights_name, npz));
  }
  const std::uint64_t offset = io::zip_data_offset(file, *member);
  WeightsFile weights{io::open_zip_member(file, *member), {index, offset}};
  weights.source.name = fmt::format("{}: {}", file.name, weights_name);
  if (member->deflated) weights.placement = {count, 0};
  if (!h5::looks_like_hdf5(weights.source)) {
    invalid_archive(io::ErrorCode::WrongFormat, file,
                    fmt::format("its {} is not an HDF5 file", weights_name));
  }
  Model model = read_h5(weights, architecture);
  model.container = "keras";
  add_vocabularies(model.layers, file, members);
  if (member->deflated) {
    model.made.push_back(tensor::identity_computation(inflated_bytes(*member, offset, index)));
  }
  return model;
}

}  // namespace tensorferry::keras
