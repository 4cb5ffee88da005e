#include "tfjs/shards.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/error.h"
#include "io/overloaded.h"

namespace tensorferry::tfjs {
namespace {

/// Bytes [begin, begin + length) of a part.
tensor::Part piece_of(const tensor::Part& part, std::uint64_t begin, std::uint64_t length) {
  return std::visit(
      io::overloaded{[&](const tensor::InlinePart& p) -> tensor::Part {
                       return tensor::InlinePart{p.bytes.substr(begin, length)};
                     },
                     [&](const tensor::SlicePart& p) -> tensor::Part {
                       return tensor::SlicePart{p.file, p.offset + begin, length};
                     },
                     [&](const tensor::ComputedPart& p) -> tensor::Part {
                       return tensor::ComputedPart{p.computation, p.begin + begin, length};
                     },
                     [&](const tensor::DeferredPart&) -> tensor::Part {
                       throw io::Error(io::ErrorCode::Internal, "A shard holds weights only.");
                     }},
      part);
}

}  // namespace

std::vector<tensor::OutputFile> cut_into_shards(const tensor::OutputFile& stream, std::size_t group,
                                                std::uint64_t shard_bytes) {
  const std::uint64_t count = (stream.size() + shard_bytes - 1) / shard_bytes;
  std::vector<tensor::OutputFile> shards;
  std::uint64_t room = 0;
  for (const tensor::Part& part : stream.parts) {
    const std::uint64_t size = tensor::part_size(part);
    for (std::uint64_t begin = 0; begin < size;) {
      if (room == 0) {
        shards.push_back(
            {fmt::format("group{}-shard{}of{}.bin", group, shards.size() + 1, count), {}});
        room = shard_bytes;
      }
      const std::uint64_t length = std::min(size - begin, room);
      shards.back().parts.push_back(piece_of(part, begin, length));
      begin += length;
      room -= length;
    }
  }
  return shards;
}

}  // namespace tensorferry::tfjs
