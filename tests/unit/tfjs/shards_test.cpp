#include "tfjs/shards.h"

#include <doctest/doctest.h>

namespace tensorferry::tfjs {

TEST_CASE("parts are cut at the borders of shards") {
  const tensor::OutputFile stream{
      "",
      {tensor::SlicePart{1, 100, 7}, tensor::InlinePart{"abcde"}, tensor::ComputedPart{3, 0, 9}}};
  const std::vector<tensor::OutputFile> shards = cut_into_shards(stream, 2, 10);
  REQUIRE(shards.size() == 3);
  CHECK(shards[0] == tensor::OutputFile{"group2-shard1of3.bin",
                                        {tensor::SlicePart{1, 100, 7}, tensor::InlinePart{"abc"}}});
  CHECK(shards[1] == tensor::OutputFile{"group2-shard2of3.bin",
                                        {tensor::InlinePart{"de"}, tensor::ComputedPart{3, 0, 8}}});
  CHECK(shards[2] == tensor::OutputFile{"group2-shard3of3.bin", {tensor::ComputedPart{3, 8, 1}}});
}

TEST_CASE("one part can fill many shards, and end with one") {
  const std::vector<tensor::OutputFile> shards =
      cut_into_shards({"", {tensor::SlicePart{0, 0, 12}}}, 1, 4);
  REQUIRE(shards.size() == 3);
  CHECK(shards[2].parts == std::vector<tensor::Part>{tensor::SlicePart{0, 8, 4}});
  CHECK(cut_into_shards({"", {}}, 1, 4).empty());
}

}  // namespace tensorferry::tfjs
