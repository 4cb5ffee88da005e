#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/crc32.h"
#include "io/error.h"
#include "keras/read.h"
#include "pack.h"
#include "tensor/produce.h"

using namespace tensorferry;

namespace {

using Members = std::vector<std::pair<std::string, std::string>>;

std::string text_of(const io::Source& source) {
  const std::vector<std::byte> bytes = test::read_bytes(source);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

io::Source source_of(const std::string& name, const std::string& text) {
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return io::memory_source(name, {begin, begin + text.size()});
}

std::string little(std::uint64_t value, int width) {
  std::string bytes;
  for (int i = 0; i < width; ++i) {
    bytes.push_back(static_cast<char>(value & 0xff));
    value >>= 8;
  }
  return bytes;
}

// Blocks that are deflate's without being compressed (RFC 1951, 3.2.4): the module's zlib inflates
// only.
std::string raw_deflated(const std::string& text) {
  std::string out;
  constexpr std::size_t longest = 65535;
  for (std::size_t at = 0; at < text.size(); at += longest) {
    const std::size_t size = std::min(longest, text.size() - at);
    out += at + size == text.size() ? '\1' : '\0';
    out += little(size, 2) + little(~size & 0xffff, 2) + text.substr(at, size);
  }
  return out;
}

// What local header and directory have in common: version, flags, method … length of the extra.
std::string common(const std::string& text, const std::string& stored, std::size_t name,
                   bool deflate) {
  return little(20, 2) + little(0, 2) + little(deflate ? 8 : 0, 2) + little(0, 4) +
         little(io::crc32(std::string_view(text)), 4) + little(stored.size(), 4) +
         little(text.size(), 4) + little(name, 2) + little(0, 2);
}

io::Source zip(const Members& members, bool deflate) {
  std::string archive;
  std::string directory;
  for (const auto& [name, text] : members) {
    const std::string stored = deflate ? raw_deflated(text) : text;
    const std::string fields = common(text, stored, name.size(), deflate);
    directory +=
        "PK\x01\x02" + little(20, 2) + fields + little(0, 10) + little(archive.size(), 4) + name;
    archive += "PK\x03\x04" + fields + name + stored;
  }
  const std::size_t offset = archive.size();
  archive += directory + "PK\x05\x06" + little(0, 4) + little(members.size(), 2) +
             little(members.size(), 2) + little(directory.size(), 4) + little(offset, 4) +
             little(0, 2);
  return source_of("net.bin", archive);
}

const std::string folder = "keras3/conv_keras_with_architecture";

Members keras_members() {
  return {{"metadata.json", R"({"keras_version": "3.15.1", "date_saved": "2026-11-24@09:00:00"})"},
          {"config.json", text_of(test::pack_file("weights_only", folder + ".architecture.json"))},
          {"model.weights.h5", text_of(test::pack_file("weights_only", folder + ".weights.h5"))}};
}

const tensor::Contiguous& place(const tensor::TensorRef& tensor) {
  REQUIRE(std::holds_alternative<tensor::Contiguous>(tensor.storage));
  return std::get<tensor::Contiguous>(tensor.storage);
}

std::string error_of(const std::vector<io::Source>& files) {
  try {
    keras::read_model(files);
  } catch (const io::Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("a stored archive: weights are slices of the dropped file") {
  const Members members = keras_members();
  const keras::Model bare =
      keras::read_model({test::pack_file("weights_only", folder + ".weights.h5"),
                         test::pack_file("weights_only", folder + ".architecture.json")});
  const io::Source archive = zip(members, false);
  const keras::Model model = keras::read_model({archive});
  CHECK(model.container == "keras");
  CHECK(model.keras_version == "3.15.1");
  CHECK(model.made.empty());
  REQUIRE(model.tensors.size() == bare.tensors.size());
  REQUIRE(model.tensors.size() > 8);
  const std::string whole = text_of(archive);
  const std::size_t base = whole.find(members[2].second);
  REQUIRE(base != std::string::npos);
  for (std::size_t i = 0; i < model.tensors.size(); ++i) {
    CHECK(place(model.tensors[i]).file == 0);
    CHECK(place(model.tensors[i]).offset == place(bare.tensors[i]).offset + base);
  }
}

TEST_CASE("a deflated archive: weights are ranges of what is inflated when they are read") {
  const Members members = keras_members();
  const io::Source archive = zip(members, true);
  const keras::Model model = keras::read_model({archive});
  REQUIRE(model.made.size() == 1);
  for (const tensor::TensorRef& tensor : model.tensors) CHECK(place(tensor).file == 1);

  tensor::Bundle bundle;
  tensor::add_temporaries(bundle, model.made);
  REQUIRE(bundle.temporaries.size() == 1);
  std::string bytes;
  for (const tensor::Part& part : bundle.temporaries.front().parts) {
    std::vector<std::byte> out(tensor::part_size(part));
    tensor::produce(bundle, part, 0, {archive}, {}, {}, out);
    bytes.append(reinterpret_cast<const char*>(out.data()), out.size());
  }
  CHECK(bytes == members[2].second);
}

TEST_CASE("members below one folder are the model's, those of other paths are not") {
  Members members = keras_members();
  for (auto& [name, text] : members) name = "net/" + name;
  CHECK(error_of({zip(members, false)}) == "no error");
  members[1].first = "../config.json";
  CHECK(error_of({zip(members, false)}).find("holds no config.json") != std::string::npos);
  members[1].first = "net/a/config.json";
  CHECK(error_of({zip(members, false)}).find("holds no config.json") != std::string::npos);
}

TEST_CASE("an archive whose weights lie where HDF5 looks for a beginning is no HDF5 file") {
  constexpr std::size_t header = 30;  // of a member, before its name
  Members members = keras_members();
  std::size_t offset = header + members[2].first.size();
  for (const std::size_t i : {0, 1}) {
    offset += header + members[i].first.size() + members[i].second.size();
  }
  const std::string name = "assets/x";
  std::size_t begin = 512;
  while (begin < offset + header + name.size()) begin *= 2;
  members.insert(members.begin(), {name, std::string(begin - offset - header - name.size(), 'x')});
  const keras::Model model = keras::read_model({zip(members, false)});
  CHECK(model.container == "keras");
  CHECK(model.kind != keras::ModelKind::WeightsOnly);
  CHECK(place(model.tensors.front()).offset > begin);
}

TEST_CASE("an archive and another model are two models") {
  const io::Source archive = zip(keras_members(), false);
  CHECK(error_of({archive, archive}).find("one by one") != std::string::npos);
  CHECK(error_of({archive, test::pack_file("dense", "keras3/dense.h5")}).find("one by one") !=
        std::string::npos);
}

TEST_CASE("flipped bytes of an archive end in a value or an error") {
  for (const bool deflate : {false, true}) {
    const std::vector<std::byte> whole = test::read_bytes(zip(keras_members(), deflate));
    std::uint32_t state = 7;
    for (int round = 0; round < 300; ++round) {
      std::vector<std::byte> bytes = whole;
      for (int flip = 0; flip < 3; ++flip) {
        state = state * 1664525u + 1013904223u;
        bytes[(state >> 8) % bytes.size()] ^= static_cast<std::byte>(1 + (state >> 4) % 255);
      }
      if (round % 3 == 0) bytes.resize(bytes.size() * static_cast<std::size_t>(round) / 300);
      try {
        keras::read_model({io::memory_source("fuzz.keras", std::move(bytes))});
      } catch (const io::Error&) {
      }
    }
  }
}
