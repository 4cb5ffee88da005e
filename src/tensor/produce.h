#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "io/source.h"
#include "tensor/bundle.h"

namespace tensorferry::tensor {

using ReduceResults = std::map<ReduceId, ReduceResult>;

/// Limits of wall 3, in bytes.
struct MemoryLimits {
  std::uint64_t tile = 8u << 20;          ///< of output held at once by one producer
  std::uint64_t cached_chunks = 16u << 20;
};

/// Makes bytes [begin, begin + out.size()) of the part, whatever its kind. `sources` are the dropped
/// files in their order. Memory stays within `limits`, whatever the size of the tensor.
void produce(const Bundle& bundle, const Part& part, std::uint64_t begin,
             const std::vector<io::Source>& sources, const ReduceResults& results,
             const MemoryLimits& limits, std::span<std::byte> out);

/// Runs one reduction whose needs are in `results`. `progress` is told of bytes read.
ReduceResult reduce(const Bundle& bundle, ReduceId id, const std::vector<io::Source>& sources,
                    const ReduceResults& results, const MemoryLimits& limits,
                    const std::function<void(std::uint64_t)>& progress);

/// One piece of work that can be sent to another worker: a part (with its computation and results it
/// needs) as bytes, without pointers; `decode_job` gives a bundle of just that.
std::string encode_job(const Bundle& bundle, const Part& part, const ReduceResults& results);
struct Job {
  Bundle bundle;
  Part part;
  ReduceResults results;
};
Job decode_job(std::string_view bytes);

}  // namespace tensorferry::tensor
