#include "io/zip.h"

#include <doctest/doctest.h>

#include <string>

#include "io/error.h"

using namespace tensorferry::io;

namespace {

// Written by Python's zipfile: a/stored.txt, deflated.txt (20 times "deflated text. "), empty
// (deflated), and a comment that looks like a signature.
const std::string archive_hex =
    "504b030414000000000000002100b501af0f0b0000000b0000000c000000612f"
    "73746f7265642e74787473746f7265642074657874504b030414000000080000"
    "0021009c56efe9160000002c0100000c0000006465666c617465642e7478744b"
    "494dcb492c494d512849ad28d1534819e5e2e60200504b030414000000080000"
    "00210000000000020000000000000005000000656d7074790300504b01021403"
    "14000000000000002100b501af0f0b0000000b0000000c000000000000000000"
    "0000800100000000612f73746f7265642e747874504b01021403140000000800"
    "000021009c56efe9160000002c0100000c000000000000000000000080013500"
    "00006465666c617465642e747874504b01021403140000000800000021000000"
    "00000200000000000000050000000000000000000000800175000000656d7074"
    "79504b05060000000003000300a70000009a0000000c006120636f6d6d656e74"
    "20504b";

std::vector<std::byte> archive_bytes() {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i < archive_hex.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(std::stoi(archive_hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

std::string text_of(const Source& source) {
  std::vector<std::byte> bytes(source.size);
  source.read(0, bytes);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Reads everything that can be read.
void read_all(const Source& archive) {
  for (const ZipMember& member : zip_members(archive)) text_of(open_zip_member(archive, member));
}

}  // namespace

TEST_CASE("stored and deflated members are read") {
  const Source archive = memory_source("pack.zip", archive_bytes());
  CHECK(looks_like_zip(archive));
  const auto members = zip_members(archive);
  REQUIRE(members.size() == 3);
  CHECK(members[0].name == "a/stored.txt");
  CHECK(!members[0].deflated);
  CHECK(text_of(open_zip_member(archive, members[0])) == "stored text");
  CHECK(zip_data_offset(archive, members[0]) == 42);
  CHECK(members[1].deflated);
  std::string expected;
  for (int i = 0; i < 20; ++i) expected += "deflated text. ";
  CHECK(text_of(open_zip_member(archive, members[1])) == expected);
  CHECK(text_of(open_zip_member(archive, members[2])).empty());
}

TEST_CASE("a cut or damaged archive is an error, never more than that") {
  const std::vector<std::byte> good = archive_bytes();
  for (std::size_t size = 0; size < good.size() - 12; ++size) {
    CHECK_THROWS_AS(
        read_all(memory_source("cut.zip",
                               {good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)})),
        Error);
  }
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const int bit : {0, 3, 7}) {
      std::vector<std::byte> bytes = good;
      bytes[at] ^= static_cast<std::byte>(1 << bit);
      try {
        read_all(memory_source("bad.zip", bytes));
      } catch (const Error& error) {
        CHECK(std::string(error.what()).find("bad.zip") != std::string::npos);
      }
    }
  }
}

TEST_CASE("a damaged deflated member is noticed by its CRC") {
  std::vector<std::byte> bytes = archive_bytes();
  const Source good = memory_source("pack.zip", bytes);
  const ZipMember member = zip_members(good)[1];
  bytes[zip_data_offset(good, member) + 3] ^= std::byte{1};
  const Source bad = memory_source("pack.zip", bytes);
  CHECK_THROWS_AS(open_zip_member(bad, zip_members(bad)[1]), Error);
}

TEST_CASE("a member that is too large to be inflated is refused with the way out") {
  const Source archive = memory_source("pack.zip", archive_bytes());
  ZipMember member = zip_members(archive)[1];
  member.size = inflated_member_limit + 1;
  try {
    open_zip_member(archive, member);
    FAIL("inflated");
  } catch (const Error& error) {
    CHECK(std::string(error.what()).find("Unzip") != std::string::npos);
  }
}

TEST_CASE("the text of a member is checked against its CRC, stored or deflated") {
  std::vector<std::byte> bytes = archive_bytes();
  const Source archive = memory_source("pack.zip", bytes);
  const auto members = zip_members(archive);
  CHECK(read_zip_text(archive, members[0], 100) == "stored text");
  CHECK(read_zip_text(archive, members[1], 300).size() == 300);
  CHECK_THROWS_AS(read_zip_text(archive, members[1], 299), Error);
  bytes[zip_data_offset(archive, members[0])] ^= std::byte{1};
  CHECK_THROWS_AS(read_zip_text(memory_source("bad.zip", bytes), members[0], 100), Error);
}

TEST_CASE("sizes that no deflated member can have, and another name at its place, are lies") {
  const Source archive = memory_source("pack.zip", archive_bytes());
  ZipMember member = zip_members(archive)[1];
  member.size = (member.stored_size + 1) * 1032;
  CHECK_THROWS_AS(open_zip_member(archive, member), Error);
  member = zip_members(archive)[1];
  member.header_offset = zip_members(archive)[0].header_offset;
  CHECK_THROWS_AS(zip_data_offset(archive, member), Error);
}
