#pragma once

#include <functional>

#include "io/host.h"

namespace tensorferry::cli {

/// Runs `work` in a child process and returns its exit code. Where a signal ends it (a fault inside
/// HDF5 on a hostile file), the answer is a sentence and exit code 2.
int run_in_child(const std::function<int()>& work, const io::Host& host);

}  // namespace tensorferry::cli
