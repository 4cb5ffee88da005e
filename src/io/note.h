#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tensorferry::io {

enum class Severity { Info, Warning, Refused };

/// What happened to a layer that its user should know (wall 7). The report, the page and
/// `manifest.json` show the same list. `layer` is the Keras name, empty for the whole model; `code`
/// is kebab-case and stable, `text` a sentence.
struct Note {
  Severity severity = Severity::Info;
  std::string layer;
  std::string code;
  std::string text;
};

using Notes = std::vector<Note>;

std::string_view severity_name(Severity severity);  ///< "info", "warning", "refused"

}  // namespace tensorferry::io
