#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "keras/group_files.h"
#include "pack.h"

using namespace tensorferry;

namespace {

using Groups = std::vector<std::vector<std::uint32_t>>;

io::Source renamed(std::string name, io::Source source) {
  source.name = std::move(name);
  return source;
}

io::Source model(std::string name) {
  return renamed(std::move(name), test::pack_file("containers", "keras2/plain.h5"));
}

io::Source weights(std::string name) {
  return renamed(std::move(name), test::pack_file("weights_only", "keras3/conv_keras.weights.h5"));
}

io::Source architecture(std::string name) {
  return renamed(
      std::move(name),
      test::pack_file("weights_only", "keras3/conv_keras_with_architecture.architecture.json"));
}

io::Source text(std::string name, const std::string& content) {
  const auto* begin = reinterpret_cast<const std::byte*>(content.data());
  return io::memory_source(std::move(name), {begin, begin + content.size()});
}

}  // namespace

TEST_CASE("each whole model is one alone, and what is none is left out") {
  CHECK(keras::group_files({}) == Groups{});
  CHECK(keras::group_files({text("notes.txt", "not a model"), model("b.h5"), model("a.h5")}) ==
        Groups{{1}, {2}});
}

TEST_CASE("weights go with the architecture beside them or above them") {
  CHECK(keras::group_files({architecture("m.json"), weights("m.weights.h5")}) == Groups{{1, 0}});
  CHECK(keras::group_files({architecture("net/m.json"), weights("net/epochs/1.h5"),
                            weights("net/epochs/2.h5"), weights("other/m.h5")}) ==
        Groups{{1, 0}, {2, 0}, {3}});
}

TEST_CASE("an architecture without weights, or beside a whole model, is in no group") {
  CHECK(keras::group_files({architecture("m.json")}) == Groups{});
  CHECK(keras::group_files({architecture("m.json"), model("m.h5")}) == Groups{{1}});
}

TEST_CASE("names say which of several architectures it is") {
  CHECK(keras::group_files({architecture("encoder.json"), architecture("decoder.json"),
                            weights("decoder.weights.h5"), weights("encoder.weights.h5")}) ==
        Groups{{2, 1}, {3, 0}});
}

TEST_CASE("where names do not say it, reading refuses to choose") {
  CHECK(keras::group_files({architecture("a.json"), architecture("b.json"), weights("w.h5")}) ==
        Groups{{2, 0, 1}});
}

TEST_CASE("shards go with their list") {
  const std::string list = R"({"weight_map": {"/layers/dense/vars": "m_00000.weights.h5",)"
                           R"( "/layers/dense_1/vars": ["m_00001.weights.h5"]}})";
  CHECK(keras::group_files({weights("m_00000.weights.h5"), text("m.weights.json", list),
                            weights("m_00001.weights.h5"), weights("n.weights.h5")}) ==
        Groups{{0, 2, 1}, {3}});
  CHECK(keras::group_files({weights("m (1).h5"), text("m.weights.json", list),
                            weights("m_00001.weights.h5")}) == Groups{{0, 2, 1}});
  const io::Source damaged = text("m.weights.json", R"({"weight_map": {"a": 1}})");
  CHECK(keras::group_files({weights("0.h5"), damaged, weights("1.h5")}) == Groups{{0, 2, 1}});
}

TEST_CASE("a damaged file is one alone") {
  std::vector<std::byte> bytes = test::read_bytes(test::pack_file("containers", "keras2/plain.h5"));
  bytes.resize(bytes.size() / 2);
  CHECK(keras::group_files({io::memory_source("half.h5", bytes), model("m.h5")}) ==
        Groups{{0}, {1}});
}
