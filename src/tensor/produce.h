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
  std::uint64_t tile = 8u << 20;         ///< of output held at once by one producer (its caller's)
  std::uint64_t read_buffer = 2u << 20;  ///< of input held at once
  std::uint64_t cached_chunks = 16u << 20;  ///< decoded
  /// Bytes that are cheaper to read through than to begin another read: a system call's worth is 4
  /// KB, a FileReaderSync call's 64 KB.
  std::uint64_t read_gap = 4096;
};

/// The range lengths (in bytes of the part, about `limits.tile`) in which a part is best asked for:
/// ranges that begin at multiples of it do not cut a row, nor a chunk of the input. 0 for an empty
/// part.
std::uint64_t preferred_piece(const Bundle& bundle, const Part& part, const MemoryLimits& limits);

/// Makes bytes [begin, begin + out.size()) of the part, whatever its kind. `sources` are the
/// dropped files in their order, then the temporaries that are ready. Memory stays within `limits`,
/// whatever the size of the tensor.
void produce(const Bundle& bundle, const Part& part, std::uint64_t begin,
             const std::vector<io::Source>& sources, const ReduceResults& results,
             const MemoryLimits& limits, std::span<std::byte> out);

/// Runs one reduction whose needs are in `results`. `progress` is told of bytes read.
ReduceResult reduce(const Bundle& bundle, ReduceId id, const std::vector<io::Source>& sources,
                    const ReduceResults& results, const MemoryLimits& limits,
                    const std::function<void(std::uint64_t)>& progress);

/// One piece of work that can be sent to another worker: a part (with its computation and results
/// it needs) as bytes, without pointers; `decode_job` gives a bundle of just that.
std::string encode_job(const Bundle& bundle, const Part& part, const ReduceResults& results);
struct Job {
  Bundle bundle;
  Part part;
  ReduceResults results;
};
Job decode_job(std::string_view bytes);

/// The same for a reduction. In the decoded bundle it is the only reduce, number 0.
std::string encode_reduce_job(const Bundle& bundle, ReduceId id, const ReduceResults& results);
struct ReduceJob {
  Bundle bundle;
  ReduceResults results;
};
ReduceJob decode_reduce_job(std::string_view bytes);

}  // namespace tensorferry::tensor
