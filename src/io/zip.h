#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "io/source.h"

namespace tensorferry::io {

/// A deflated member is inflated in memory (wall 3); above this the sentence says to unzip it.
inline constexpr std::uint64_t inflated_member_limit = std::uint64_t{256} << 20;

struct ZipMember {
  std::string name;
  bool deflated = false;
  std::uint32_t crc = 0;
  std::uint64_t stored_size = 0;
  std::uint64_t size = 0;
  std::uint64_t header_offset = 0;  ///< of its local header, in the archive
};

/// True if the bytes begin as a zip does.
bool looks_like_zip(const Source& archive);

/// The central directory (zip64 too), in its order. Throws FileTruncated or WrongFormat.
std::vector<ZipMember> zip_members(const Source& archive);

/// Where the bytes of a member begin. Only its local header tells.
std::uint64_t zip_data_offset(const Source& archive, const ZipMember& member);

/// The bytes of a member: a range of the archive where it is stored, else inflated and checked
/// against its CRC.
Source open_zip_member(const Source& archive, const ZipMember& member);

/// The text of a member, checked against its CRC. Throws WrongFormat above `limit` bytes.
std::string read_zip_text(const Source& archive, const ZipMember& member, std::uint64_t limit);

}  // namespace tensorferry::io
