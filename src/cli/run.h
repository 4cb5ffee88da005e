#pragma once

#include <string>
#include <vector>

#include "io/host.h"

namespace tensorferry::cli {

/// The command `tensorferry`, with the arguments after its name. Returns the exit code: 0
/// converted, 1 converted with something left out, 2 can't be converted, 64 usage.
int run(const std::vector<std::string>& arguments, const io::Host& host);

}  // namespace tensorferry::cli
