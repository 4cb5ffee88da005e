#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "convert.h"
#include "io/host.h"

namespace tensorferry::cli {

/// Told of bytes done, of all that the plan reads and writes; from one thread at a time.
using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

/// What the threads of a conversion hold together stays below this, in bytes.
inline constexpr std::uint64_t memory_budget = 48u << 20;

/// Of one thread.
tensor::MemoryLimits limits_of(const io::Host& host);

/// Carries out a plan that was staged for `limits_of(host)`: each file under `folder`, first by a
/// name that ends in `.part`, all renamed when all are whole. On a failure nothing stays behind.
/// `paths` and `sources` are the dropped files.
Result<void> write_bundle(const tensor::Bundle& bundle, const std::string& folder,
                          const std::vector<std::string>& paths,
                          const std::vector<io::Source>& sources, const io::Host& host,
                          const Progress& progress);

}  // namespace tensorferry::cli
