#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace tensorferry::io {

/// Random-access bytes: a file (pread), a Blob of the browser, memory, or a range of another
/// source. `read` fills all of `out` from `offset` or throws `Error{ReadFailed | FileTruncated}`.
struct Source {
  std::string name;
  std::uint64_t size = 0;
  std::function<void(std::uint64_t offset, std::span<std::byte> out)> read;
};

/// Throws FileTruncated, with the numbers, unless [offset, offset + length) lies in the source.
void check_range(const Source& source, std::uint64_t offset, std::uint64_t length);

Source memory_source(std::string name, std::vector<std::byte> bytes);

/// The bytes [offset, offset + size) of `source`, as a member of a stored zip lies in it.
Source sub_source(const Source& source, std::string name, std::uint64_t offset, std::uint64_t size);

/// Where a dataset's container lies: which of the dropped files, and from which byte of it. Slices
/// are always in the coordinates of the dropped file, never of the member.
struct Placement {
  std::uint32_t file = 0;
  std::uint64_t base = 0;
};

}  // namespace tensorferry::io
