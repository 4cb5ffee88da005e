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

std::vector<std::string> files_in(const std::string& folder, const io::Host& host) {
  std::vector<std::string> paths;
  for (const std::string& name : host.list(folder)) {
    const std::string path = folder + (folder.ends_with('/') ? "" : "/") + name;
    if (host.kind_of(path) == io::PathKind::File) paths.push_back(path);
  }
  return paths;
}

Opened open_folder(const std::string& folder, const io::Host& host) {
  const std::vector<std::string> paths = files_in(folder, host);
  std::vector<io::Source> sources;
  for (const std::string& path : paths) {
    sources.push_back(host.open(path));
  }
  const auto models = find_models(sources);
  if (!models) {
    return tl::unexpected(InputFailure{models.error(), 2});
  }
  if (models->empty()) {
    return failed(io::ErrorCode::NoModel, "The folder " + folder +
                                              " holds no Keras model: none of its files is HDF5 "
                                              "or a Keras archive.");
  }
  std::vector<std::string> chosen;
  for (const std::uint32_t file : models->front()) {
    chosen.push_back(paths[file]);
  }
  if (models->size() == 1) {
    return open_files(chosen, host);
  }
  std::string names;
  for (const std::vector<std::uint32_t>& model : *models) {
    names += (names.empty() ? "" : ", ") + paths[model.front()];
  }
  return failed(io::ErrorCode::SeveralModels,
                "The folder " + folder + " holds several models: " + names + ". Name one of them.",
                64);
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
