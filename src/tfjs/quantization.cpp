#include "tfjs/quantization.h"

#include <fmt/format.h>

#include <optional>

#include "io/error.h"

namespace tensorferry::tfjs {
namespace {

/// One `[…]` of a glob. `length` 0: it is not closed, so the bracket means itself.
struct CharacterSet {
  std::size_t length = 0;
  bool matches = false;
};

CharacterSet match_set(std::string_view glob, char c) {
  std::size_t at = 1;
  const bool negated = at < glob.size() && glob[at] == '!';
  at += negated ? 1 : 0;
  const std::size_t first = at;
  bool found = false;
  for (; at < glob.size() && (glob[at] != ']' || at == first); ++at) {
    if (at + 2 < glob.size() && glob[at + 1] == '-' && glob[at + 2] != ']') {
      found = found || (glob[at] <= c && c <= glob[at + 2]);
      at += 2;
    } else {
      found = found || glob[at] == c;
    }
  }
  return at < glob.size() ? CharacterSet{at + 1, found != negated} : CharacterSet{};
}

/// The length of the glob's first element if that matches the character.
std::optional<std::size_t> match_one(std::string_view glob, char c) {
  if (glob.front() == '?') {
    return 1;
  }
  if (glob.front() == '[') {
    const CharacterSet set = match_set(glob, c);
    if (set.length != 0) {
      return set.matches ? std::optional<std::size_t>(set.length) : std::nullopt;
    }
  }
  return glob.front() == c ? std::optional<std::size_t>(1) : std::nullopt;
}

std::vector<std::string> patterns_of(const std::string& glob) {
  std::vector<std::string> patterns;
  std::size_t begin = 0;
  for (std::size_t comma = glob.find(','); comma != std::string::npos;
       comma = glob.find(',', begin)) {
    patterns.push_back(glob.substr(begin, comma - begin));
    begin = comma + 1;
  }
  patterns.push_back(glob.substr(begin));
  return patterns;
}

[[noreturn]] void conflict(tensor::DType a, tensor::DType b, const std::string& what) {
  throw io::Error(io::ErrorCode::OptionInvalid,
                  fmt::format("Two quantizations, {} and {}, match {}.", tensor::dtype_name(a),
                              tensor::dtype_name(b), what));
}

}  // namespace

bool glob_matches(std::string_view glob, std::string_view name) {
  // Back to the last star with one character more, until it fits.
  std::size_t g = 0;
  std::size_t n = 0;
  std::size_t after_star = std::string_view::npos;
  std::size_t retry = 0;
  while (n < name.size()) {
    if (g < glob.size() && glob[g] == '*') {
      after_star = ++g;
      retry = n;
      continue;
    }
    const auto length =
        g < glob.size() ? match_one(glob.substr(g), name[n]) : std::optional<std::size_t>();
    if (length) {
      g += *length;
      ++n;
    } else if (after_star != std::string_view::npos) {
      g = after_star;
      n = ++retry;
    } else {
      return false;
    }
  }
  return glob.find_first_not_of('*', g) == std::string_view::npos;
}

std::map<std::string, tensor::DType> quantized_names(const std::vector<Quantization>& options,
                                                     const std::vector<std::string>& names) {
  std::map<std::string, tensor::DType> result;
  std::optional<tensor::DType> rest;
  for (const Quantization& option : options) {
    if (option.glob == "*") {
      if (rest && *rest != option.dtype) {
        conflict(*rest, option.dtype, "all weights");
      }
      rest = option.dtype;
      continue;
    }
    for (const std::string& pattern : patterns_of(option.glob)) {
      for (const std::string& name : names) {
        if (glob_matches(pattern, name)) {
          const auto [at, is_new] = result.emplace(name, option.dtype);
          if (!is_new && at->second != option.dtype) {
            conflict(at->second, option.dtype, fmt::format("the weight \"{}\"", name));
          }
        }
      }
    }
  }
  for (const std::string& name : names) {
    if (rest) {
      result.emplace(name, *rest);
    }
  }
  return result;
}

}  // namespace tensorferry::tfjs
