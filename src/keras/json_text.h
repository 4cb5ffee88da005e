#pragma once

#include <string>
#include <string_view>

#include "keras/model.h"

namespace tensorferry::keras {

/// Parses JSON as Python's json module writes it: NaN, Infinity and -Infinity become the strings
/// "NaN", "Infinity", "-Infinity". `what` names the text in messages: "model.h5: `model_config`".
/// Throws io::Error{ConfigNotJson}, also for text nested so deeply that walking it would be unsafe.
Json parse_json(std::string_view text, std::string_view what);

/// True if the string can be written into JSON and shown to people.
bool is_utf8(const std::string& text);

/// The text of an object's member; empty if it has no such member or the member is no text. A view
/// into the object.
std::string_view text_member(const Json& object, const char* key);

}  // namespace tensorferry::keras
