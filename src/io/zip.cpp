// Format: PKWARE's APPNOTE.TXT, sections 4.3.7 (local header), 4.3.12 (central directory),
// 4.3.14-16 (ends, zip64).
#include "io/zip.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "io/crc32.h"
#include "io/error.h"

namespace tensorferry::io {

namespace {

constexpr std::uint32_t local_signature = 0x04034b50;
constexpr std::uint32_t central_signature = 0x02014b50;
constexpr std::uint32_t end_signature = 0x06054b50;
constexpr std::uint32_t end64_signature = 0x06064b50;
constexpr std::uint32_t end64_locator_signature = 0x07064b50;

constexpr std::uint64_t local_size = 30;
constexpr std::uint64_t central_size = 46;
constexpr std::uint64_t end_size = 22;
constexpr std::uint64_t end64_locator_size = 20;
constexpr std::uint64_t end64_size = 56;
constexpr std::uint64_t longest_comment = 65535;
constexpr std::uint64_t longest_directory = std::uint64_t{64} << 20;
constexpr std::uint64_t longest_inflation = 1032;  // zlib's technical details: bytes for one
constexpr std::uint16_t zip64_extra = 0x0001;

using Bytes = std::vector<std::byte>;

[[noreturn]] void refuse(const Source& archive, const std::string& what) {
  throw Error(ErrorCode::WrongFormat, fmt::format("{}: {}", archive.name, what));
}

Bytes read_bytes(const Source& archive, std::uint64_t offset, std::uint64_t length) {
  check_range(archive, offset, length);
  Bytes bytes(length);
  archive.read(offset, bytes);
  return bytes;
}

std::uint64_t number(std::span<const std::byte> bytes, std::size_t offset, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = width; i-- > 0;) {
    value = value << 8 | std::to_integer<std::uint64_t>(bytes[offset + i]);
  }
  return value;
}

struct Directory {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

// The last end record that the archive ends with, comment and all: a comment may look like one.
// Else the last one, with something else behind it.
std::optional<std::size_t> find_end(const Bytes& tail) {
  std::optional<std::size_t> last;
  for (std::size_t at = tail.size() - end_size + 1; at-- > 0;) {
    if (number(tail, at, 4) != end_signature) continue;
    if (at + end_size + number(tail, at + 20, 2) == tail.size()) return at;
    if (!last) last = at;
  }
  return last;
}

Directory find_directory(const Source& archive) {
  if (archive.size < end_size) refuse(archive, "a zip archive has at least 22 bytes.");
  const std::uint64_t tail_size = std::min(archive.size, end_size + longest_comment);
  const std::uint64_t tail_offset = archive.size - tail_size;
  const Bytes tail = read_bytes(archive, tail_offset, tail_size);
  const std::optional<std::size_t> found = find_end(tail);
  if (!found) {
    throw Error(ErrorCode::FileTruncated,
                fmt::format("{}: the central directory of the zip archive is missing, so the file "
                            "was cut off or is still being written.",
                            archive.name));
  }
  const std::size_t end = *found;
  Directory directory{number(tail, end + 16, 4), number(tail, end + 12, 4)};
  const std::uint64_t end_offset = tail_offset + end;
  if (end_offset < end64_locator_size) return directory;
  const Bytes locator = read_bytes(archive, end_offset - end64_locator_size, end64_locator_size);
  if (number(locator, 0, 4) != end64_locator_signature) return directory;
  const Bytes end64 = read_bytes(archive, number(locator, 8, 8), end64_size);
  if (number(end64, 0, 4) != end64_signature) {
    refuse(archive, "the zip64 end record is not where its locator says.");
  }
  return {number(end64, 48, 8), number(end64, 40, 8)};
}

// The zip64 extra field holds, in this order, only those fields that are all ones in the record.
void apply_zip64(std::span<const std::byte> extra, ZipMember& member) {
  constexpr std::uint64_t late = 0xffffffff;
  std::size_t at = 0;
  while (at + 4 <= extra.size()) {
    const std::size_t size = number(extra, at + 2, 2);
    if (at + 4 + size > extra.size()) return;
    if (number(extra, at, 2) == zip64_extra) {
      std::size_t field = at + 4;
      for (std::uint64_t* value : {&member.size, &member.stored_size, &member.header_offset}) {
        if (*value == late && field + 8 <= at + 4 + size) {
          *value = number(extra, field, 8);
          field += 8;
        }
      }
      return;
    }
    at += 4 + size;
  }
}

Bytes inflate_member(const Source& archive, const ZipMember& member, std::uint64_t offset) {
  if (member.size > inflated_member_limit) {
    throw Error(ErrorCode::WrongFormat,
                fmt::format("{}: {} is compressed and has {} bytes when inflated; at most {} are "
                            "inflated in memory. Unzip the archive and give its files instead.",
                            archive.name, member.name, member.size, inflated_member_limit));
  }
  if (member.size / longest_inflation > member.stored_size) {
    refuse(archive,
           fmt::format("{} is said to have {} bytes when inflated, which its {} compressed "
                       "ones cannot hold.",
                       member.name, member.size, member.stored_size));
  }
  Bytes out(member.size + 1);  // the spare byte shows a member that is longer than it says
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) {
    throw Error(ErrorCode::Internal, "zlib could not be initialized.");
  }
  std::array<std::byte, 65536> input;
  std::uint64_t left = member.stored_size;
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  int status = Z_OK;
  try {
    while (status == Z_OK && left > 0) {
      const std::size_t length = std::min<std::uint64_t>(left, input.size());
      archive.read(offset, std::span(input).first(length));
      offset += length;
      left -= length;
      stream.next_in = reinterpret_cast<Bytef*>(input.data());
      stream.avail_in = static_cast<uInt>(length);
      status = inflate(&stream, left == 0 ? Z_FINISH : Z_NO_FLUSH);
    }
  } catch (...) {
    inflateEnd(&stream);
    throw;
  }
  inflateEnd(&stream);
  const bool whole = status == Z_STREAM_END && stream.avail_out == 1;
  out.pop_back();
  if (!whole || crc32(out) != member.crc) {
    refuse(archive, fmt::format("the compressed bytes of {} are damaged.", member.name));
  }
  return out;
}

}  // namespace

bool looks_like_zip(const Source& archive) {
  return archive.size >= end_size && [&] {
    const std::uint64_t first = number(read_bytes(archive, 0, 4), 0, 4);
    return first == local_signature || first == end_signature;
  }();
}

std::vector<ZipMember> zip_members(const Source& archive) {
  const Directory directory = find_directory(archive);
  if (directory.size > longest_directory) refuse(archive, "the zip directory is too large.");
  const Bytes bytes = read_bytes(archive, directory.offset, directory.size);
  std::vector<ZipMember> members;
  std::size_t at = 0;
  while (at + central_size <= bytes.size()) {
    if (number(bytes, at, 4) != central_signature) {
      refuse(archive, fmt::format("entry {} of the zip directory is damaged.", members.size()));
    }
    const std::size_t name_size = number(bytes, at + 28, 2);
    const std::size_t extra_size = number(bytes, at + 30, 2);
    const std::size_t comment_size = number(bytes, at + 32, 2);
    const std::size_t next = at + central_size + name_size + extra_size + comment_size;
    if (next > bytes.size()) refuse(archive, "the zip directory ends inside an entry.");
    ZipMember member;
    member.name.assign(reinterpret_cast<const char*>(bytes.data() + at + central_size), name_size);
    const std::uint64_t flags = number(bytes, at + 8, 2);
    const std::uint64_t method = number(bytes, at + 10, 2);
    if ((flags & 1) != 0) refuse(archive, fmt::format("{} is encrypted.", member.name));
    if (method != 0 && method != 8) {
      refuse(archive, fmt::format("{} is compressed by method {}; only stored and deflated members "
                                  "can be read.",
                                  member.name, method));
    }
    member.deflated = method == 8;
    member.crc = static_cast<std::uint32_t>(number(bytes, at + 16, 4));
    member.stored_size = number(bytes, at + 20, 4);
    member.size = number(bytes, at + 24, 4);
    member.header_offset = number(bytes, at + 42, 4);
    apply_zip64(std::span(bytes).subspan(at + central_size + name_size, extra_size), member);
    if (!member.deflated && member.stored_size != member.size) {
      refuse(archive, fmt::format("the sizes of {} in the zip directory disagree.", member.name));
    }
    members.push_back(std::move(member));
    at = next;
  }
  return members;
}

std::uint64_t zip_data_offset(const Source& archive, const ZipMember& member) {
  const Bytes header = read_bytes(archive, member.header_offset, local_size);
  if (number(header, 0, 4) != local_signature) {
    refuse(archive, fmt::format("{} is not where the zip directory says.", member.name));
  }
  const std::uint64_t name_size = number(header, 26, 2);
  const Bytes name = read_bytes(archive, member.header_offset + local_size, name_size);
  if (member.name.compare(0, std::string::npos, reinterpret_cast<const char*>(name.data()),
                          name.size()) != 0) {
    refuse(archive, fmt::format("{} has another name where the zip directory says that it begins.",
                                member.name));
  }
  const std::uint64_t offset =
      member.header_offset + local_size + name_size + number(header, 28, 2);
  check_range(archive, offset, member.stored_size);
  return offset;
}

Source open_zip_member(const Source& archive, const ZipMember& member) {
  const std::uint64_t offset = zip_data_offset(archive, member);
  if (!member.deflated) return sub_source(archive, member.name, offset, member.size);
  return memory_source(member.name, inflate_member(archive, member, offset));
}

std::string read_zip_text(const Source& archive, const ZipMember& member, std::uint64_t limit) {
  if (member.size > limit) {
    refuse(archive,
           fmt::format("{} has {} bytes; at most {} are read.", member.name, member.size, limit));
  }
  std::string text(member.size, '\0');
  const std::span<std::byte> bytes = std::as_writable_bytes(std::span(text.data(), text.size()));
  open_zip_member(archive, member).read(0, bytes);
  if (crc32(bytes) != member.crc) {
    refuse(archive, fmt::format("the bytes of {} are damaged: they have another CRC than the zip "
                                "directory says.",
                                member.name));
  }
  return text;
}

}  // namespace tensorferry::io
