#pragma once

#include <set>
#include <string>

#include "io/source.h"
#include "keras/model.h"

namespace tensorferry::keras {

/// What a JSON file is, as far as a model can be made of it.
enum class JsonKind {
  Architecture,  ///< `model.to_json()`, or config.json of an archive
  Metadata,      ///< metadata.json of an archive
  ShardList,     ///< `x.weights.json` (keras/src/saving/saving_lib.py: ShardedH5IOStore)
};

struct JsonFile {
  JsonKind kind = JsonKind::Architecture;
  std::string name;
  Json content;
};

/// Throws io::Error{ConfigNotJson | NotAModel | WrongFormat} for all else.
JsonFile read_json_file(const io::Source& file);

/// The names of the files that a list of shards names. Throws io::Error{ConfigInvalid}.
std::set<std::string> shard_names(const JsonFile& list);

}  // namespace tensorferry::keras
