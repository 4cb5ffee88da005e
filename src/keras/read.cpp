#include "keras/read.h"

#include <fmt/format.h>

#include <optional>

#include "io/error.h"
#include "keras/file_kind.h"
#include "keras/json_text.h"
#include "keras/read_h5.h"

namespace tensorferry::keras {
namespace {

constexpr std::uint64_t architecture_limit = std::uint64_t{256} << 20;  ///< bytes of a JSON file

ArchitectureFile read_architecture_file(const io::Source& file) {
  if (file.size > architecture_limit) {
    throw io::Error(io::ErrorCode::WrongFormat,
                    fmt::format("{} is {} MB of JSON; an architecture is smaller.", file.name,
                                file.size >> 20));
  }
  std::string text(file.size, '\0');
  file.read(0, std::as_writable_bytes(std::span(text.data(), text.size())));
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) text.erase(0, byte_order_mark.size());
  Json content = parse_json(text, file.name);
  if (content.contains("modelTopology") || content.contains("weightsManifest")) {
    throw io::Error(io::ErrorCode::WrongFormat,
                    fmt::format("{} is a TF.js model, not a Keras model.", file.name));
  }
  if (content.contains("weight_map")) {
    throw io::Error(io::ErrorCode::WrongFormat,
                    fmt::format("{} lists the shards of a Keras 3 model, which are not read yet. "
                                "Until then save the model with `model.save(\"model.h5\")`.",
                                file.name));
  }
  if (!content.contains("class_name") || !content.contains("config")) {
    throw io::Error(io::ErrorCode::NotAModel,
                    fmt::format("{} is JSON, but not what `model.to_json()` writes: it has no "
                                "`class_name` and `config`.",
                                file.name));
  }
  return {file.name, std::move(content)};
}

void require_one(bool taken, const io::Source& first, const io::Source& second) {
  if (!taken) return;
  throw io::Error(
      io::ErrorCode::SeveralModels,
      fmt::format("Both {} and {} are models; convert them one by one.", first.name, second.name));
}

}  // namespace

Model read_model(const std::vector<io::Source>& files) {
  std::optional<std::uint32_t> weights;
  std::optional<std::uint32_t> described;
  for (std::uint32_t i = 0; i < files.size(); ++i) {
    std::optional<std::uint32_t>& place =
        file_kind(files[i]) == FileKind::Hdf5 ? weights : described;
    require_one(place.has_value(), files[place.value_or(0)], files[i]);
    place = i;
  }
  if (files.empty()) throw io::Error(io::ErrorCode::NoModel, "No file was given.");
  std::optional<ArchitectureFile> architecture;
  if (described) architecture = read_architecture_file(files[*described]);
  if (!weights) {
    throw io::Error(io::ErrorCode::NoModel,
                    fmt::format("{} is an architecture without weights; give the `.h5` file with "
                                "the weights as well.",
                                architecture->name));
  }
  return read_h5(files[*weights], {*weights, 0}, architecture);
}

}  // namespace tensorferry::keras
