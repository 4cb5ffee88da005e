#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/source.h"
#include "keras/model.h"

namespace tensorferry::keras {

/// Reads the one model that these files hold: a `.keras` archive, a whole-model `.h5`, weights
/// alone
/// (`.h5`, `.weights.h5`, or its shards with their list), or weights and an architecture JSON
/// (`model.to_json()`, or a `.keras` archive's config.json and metadata.json) beside them. Told
/// apart by content, never by name. No tensor byte is read. Throws io::Error.
Model read_model(const std::vector<io::Source>& files);

}  // namespace tensorferry::keras
