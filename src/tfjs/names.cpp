#include "tfjs/names.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace tensorferry::tfjs {
namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_legal(char c) {
  return is_letter_or_digit(c) || c == '-' || c == '.' || c == '_' || c == '/';
}

bool is_object_member(std::string_view name) {
  static constexpr std::array<std::string_view, 7> members = {
      "constructor",    "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable",
      "toLocaleString", "toString",       "valueOf"};
  return std::find(members.begin(), members.end(), name) != members.end();
}

}  // namespace

std::string legal_name(const std::string& name) {
  std::string result = name;
  std::replace_if(result.begin(), result.end(), [](char c) { return !is_legal(c); }, '_');
  if (result.empty() || !is_letter_or_digit(result.front())) {
    result = "layer" + result;
  }
  return is_object_member(result) ? result + "_" : result;
}

std::string Names::unique(const std::string& wanted) {
  const std::string base = legal_name(wanted);
  std::string name = base;
  for (int number = 1; used_.count(name) != 0 || reserved_.count(name) != 0; ++number) {
    name = base + "_" + std::to_string(number);
  }
  used_.insert(name);
  return name;
}

bool Names::reserve(const std::string& name) {
  return legal_name(name) == name && used_.count(name) == 0 && reserved_.insert(name).second;
}

std::string Names::claim(const std::string& reserved) {
  reserved_.erase(reserved);
  return unique(reserved);
}

}  // namespace tensorferry::tfjs
