#include "keras/optimizers.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace tensorferry::keras {
namespace {

// keras/src/optimizers/__init__.py: ALL_OBJECTS; a LossScaleOptimizer only holds another one.
constexpr std::array<std::string_view, 14> optimizers = {
    "Adadelta", "Adafactor", "Adagrad", "Adam",  "AdamW",   "Adamax", "Ftrl",
    "Lamb",     "Lion",      "Muon",    "Nadam", "RMSprop", "SGD",    "ScheduleFreeAdamW"};

bool is_same_letter(char a, char b) {
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

}  // namespace

std::span<const std::string_view> optimizer_classes() { return optimizers; }

std::string_view find_optimizer(std::string_view name) {
  const auto* found =
      std::find_if(optimizers.begin(), optimizers.end(), [&](std::string_view known) {
        return std::equal(known.begin(), known.end(), name.begin(), name.end(), is_same_letter);
      });
  return found == optimizers.end() ? std::string_view() : *found;
}

}  // namespace tensorferry::keras
