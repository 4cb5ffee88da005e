#pragma once

#include <string>

#include "convert/manifest.h"

namespace tensorferry::convert {

/// The README.md of a download: what it is, the lines that load it, what goes in and out, the
/// notes. `language` is that of the snippet, "python" or "js".
std::string readme_text(const Manifest& manifest, const std::string& snippet,
                        const std::string& language);

}  // namespace tensorferry::convert
