#pragma once

#include <cstdint>
#include <vector>

#include "tensor/bundle.h"

namespace tensorferry::tfjs {

/// Cuts a stream of parts into files of `shard_bytes`, the last one shorter:
/// "group<group>-shard<i>of<n>.bin". A part that lies across a border becomes two. No files for an
/// empty stream.
std::vector<tensor::OutputFile> cut_into_shards(const tensor::OutputFile& stream, std::size_t group,
                                                std::uint64_t shard_bytes);

}  // namespace tensorferry::tfjs
