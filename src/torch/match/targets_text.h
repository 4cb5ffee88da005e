#pragma once

#include <string_view>

namespace tensorferry::torch {

/// The text of targets.txt, which targets.py made.
std::string_view targets_text();

}  // namespace tensorferry::torch
