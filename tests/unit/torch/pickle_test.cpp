#include "torch/pickle.h"

#include <doctest/doctest.h>

namespace tensorferry::torch {
namespace {

bool has_bytes(const std::string& bytes, const std::string& piece) {
  return bytes.find(piece) != std::string::npos;
}

TEST_CASE("a state_dict's pickle, byte by byte") {
  const std::string bytes =
      pickled_state_dict({{"a.weight", "FloatStorage", 0, 6, {2, 3}, {1, 2}}});
  const std::string expected =
      std::string("\x80\x02") + "ccollections\nOrderedDict\n)R(" +
      std::string("X\x08\0\0\0a.weight", 13) + "ctorch._utils\n_rebuild_tensor_v2\n((" +
      std::string("X\x07\0\0\0storage", 12) + "ctorch\nFloatStorage\n" +
      std::string("X\x01\0\0\0", 5) + "0" + std::string("X\x03\0\0\0cpu", 8) + "K\x06tQ" +
      std::string("K\0", 2) + "(K\x02K\x03t" + "(K\x01K\x02t" + "\x89" +
      "ccollections\nOrderedDict\n)RtRu.";
  CHECK(bytes == expected);
}

TEST_CASE("integers take the opcode of their size") {
  const auto pickled = [](std::uint64_t elements) {
    return pickled_state_dict({{"w", "FloatStorage", 0, elements, {elements}, {1}}});
  };
  CHECK(has_bytes(pickled(255), "K\xff"));
  CHECK(has_bytes(pickled(256), std::string("M\0\x01", 3)));
  CHECK(has_bytes(pickled(65536), std::string("J\0\0\x01\0", 5)));
  CHECK(has_bytes(pickled(2147483647), "J\xff\xff\xff\x7f"));
  CHECK(has_bytes(pickled(2147483648), std::string("\x8a\x09\0\0\0\x80\0\0\0\0\0", 11)));
}

TEST_CASE("scalars and an empty dict") {
  CHECK(has_bytes(pickled_state_dict({{"n", "LongStorage", 3, 1, {}, {}}}), "(t(t"));
  CHECK(pickled_state_dict({}) == std::string("\x80\x02") + "ccollections\nOrderedDict\n)R(u.");
}

TEST_CASE("a counter is a gap of its bytes, said once") {
  const PickledDict dict = {{{std::string("a")}, {PickledCounter{}}},
                            {{std::string("b")}, {PickledTuple{{{0.5}, {PickledCounter{}}}}}},
                            {{std::uint64_t{1}}, {PickledList{{{true}, {false}}}}}};
  const Pickle pickle = pickled({dict}, 8);
  CHECK(pickle.before == std::string("\x80\x02}(X\x01\0\0\0a\x8a\x08", 12));
  CHECK(pickle.after == std::string("q\0X\x01\0\0\0b(G\x3f\xe0\0\0\0\0\0\0h\0tK\x01](\x88\x89"
                                    "eu.",
                                    30));
  CHECK(pickled({0.25}, 8).after.empty());
}

}  // namespace
}  // namespace tensorferry::torch
