#include "io/note_json.h"

#include <nlohmann/json.hpp>

namespace tensorferry::io {

nlohmann::ordered_json notes_json(const Notes& notes) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const Note& note : notes) {
    rows.push_back({{"severity", severity_name(note.severity)},
                    {"layer", note.layer},
                    {"code", note.code},
                    {"text", note.text}});
  }
  return rows;
}

}  // namespace tensorferry::io
