#pragma once

#include "io/host.h"

namespace tensorferry::cli {

/// POSIX files, this terminal, one thread a core.
io::Host native_host();

}  // namespace tensorferry::cli
