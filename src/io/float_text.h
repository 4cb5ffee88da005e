#pragma once

#include <string>

namespace tensorferry::io {

/// The shortest decimal text that reads back as the same number: "0.1", "1e-05", "3.0". Finite
/// numbers only are JSON and TypeScript; infinities and NaN come as "inf", "-inf", "nan".
std::string shortest_text(double value);
std::string shortest_text(float value);

}  // namespace tensorferry::io
