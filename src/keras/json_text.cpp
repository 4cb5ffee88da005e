#include "keras/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "io/error.h"

namespace tensorferry::keras {
namespace {

// A model nested n times takes about 4n levels.
constexpr int json_depth_limit = 512;

constexpr std::array<std::string_view, 3> python_words = {"-Infinity", "Infinity", "NaN"};

[[noreturn]] void refuse(std::string_view what, std::string_view why) {
  throw io::Error(io::ErrorCode::ConfigNotJson, fmt::format("{} is not JSON: {}.", what, why));
}

// Python's words for what JSON has no numbers for, quoted; and the depth checked.
std::string as_json(std::string_view text, std::string_view what) {
  std::string result;
  result.reserve(text.size() + 16);
  bool in_string = false;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\' && i + 1 < text.size()) {
        result += c;
        result += text[++i];
        continue;
      }
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > json_depth_limit)
        refuse(what, fmt::format("it has more than {} levels", json_depth_limit));
    } else if (c == ']' || c == '}') {
      --depth;
    } else if (c == '-' || c == 'I' || c == 'N') {
      const auto* word = std::find_if(python_words.begin(), python_words.end(),
                                      [&](auto w) { return text.substr(i).starts_with(w); });
      if (word != python_words.end()) {
        result += fmt::format("\"{}\"", *word);
        i += word->size() - 1;
        continue;
      }
    }
    result += c;
  }
  return result;
}

}  // namespace

Json parse_json(std::string_view text, std::string_view what) {
  try {
    return Json::parse(as_json(text, what));
  } catch (const Json::exception& error) {
    const std::string words = error.what();  // with the bytes that were last read
    if (!is_utf8(words)) refuse(what, "it holds bytes that are no UTF-8 text");
    // "[json.exception.parse_error.101] parse error at line 1, …"
    refuse(what, std::string_view(words).substr(std::min(words.find("] ") + 2, words.size())));
  }
}

bool is_utf8(const std::string& text) {
  try {
    Json(text).dump();
    return true;
  } catch (const Json::exception&) {
    return false;
  }
}

std::string_view text_member(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return {};
  return found->get_ref<const std::string&>();
}

}  // namespace tensorferry::keras
