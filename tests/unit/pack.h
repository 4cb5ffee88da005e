#pragma once

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "io/source.h"
#include "io/zip.h"

/// The committed pack of fixtures made by real Keras (tests/fixtures/pack), read by our own zip
/// reader.
namespace tensorferry::test {

inline std::vector<std::byte> read_bytes(const io::Source& source) {
  std::vector<std::byte> bytes(source.size);
  source.read(0, bytes);
  return bytes;
}

/// pack_file("nesting", "keras2/called_twice.h5"), in memory.
inline io::Source pack_file(const std::string& family, const std::string& name) {
  const std::string path = "tests/fixtures/pack/" + family + ".zip";
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  const io::Source archive = io::memory_source(path, {begin, begin + text.size()});
  for (const io::ZipMember& member : io::zip_members(archive)) {
    if (member.name == name) {
      return io::memory_source(name, read_bytes(io::open_zip_member(archive, member)));
    }
  }
  throw std::runtime_error(path + " has no " + name);
}

}  // namespace tensorferry::test
