#include "keras/json_file.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "io/error.h"
#include "keras/json_text.h"

namespace tensorferry::keras {
namespace {

constexpr std::uint64_t json_file_limit = std::uint64_t{256} << 20;  ///< bytes

Json read_content(const io::Source& file) {
  if (file.size > json_file_limit) {
    throw io::Error(io::ErrorCode::WrongFormat,
                    fmt::format("{} is {} MB of JSON; an architecture is smaller.", file.name,
                                file.size >> 20));
  }
  std::string text(file.size, '\0');
  file.read(0, std::as_writable_bytes(std::span(text.data(), text.size())));
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) text.erase(0, byte_order_mark.size());
  return parse_json(text, file.name);
}

JsonKind json_kind(const io::Source& file, const Json& content) {
  if (content.contains("modelTopology") || content.contains("weightsManifest")) {
    throw io::Error(io::ErrorCode::WrongFormat,
                    fmt::format("{} is a TF.js model, not a Keras model.", file.name));
  }
  if (content.contains("weight_map")) return JsonKind::ShardList;
  if (content.contains("class_name") && content.contains("config")) return JsonKind::Architecture;
  if (content.contains("keras_version") && content.contains("date_saved")) {
    return JsonKind::Metadata;
  }
  throw io::Error(io::ErrorCode::NotAModel,
                  fmt::format("{} is JSON, but not what `model.to_json()` writes: it has no "
                              "`class_name` and `config`.",
                              file.name));
}

}  // namespace

JsonFile read_json_file(const io::Source& file) {
  Json content = read_content(file);
  const JsonKind kind = json_kind(file, content);
  return {kind, file.name, std::move(content)};
}

std::set<std::string> shard_names(const JsonFile& list) {
  const auto invalid = [&] {
    throw io::Error(io::ErrorCode::ConfigInvalid,
                    fmt::format("{} lists shards, but its `weight_map` is not what Keras writes: "
                                "names of files, or lists of them.",
                                list.name));
  };
  std::set<std::string> names;
  const Json& map = list.content["weight_map"];
  if (!map.is_object() || map.empty()) invalid();
  for (const Json& value : map) {
    for (const Json& name : value.is_array() ? value : Json::array({value})) {
      if (!name.is_string()) invalid();
      names.insert(name.get<std::string>());
    }
  }
  return names;
}

}  // namespace tensorferry::keras
