#pragma once

#include <nlohmann/json_fwd.hpp>

#include "io/note.h"

namespace tensorferry::io {

/// The notes as the list of {severity, layer, code, text} that the manifest, the command's report
/// and the module's answers share.
nlohmann::ordered_json notes_json(const Notes& notes);

}  // namespace tensorferry::io
