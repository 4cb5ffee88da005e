#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>

#include "io/crc32.h"
#include "io/zip.h"
#include "tensor/bundle.h"
#include "tensor/produce.h"

using namespace tensorferry;
using namespace tensorferry::tensor;

namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return {begin, begin + text.size()};
}

// Runs all reduces in their order, then makes all bytes of a file.
std::vector<std::byte> made(const Bundle& bundle, const OutputFile& file,
                            const std::vector<io::Source>& sources) {
  ReduceResults results;
  for (ReduceId id = 0; id < bundle.reduces.size(); ++id) {
    for (const ReduceId need : needs_of(bundle, id)) REQUIRE(need < id);
    results[id] = reduce(bundle, id, sources, results, {}, {});
  }
  std::vector<std::byte> bytes;
  for (const Part& part : file.parts) {
    std::vector<std::byte> out(part_size(part));
    produce(bundle, part, 0, sources, results, {}, out);
    bytes.insert(bytes.end(), out.begin(), out.end());
  }
  return bytes;
}

std::vector<std::byte> all_of(const io::Source& source) {
  std::vector<std::byte> bytes(source.size);
  source.read(0, bytes);
  return bytes;
}

}  // namespace

TEST_CASE("a zip holds what the files hold, with true CRCs") {
  std::vector<std::byte> model(100000);
  for (std::size_t i = 0; i < model.size(); ++i) model[i] = static_cast<std::byte>(i * 7 + i / 251);
  const std::vector<io::Source> sources = {io::memory_source("model.h5", model)};
  const TensorRef tensor{"kernel", DType::Float32, {30, 40}, false, Contiguous{0, 64}};

  Bundle bundle;
  OutputFile source{"model.py", {}};
  append_bytes(source, "class M: pass\n");
  OutputFile weights{"weights/층.bin", {}};
  append_bytes(weights, "head");
  append_tensor(bundle, weights, identity_computation(tensor));
  Computation transposed = identity_computation(tensor);
  transposed.views[0] = permuted(transposed.views[0], {1, 0});
  transposed.shape = {40, 30};
  append_tensor(bundle, weights, transposed);
  OutputFile manifest{"manifest.json", {}};
  append_bytes(manifest, "{\"sha256\": \"");
  manifest.parts.emplace_back(DeferredPart{64, ShaText{0}});
  append_bytes(manifest, "\"}");
  OutputFile empty{"empty", {}};
  bundle.files = {source, weights, empty, manifest};
  bundle.reduces = {{ReduceKind::Sha256, FileBytes{1}}, {ReduceKind::Crc32, FileParts{1, 1, 2}}};

  const Bundle zip = zip_bundle(bundle, "out.zip", MemoryLimits{});
  REQUIRE(zip.files.size() == 1);
  CHECK(zip.files[0].path == "out.zip");
  const std::vector<std::byte> bytes = made(zip, zip.files[0], sources);
  CHECK(bytes.size() == zip.files[0].size());

  const io::Source archive = io::memory_source("out.zip", bytes);
  const auto members = io::zip_members(archive);
  REQUIRE(members.size() == 4);
  for (std::size_t i = 0; i < members.size(); ++i) {
    CAPTURE(members[i].name);
    const std::vector<std::byte> expected = made(bundle, bundle.files[i], sources);
    CHECK(members[i].name == bundle.files[i].path);
    CHECK(members[i].size == expected.size());
    CHECK(members[i].crc == io::crc32(expected));
    CHECK(all_of(io::open_zip_member(archive, members[i])) == expected);
  }
  // The reduces of the files give the same over the members.
  for (const ReduceId id : {0u, 1u}) {
    CHECK(reduce(zip, id, sources, {}, {}, {}) == reduce(bundle, id, sources, {}, {}, {}));
  }
}

TEST_CASE("a zip beyond 4 GB is zip64, decided without a byte") {
  const std::uint64_t large = (std::uint64_t{4} << 30) + 12345;
  Bundle bundle;
  bundle.files = {{"a.bin", {SlicePart{0, 0, large}}},
                  {"b.bin", {InlinePart{"after it"}}},
                  {"c.bin", {SlicePart{0, 5, 0xfffffffe}}}};
  const Bundle zip = zip_bundle(bundle, "out.zip", MemoryLimits{});
  CHECK(zip.reduces.size() > 100);

  // Its headers alone, with CRCs of 0, where the members are read as holes.
  ReduceResults results;
  for (ReduceId id = 0; id < zip.reduces.size(); ++id) results[id] = std::uint32_t{0};
  struct Piece {
    std::uint64_t begin;
    std::vector<std::byte> bytes;
  };
  std::vector<Piece> pieces;
  std::uint64_t size = 0;
  for (const Part& part : zip.files[0].parts) {
    if (!std::holds_alternative<SlicePart>(part)) {
      std::vector<std::byte> out(part_size(part));
      produce(zip, part, 0, {}, results, {}, out);
      pieces.push_back({size, out});
    }
    size += part_size(part);
  }
  io::Source archive{"out.zip", size, {}};
  archive.read = [&](std::uint64_t offset, std::span<std::byte> out) {
    std::fill(out.begin(), out.end(), std::byte{0});
    for (const Piece& piece : pieces) {
      for (std::size_t i = 0; i < piece.bytes.size(); ++i) {
        const std::uint64_t at = piece.begin + i;
        if (at >= offset && at - offset < out.size()) out[at - offset] = piece.bytes[i];
      }
    }
  };
  const auto members = io::zip_members(archive);
  REQUIRE(members.size() == 3);
  CHECK(members[0].size == large);
  CHECK(members[1].size == 8);
  CHECK(members[1].header_offset > large);
  CHECK(all_of(io::open_zip_member(archive, members[1])) == bytes_of("after it"));
  CHECK(members[2].size == 0xfffffffe);
}
