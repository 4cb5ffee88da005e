#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tensorferry::tensor {

/// One stored member of a zip that is being planned. (PKWARE APPNOTE.TXT 4.3.7, 4.3.12, 4.5.3)
struct ZipEntry {
  std::string name;  ///< UTF-8
  std::uint64_t size = 0;
  std::uint64_t header_offset = 0;  ///< of its local header
  /// Raw extra field bytes of the local header, e.g. padding that aligns the data (header id, size,
  /// bytes).
  std::string local_extra;
};

/// Records of a zip, cut where the four bytes of the CRC belong: before, CRC, after. Times are
/// 1980-01-01, the flag for UTF-8 names is set. A member or offset of 4 GB or more gets zip64
/// fields.
struct ZipRecord {
  std::string before_crc;
  std::string after_crc;
  std::uint64_t size() const { return before_crc.size() + 4 + after_crc.size(); }
};

ZipRecord zip_local_header(const ZipEntry& entry);
ZipRecord zip_central_header(const ZipEntry& entry);

/// What follows the central directory: the end record, with the zip64 ones before it where needed.
std::string zip_end(std::uint64_t entries, std::uint64_t directory_offset,
                    std::uint64_t directory_size);

/// The four bytes of a CRC that is known, or of 0 where none is kept.
std::string zip_crc_bytes(std::uint32_t crc);

}  // namespace tensorferry::tensor
