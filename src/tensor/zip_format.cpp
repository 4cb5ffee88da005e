#include "tensor/zip_format.h"

namespace tensorferry::tensor {

namespace {

constexpr std::uint64_t late16 = 0xffff;  // "see the zip64 field"
constexpr std::uint64_t late32 = 0xffffffff;
constexpr std::uint16_t zip64_extra = 0x0001;
constexpr std::uint16_t utf8_names = 0x0800;
constexpr std::uint16_t first_of_1980 = 0x0021;
constexpr std::uint16_t version_plain = 20;
constexpr std::uint16_t version_zip64 = 45;

void put(std::string& bytes, std::uint64_t value, int width) {
  for (int i = 0; i < width; ++i) bytes.push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

// As it stands in a 32-bit field whose true value may be in the zip64 extra field.
std::uint64_t narrowed(std::uint64_t value) { return value >= late32 ? late32 : value; }

std::string zip64_field(std::initializer_list<std::uint64_t> values) {
  std::string field;
  put(field, zip64_extra, 2);
  put(field, values.size() * 8, 2);
  for (const std::uint64_t value : values) put(field, value, 8);
  return field;
}

// From "version needed" to the CRC: the same in both headers.
void put_common(std::string& bytes, bool zip64) {
  put(bytes, zip64 ? version_zip64 : version_plain, 2);
  put(bytes, utf8_names, 2);
  put(bytes, 0, 2);  // stored
  put(bytes, 0, 2);  // time 00:00
  put(bytes, first_of_1980, 2);
}

}  // namespace

std::string zip_crc_bytes(std::uint32_t crc) {
  std::string bytes;
  put(bytes, crc, 4);
  return bytes;
}

ZipRecord zip_local_header(const ZipEntry& entry) {
  const bool zip64 = entry.size >= late32;
  ZipRecord record;
  put(record.before_crc, 0x04034b50, 4);
  put_common(record.before_crc, zip64);
  std::string extra = zip64 ? zip64_field({entry.size, entry.size}) : std::string();
  extra += entry.local_extra;
  put(record.after_crc, narrowed(entry.size), 4);
  put(record.after_crc, narrowed(entry.size), 4);
  put(record.after_crc, entry.name.size(), 2);
  put(record.after_crc, extra.size(), 2);
  record.after_crc += entry.name + extra;
  return record;
}

ZipRecord zip_central_header(const ZipEntry& entry) {
  const bool large = entry.size >= late32;
  const bool far = entry.header_offset >= late32;
  std::string extra;
  if (large && far) extra = zip64_field({entry.size, entry.size, entry.header_offset});
  if (large && !far) extra = zip64_field({entry.size, entry.size});
  if (!large && far) extra = zip64_field({entry.header_offset});
  ZipRecord record;
  put(record.before_crc, 0x02014b50, 4);
  put(record.before_crc, large || far ? version_zip64 : version_plain, 2);  // made by, MS-DOS
  put_common(record.before_crc, large || far);
  put(record.after_crc, narrowed(entry.size), 4);
  put(record.after_crc, narrowed(entry.size), 4);
  put(record.after_crc, entry.name.size(), 2);
  put(record.after_crc, extra.size(), 2);
  put(record.after_crc, 0, 2);  // comment
  put(record.after_crc, 0, 2);  // disk
  put(record.after_crc, 0, 2);  // internal attributes
  put(record.after_crc, 0, 4);  // external attributes
  put(record.after_crc, narrowed(entry.header_offset), 4);
  record.after_crc += entry.name + extra;
  return record;
}

std::string zip_end(std::uint64_t entries, std::uint64_t directory_offset,
                    std::uint64_t directory_size) {
  std::string bytes;
  const bool zip64 = entries >= late16 || directory_offset >= late32 || directory_size >= late32;
  if (zip64) {
    put(bytes, 0x06064b50, 4);
    put(bytes, 44, 8);  // of the rest of this record
    put(bytes, version_zip64, 2);
    put(bytes, version_zip64, 2);
    put(bytes, 0, 4);
    put(bytes, 0, 4);
    put(bytes, entries, 8);
    put(bytes, entries, 8);
    put(bytes, directory_size, 8);
    put(bytes, directory_offset, 8);
    put(bytes, 0x07064b50, 4);
    put(bytes, 0, 4);
    put(bytes, directory_offset + directory_size, 8);
    put(bytes, 1, 4);
  }
  put(bytes, 0x06054b50, 4);
  put(bytes, 0, 2);
  put(bytes, 0, 2);
  put(bytes, entries >= late16 ? late16 : entries, 2);
  put(bytes, entries >= late16 ? late16 : entries, 2);
  put(bytes, narrowed(directory_size), 4);
  put(bytes, narrowed(directory_offset), 4);
  put(bytes, 0, 2);
  return bytes;
}

}  // namespace tensorferry::tensor
