#include "tfjs/reasons.h"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <string_view>
#include <utility>

#include "keras/layers/refused.h"
#include "keras/layers/table.h"

namespace tensorferry::tfjs {
namespace {

/// What its layers lack for a class.
std::string_view what_is_lacking(std::string_view class_name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> lacking = {{
      {"AutoContrast", "none divides by the range of an image"},
      {"ContrastLimitedAdaptiveHistogramEqualization", "none counts how often a value is there"},
      {"ConvLSTM3D", "none goes through a sequence of maps with three axes"},
      {"IntegerLookup", "none compares whole numbers of more than 24 bits"},
      {"LocallyConnected1D", "none has a kernel of its own at each place"},
      {"LocallyConnected2D", "none has a kernel of its own at each place"},
      {"MelSpectrogram", "none computes a logarithm"},
  }};
  for (const auto& [name, reason] : lacking) {
    if (name == class_name) return reason;
  }
  return {};
}

}  // namespace

std::string reason_without_kind(const std::string& class_name) {
  if (keras::find_layer_kind(class_name) != nullptr) {
    const std::string_view lacking = what_is_lacking(class_name);
    return fmt::format("TF.js has no such layer, nor layers that make the same numbers{}{}.",
                       lacking.empty() ? "" : ": ", lacking);
  }
  std::string reason(keras::refusal_of(class_name));
  reason.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(reason.front())));
  return reason + ".";
}

}  // namespace tensorferry::tfjs
