#pragma once

#include <string>

namespace tensorferry::tfjs {

/// Why a class has no row in the table: no target can have it, or TF.js cannot.
std::string reason_without_kind(const std::string& class_name);

}  // namespace tensorferry::tfjs
