#include "io/float_text.h"

#include <fmt/format.h>

namespace tensorferry::io {

namespace {

// {fmt} writes 3.0 as "3"; a reader should see that it is not an integer.
std::string with_point(std::string text) {
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

}  // namespace

std::string shortest_text(double value) { return with_point(fmt::format("{}", value)); }
std::string shortest_text(float value) { return with_point(fmt::format("{}", value)); }

}  // namespace tensorferry::io
