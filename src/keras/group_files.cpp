#include "keras/group_files.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "h5/file.h"
#include "io/error.h"
#include "io/path.h"
#include "keras/file_kind.h"
#include "keras/json_file.h"

namespace tensorferry::keras {
namespace {

using Indices = std::vector<std::uint32_t>;

std::string_view folder_of(std::string_view path) {
  const std::size_t slash = path.find_last_of("/\\");
  return slash == std::string_view::npos ? "" : path.substr(0, slash);
}

struct ShardList {
  std::uint32_t file = 0;
  std::set<std::string> names;  ///< none: the list is damaged
};

/// What the files of one folder are.
struct Folder {
  Indices models;
  Indices weights;
  Indices architectures;
  Indices metadata;
  std::vector<ShardList> shard_lists;
};

/// By the folder's path.
using Folders = std::map<std::string, Folder, std::less<>>;

bool is_whole_model(const io::Source& file) {
  try {
    return h5::open_file(file, {}).has_attribute("model_config");
  } catch (const io::Error&) {
    return true;  // damaged
  }
}

ShardList shard_list(const JsonFile& json, std::uint32_t index) {
  try {
    return {index, shard_names(json)};
  } catch (const io::Error&) {
    return {index, {}};
  }
}

void add_json(Folder& folder, const io::Source& file, std::uint32_t index) {
  const JsonFile json = read_json_file(file);
  switch (json.kind) {
    case JsonKind::Architecture:
      folder.architectures.push_back(index);
      break;
    case JsonKind::Metadata:
      folder.metadata.push_back(index);
      break;
    case JsonKind::ShardList:
      folder.shard_lists.push_back(shard_list(json, index));
      break;
  }
}

void add_file(Folder& folder, const io::Source& file, std::uint32_t index) {
  switch (file_kind(file)) {
    case FileKind::Archive:
      folder.models.push_back(index);
      break;
    case FileKind::Hdf5:
      (is_whole_model(file) ? folder.models : folder.weights).push_back(index);
      break;
    case FileKind::Json:
      add_json(folder, file, index);
      break;
  }
}

Folders by_folder(const std::vector<io::Source>& files) {
  Folders folders;
  for (std::uint32_t i = 0; i < files.size(); ++i) {
    try {
      add_file(folders[std::string(folder_of(files[i].name))], files[i], i);
    } catch (const io::Error&) {
      continue;  // nothing of a model
    }
  }
  return folders;
}

/// The nearest folder, from this one upwards, that has an architecture.
const Folder* described(const Folders& folders, std::string_view path) {
  while (true) {
    const auto found = folders.find(path);
    if (found != folders.end() && !found->second.architectures.empty()) return &found->second;
    if (path.empty()) return nullptr;
    path = folder_of(path);
  }
}

std::size_t common_length(std::string_view a, std::string_view b) {
  const std::size_t most = std::min(a.size(), b.size());
  return static_cast<std::size_t>(std::mismatch(a.begin(), a.begin() + most, b.begin()).first -
                                  a.begin());
}

/// Those whose names begin like the weights' for longest; several where names do not tell.
Indices best_named(const std::vector<io::Source>& files, const Indices& architectures,
                   std::uint32_t weights) {
  Indices best;
  std::size_t longest = 0;
  for (const std::uint32_t i : architectures) {
    const std::size_t length =
        common_length(io::base_name(files[i].name), io::base_name(files[weights].name));
    if (length > longest) best.clear();
    if (length >= longest) best.push_back(i);
    longest = std::max(longest, length);
  }
  return best;
}

/// With the architecture that the weights need.
Indices with_architecture(const std::vector<io::Source>& files, const Folders& folders,
                          Indices group) {
  const std::uint32_t weights = group.front();
  const Folder* folder = described(folders, folder_of(files[weights].name));
  if (!folder) return group;
  const Indices architectures = best_named(files, folder->architectures, weights);
  group.insert(group.end(), architectures.begin(), architectures.end());
  group.insert(group.end(), folder->metadata.begin(), folder->metadata.end());
  return group;
}

/// Takes the shards of a list out of the weights: those that it names, or all where some of these
/// are not there (renamed, perhaps, by a download).
Indices take_shards(const std::vector<io::Source>& files, Indices& weights, const ShardList& list) {
  const auto is_other = [&](std::uint32_t i) {
    return !list.names.contains(std::string(io::base_name(files[i].name)));
  };
  auto listed = std::stable_partition(weights.begin(), weights.end(), is_other);
  const auto count = static_cast<std::size_t>(weights.end() - listed);
  if (count == 0 || count < list.names.size()) listed = weights.begin();
  Indices group(listed, weights.end());
  weights.erase(listed, weights.end());
  std::sort(group.begin(), group.end());
  if (!group.empty()) group.push_back(list.file);
  return group;
}

}  // namespace

std::vector<Indices> group_files(const std::vector<io::Source>& files) {
  const Folders folders = by_folder(files);
  std::vector<Indices> groups;
  for (const auto& [path, folder] : folders) {
    for (const std::uint32_t model : folder.models) groups.push_back({model});
    Indices weights = folder.weights;
    for (const ShardList& list : folder.shard_lists) {
      Indices shards = take_shards(files, weights, list);
      if (!shards.empty()) groups.push_back(with_architecture(files, folders, std::move(shards)));
    }
    for (const std::uint32_t file : weights) {
      groups.push_back(with_architecture(files, folders, {file}));
    }
  }
  std::sort(groups.begin(), groups.end());
  return groups;
}

}  // namespace tensorferry::keras
