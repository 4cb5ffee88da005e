#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <set>

#include "io/crc32.h"
#include "io/error.h"
#include "io/float_text.h"
#include "io/source.h"

using namespace tensorferry::io;

namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return {begin, begin + text.size()};
}

std::string read(const Source& source, std::uint64_t offset, std::size_t size) {
  std::vector<std::byte> bytes(size);
  source.read(offset, bytes);
  return {reinterpret_cast<const char*>(bytes.data()), size};
}

}  // namespace

TEST_CASE("CRC-32 of the check string, and of pieces") {
  CHECK(crc32("123456789") == 0xcbf43926);
  CHECK(crc32("456789", crc32("123")) == 0xcbf43926);
  CHECK(crc32_combine(crc32("123"), crc32("456789"), 6) == 0xcbf43926);
  CHECK(crc32_combine(crc32("123456789"), crc32(""), 0) == 0xcbf43926);
  // More than 2^31 bytes of zeros appended, in one step and in two.
  const std::uint64_t half = (std::uint64_t{3} << 30) + 17;
  std::uint32_t zeros = 0;
  const std::string block(1 << 20, '\0');
  for (int i = 0; i < 64; ++i) zeros = crc32(block, zeros);
  const std::uint64_t length = std::uint64_t{64} << 20;
  CHECK(crc32_combine(crc32_combine(7, zeros, length), zeros, length) ==
        crc32_combine(7, crc32_combine(zeros, zeros, length), 2 * length));
  CHECK(crc32_combine(crc32_combine(7, 0, half), 0, half) == crc32_combine(7, 0, 2 * half));
}

TEST_CASE("a source gives its range and nothing beyond") {
  const Source whole = memory_source("a", bytes_of("0123456789"));
  const Source part = sub_source(whole, "b", 3, 4);
  CHECK(read(whole, 8, 2) == "89");
  CHECK(read(part, 0, 4) == "3456");
  CHECK(read(part, 4, 0).empty());
  CHECK_THROWS_AS(read(part, 1, 4), Error);
  CHECK_THROWS_AS(read(part, std::numeric_limits<std::uint64_t>::max(), 2), Error);
  CHECK_THROWS_AS(sub_source(whole, "c", 8, 3), Error);
  try {
    read(whole, 4, 9);
    FAIL("read beyond the end");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::FileTruncated);
    CHECK(std::string(error.what()) ==
          "a: 9 bytes are expected at offset 4, but the file ends at 10.");
  }
}

TEST_CASE("the shortest text of a number reads back as it") {
  CHECK(shortest_text(0.1) == "0.1");
  CHECK(shortest_text(0.1f) == "0.1");
  CHECK(shortest_text(3.0) == "3.0");
  CHECK(shortest_text(-0.0) == "-0.0");
  CHECK(shortest_text(1e-5) == "1e-05");
  CHECK(shortest_text(1e22) == "1e+22");
  for (const double value : {1.0 / 3, 0x1p-1074, 0x1.fffffffffffffp1023, 123456789.125, 0.001}) {
    const std::string text = shortest_text(value);
    CHECK(std::strtod(text.c_str(), nullptr) == value);
    CHECK(text.size() <= 24);
    const auto single = static_cast<float>(value);
    CHECK(std::strtof(shortest_text(single).c_str(), nullptr) == single);
  }
}

TEST_CASE("each error code has a name of its own") {
  std::set<std::string_view> names;
  const auto last = static_cast<int>(ErrorCode::Internal);
  for (int code = 0; code <= last; ++code) {
    names.insert(error_code_name(static_cast<ErrorCode>(code)));
  }
  CHECK(names.size() == static_cast<std::size_t>(last) + 1);
  CHECK(names.count("file-truncated") == 1);
}
