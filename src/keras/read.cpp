#include "keras/read.h"
#include "keras/batch_statistics.h"

#include <fmt/format.h>

#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "io/error.h"
#include "io/path.h"
#include "keras/archive.h"
#include "keras/file_kind.h"
#include "keras/json_file.h"
#include "keras/json_text.h"
#include "keras/keras1_weights.h"
#include "keras/quantized_weights.h"
#include "keras/read_h5.h"
#include "keras/theano_kernels.h"

namespace tensorferry::keras {
namespace {

/// The dropped files, by what they are.
struct Given {
  std::vector<std::uint32_t> weights;   ///< HDF5: weights, or a whole model
  std::vector<std::uint32_t> archives;  ///< `.keras`
  std::optional<JsonFile> architecture;
  std::optional<JsonFile> metadata;
  std::optional<JsonFile> shards;
};

[[noreturn]] void refuse_several(const std::string& first, const std::string& second) {
  throw io::Error(
      io::ErrorCode::SeveralModels,
      fmt::format("Both {} and {} are models; convert them one by one.", first, second));
}

void take_json(Given& given, JsonFile file) {
  std::optional<JsonFile>* place = nullptr;
  switch (file.kind) {
    case JsonKind::Architecture:
      place = &given.architecture;
      break;
    case JsonKind::Metadata:
      place = &given.metadata;
      break;
    case JsonKind::ShardList:
      place = &given.shards;
      break;
  }
  if (*place) refuse_several((*place)->name, file.name);
  *place = std::move(file);
}

Given sorted_by_kind(const std::vector<io::Source>& files) {
  Given given;
  for (std::uint32_t i = 0; i < files.size(); ++i) {
    switch (file_kind(files[i])) {
      case FileKind::Hdf5:
        given.weights.push_back(i);
        break;
      case FileKind::Archive:
        given.archives.push_back(i);
        break;
      case FileKind::Json:
        take_json(given, read_json_file(files[i]));
        break;
    }
  }
  return given;
}

// What a shard holds says which one it is, but only the list says how many there are.
void check_shards(const Given& given, const std::vector<io::Source>& files) {
  const std::set<std::string> listed = shard_names(*given.shards);
  if (given.weights.size() > listed.size()) {
    refuse_several(files[given.weights[0]].name, files[given.weights[1]].name);
  }
  if (given.weights.size() == listed.size()) return;
  std::set<std::string> missing = listed;
  for (const std::uint32_t i : given.weights)
    missing.erase(std::string(io::base_name(files[i].name)));
  std::string words;
  for (const std::string& name : missing) {
    words += fmt::format("{}{}", words.empty() ? "" : ", ", is_utf8(name) ? name : "?");
  }
  throw io::Error(
      io::ErrorCode::WeightMissing,
      fmt::format("{} lists {} shards of a model's weights, and {} of them were given. Give {} as "
                  "well.",
                  given.shards->name, listed.size(), given.weights.size(), words));
}

std::optional<ArchitectureFile> architecture_of(const Given& given) {
  if (!given.architecture) return std::nullopt;
  ArchitectureFile architecture{given.architecture->name, given.architecture->content, {}};
  if (given.metadata) {
    architecture.keras_version = text_member(given.metadata->content, "keras_version");
  }
  return architecture;
}

WeightsFile whole_file(const std::vector<io::Source>& files, std::uint32_t index) {
  return {files[index], {index, 0}};
}

Model read_alone(const Given& given, const std::vector<io::Source>& files) {
  Model model = read_archive(files[given.archives.front()], given.archives.front(),
                             static_cast<std::uint32_t>(files.size()));
  if (given.architecture) {
    model.notes.push_back(
        {io::Severity::Info, "", "architecture-unused",
         fmt::format("{} was not needed: {} holds an architecture of its own.",
                     given.architecture->name, files[given.archives.front()].name)});
  }
  return model;
}

Model read_files(const std::vector<io::Source>& files) {
  if (files.empty()) throw io::Error(io::ErrorCode::NoModel, "No file was given.");
  const Given given = sorted_by_kind(files);
  std::vector<std::uint32_t> models = given.archives;
  models.insert(models.end(), given.weights.begin(), given.weights.end());
  if (models.empty()) {
    const std::optional<JsonFile>& text = given.architecture ? given.architecture
                                          : given.shards     ? given.shards
                                                             : given.metadata;
    throw io::Error(io::ErrorCode::NoModel,
                    fmt::format("{} comes without weights; give the `.h5` file with the weights as "
                                "well.",
                                text->name));
  }
  if (given.shards && given.archives.empty()) {
    check_shards(given, files);
    std::vector<WeightsFile> shards;
    for (const std::uint32_t i : given.weights) shards.push_back(whole_file(files, i));
    return read_shards(shards, architecture_of(given));
  }
  if (models.size() > 1) refuse_several(files[models[0]].name, files[models[1]].name);
  if (!given.archives.empty()) return read_alone(given, files);
  return read_h5(whole_file(files, given.weights.front()), architecture_of(given));
}

}  // namespace

Model read_model(const std::vector<io::Source>& files) {
  Model model = read_files(files);
  const auto source_count = static_cast<std::uint32_t>(files.size());
  if (model.generation == Generation::Keras1) make_keras2_weights(model, source_count);
  make_plain_weights(model, source_count);
  turn_theano_kernels(model, source_count);
  flatten_batch_statistics(model, source_count);
  return model;
}

}  // namespace tensorferry::keras
