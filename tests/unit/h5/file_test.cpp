#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "h5/file.h"
#include "io/error.h"
#include "pack.h"

using namespace tensorferry;

TEST_CASE("attributes: text, lists, the empty list of a layer without weights") {
  const h5::Group root = h5::open_file(test::pack_file("containers", "keras2/plain.h5"), {});
  CHECK(root.string_attribute("keras_version").value().starts_with("2."));
  CHECK(root.string_attribute("backend") == "tensorflow");
  CHECK_FALSE(root.string_attribute("nothing"));
  CHECK_THROWS_AS(root.find_group("model_weights")->string_attribute("layer_names"), io::Error);
  const h5::Group weights = *root.find_group("model_weights");
  const auto layers = weights.strings_attribute("layer_names").value();
  CHECK(layers.size() > 3);
  bool empty_list = false;
  for (const std::string& layer : layers) {
    const auto names = weights.find_group(layer)->strings_attribute("weight_names");
    REQUIRE(names);
    empty_list = empty_list || names->empty();
  }
  CHECK(empty_list);
}

TEST_CASE("paths: nested, empty components, nothing there, through a dataset, with a NUL") {
  const h5::Group root = h5::open_file(test::pack_file("containers", "keras2/plain.h5"), {});
  CHECK(root.contains("model_weights/conv/conv/kernel:0"));
  CHECK(root.contains("model_weights//conv/./conv"));
  CHECK_FALSE(root.contains("model_weights/nobody"));
  CHECK_FALSE(root.contains("model_weights/conv/conv/kernel:0/deeper"));
  CHECK_FALSE(root.contains(std::string("model_weights\0/x", 16)));
  CHECK(root.is_group("model_weights"));
  CHECK_FALSE(root.is_group("model_weights/conv/conv/kernel:0"));
  CHECK_THROWS_AS(root.find_group("model_weights/conv/conv/kernel:0"), io::Error);
  CHECK_THROWS_AS(root.find_dataset("model_weights"), io::Error);
}

TEST_CASE("soft links are followed inside the file") {
  const h5::Group root = h5::open_file(test::pack_file("containers", "keras3/soft_links.h5"), {});
  CHECK(root.find_dataset("model_weights/dense/dense/bias"));
}

TEST_CASE("an error of the source comes out unchanged, never through HDF5's frames") {
  const io::Source whole = test::pack_file("containers", "keras2/plain.h5");
  io::Source failing = whole;
  int reads = 0;
  for (int allowed = 0; allowed < 6; ++allowed) {
    reads = 0;
    failing.read = [&](std::uint64_t offset, std::span<std::byte> out) {
      if (++reads > allowed) throw io::Error(io::ErrorCode::ReadFailed, "the disk is gone");
      whole.read(offset, out);
    };
    try {
      const h5::Group root = h5::open_file(failing, {});
      root.find_group("model_weights")->strings_attribute("layer_names");
      root.string_attribute("model_config");
    } catch (const io::Error& error) {
      CHECK(error.code() == io::ErrorCode::ReadFailed);
      CHECK(std::string(error.what()) == "the disk is gone");
    }
  }
  CHECK(reads > 0);
}

TEST_CASE("a file that is cut off says so") {
  const std::vector<std::byte> bytes =
      test::read_bytes(test::pack_file("containers", "keras2/plain.h5"));
  for (std::size_t size :
       {std::size_t{8}, std::size_t{60}, std::size_t{96}, bytes.size() / 2, bytes.size() - 1}) {
    const io::Source cut = io::memory_source(
        "cut.h5", {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)});
    CHECK(h5::looks_like_hdf5(cut));
    try {
      h5::open_file(cut, {});
      FAIL("opened");
    } catch (const io::Error& error) {
      CHECK(error.code() == io::ErrorCode::FileTruncated);
    }
  }
}

TEST_CASE("a global heap with an object of no size does not hang HDF5") {
  std::vector<std::byte> bytes = test::read_bytes(test::pack_file("containers", "keras2/plain.h5"));
  const std::string magic = "GCOL";
  const auto same = [](std::byte a, char b) { return a == static_cast<std::byte>(b); };
  int damaged = 0;
  for (auto at = bytes.begin();; ++at) {
    at = std::search(at, bytes.end(), magic.begin(), magic.end(), same);
    if (at == bytes.end()) break;
    std::fill_n(at + 16, 16, std::byte{0});
    ++damaged;
  }
  REQUIRE(damaged > 0);
  const h5::Group root = h5::open_file(io::memory_source("heap.h5", bytes), {});
  CHECK_THROWS_AS(root.string_attribute("model_config"), io::Error);
}
