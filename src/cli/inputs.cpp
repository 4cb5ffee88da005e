#include "cli/inputs.h"

#include <utility>

#include "io/error.h"

namespace tensorferry::cli {
namespace {

using Opened = tl::expected<Input, InputFailure>;

Opened failed(io::ErrorCode code, std::string sentence, int exit_code = 2) {
  return tl::unexpected(InputFailure{{code, std::move(sentence), {}}, exit_code});
}

Opened open_files(const std::vector<std::string>& paths, const io::Host& host) {
  std::vector<io::Source> sources;
  for (const std::string& path : paths) {
    sources.push_back(host.open(path));
  }
  const Result<Document> document = tensorferry::open(sources);
  if (!document) {
    const bool several = document.error().code == io::ErrorCode::SeveralModels;
    return tl::unexpected(InputFailure{document.error(), several ? 64 : 2});
  }
  return Input{*document, paths, std::move(sources)};
}

struct Folder {
  std::vector<std::string> models;   ///< HDF5 files and archives
  std::vector<std::string> texts;    ///< architectures
  std::vector<std::string> details;  ///< metadata.json, the list of shards
  bool sharded = false;
};

Folder look_into(const std::string& folder, const io::Host& host) {
  Folder found;
  for (const std::string& name : host.list(folder)) {
    const std::string path = folder + (folder.ends_with('/') ? "" : "/") + name;
    if (host.kind_of(path) != io::PathKind::File) {
      continue;
    }
    switch (file_role(host.open(path))) {
      case FileRole::Hdf5:
      case FileRole::Archive:
        found.models.push_back(path);
        break;
      case FileRole::Architecture:
        found.texts.push_back(path);
        break;
      case FileRole::ShardList:
        found.sharded = true;
        found.details.push_back(path);
        break;
      case FileRole::Metadata:
        found.details.push_back(path);
        break;
      case FileRole::Other:
        break;
    }
  }
  return found;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

Opened open_folder(const std::string& folder, const io::Host& host) {
  const Folder found = look_into(folder, host);
  if (found.models.empty()) {
    return failed(io::ErrorCode::NoModel, "The folder " + folder +
                                              " holds no Keras model: none of its files is HDF5 "
                                              "or a Keras archive.");
  }
  if (found.models.size() > 1 && !found.sharded) {
    return failed(io::ErrorCode::SeveralModels,
                  "The folder " + folder + " holds several models: " + joined(found.models) +
                      ". Name one of them.",
                  64);
  }
  std::vector<std::string> paths = found.models;
  paths.insert(paths.end(), found.details.begin(), found.details.end());
  Opened alone = open_files(found.sharded ? paths : found.models, host);
  if (!alone || has_architecture(alone->document) || found.texts.empty()) {
    return alone;
  }
  if (found.texts.size() > 1) {
    return failed(io::ErrorCode::SeveralModels,
                  "The folder " + folder + " holds weights, " + found.models.front() +
                      ", and several architectures: " + joined(found.texts) +
                      ". Name the weights and their architecture.",
                  64);
  }
  paths.push_back(found.texts.front());
  return open_files(paths, host);
}

}  // namespace

Opened open_input(const std::vector<std::string>& paths, const io::Host& host) {
  try {
    for (const std::string& path : paths) {
      const std::optional<io::PathKind> kind = host.kind_of(path);
      if (!kind) {
        return failed(io::ErrorCode::ReadFailed, "There is no file " + path + ".");
      }
      if (kind == io::PathKind::Folder && paths.size() > 1) {
        return failed(io::ErrorCode::SeveralModels,
                      "Name one folder, or files; " + path + " is a folder among others.", 64);
      }
    }
    return host.kind_of(paths.front()) == io::PathKind::Folder ? open_folder(paths.front(), host)
                                                               : open_files(paths, host);
  } catch (const io::Error& error) {
    return failed(error.code(), error.what());
  }
}

}  // namespace tensorferry::cli
