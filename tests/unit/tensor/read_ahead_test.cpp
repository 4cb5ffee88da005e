#include "tensor/read_ahead.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "random.h"
#include "transposed.h"

using namespace tensorferry;
using namespace tensorferry::tensor;
using test::Random;

namespace {

// A source that gives only what lies in `ranges`.
io::Source fenced(const io::Source& source, const std::vector<SlicePart>& ranges) {
  io::Source result = source;
  result.read = [read = source.read, ranges](std::uint64_t offset, std::span<std::byte> out) {
    const bool inside = std::any_of(ranges.begin(), ranges.end(), [&](const SlicePart& range) {
      return range.offset <= offset && offset + out.size() <= range.offset + range.length;
    });
    REQUIRE(inside);
    read(offset, out);
  };
  return result;
}

Bundle transposed_kernel(const std::vector<std::size_t>& order) {
  const Shape shape{6, 5, 40, 70};
  return test::transposed({"kernel", DType::Float32, shape, false, Contiguous{0, 8}}, shape, order);
}

}  // namespace

TEST_CASE("all reads of a range lie in what is to be read ahead, which is not much more") {
  Random random(3);
  std::vector<std::byte> bytes(8 + 6 * 5 * 40 * 70 * 4);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.between(0, 255));
  const io::Source file = io::memory_source("model.h5", bytes);
  MemoryLimits limits;
  limits.tile = 16 << 10;
  limits.read_buffer = 3000;
  for (const std::uint64_t gap : {0, 500, 20000}) {
    limits.read_gap = gap;
    for (const auto& order : std::vector<std::vector<std::size_t>>{
             {3, 2, 0, 1}, {2, 0, 1, 3}, {1, 0, 3, 2}, {0, 1, 2, 3}}) {
      const Bundle bundle = transposed_kernel(order);
      const auto* part = std::get_if<ComputedPart>(&bundle.files[0].parts.front());
      if (part == nullptr) continue;  // in the order of the file
      for (int round = 0; round < 20; ++round) {
        const auto begin = static_cast<std::uint64_t>(random.between(0, 300000));
        const auto length = static_cast<std::uint64_t>(random.between(1, 30000));
        const std::vector<SlicePart> ranges = ranges_read(bundle, *part, begin, length, limits);
        REQUIRE(!ranges.empty());
        std::vector<std::byte> whole(length);
        std::vector<std::byte> from_ranges(length);
        produce(bundle, *part, begin, {file}, {}, limits, whole);
        produce(bundle, *part, begin, {fenced(file, ranges)}, {}, limits, from_ranges);
        CHECK(whole == from_ranges);
        for (std::size_t i = 1; i < ranges.size(); ++i) {
          CHECK(ranges[i].offset > ranges[i - 1].offset + ranges[i - 1].length + gap);
        }
      }
    }
  }
}

TEST_CASE("what several inputs or chunks go into is not read ahead") {
  Bundle bundle = transposed_kernel({3, 2, 0, 1});
  const Part part = bundle.files[0].parts.front();
  CHECK(ranges_read(bundle, part, 0, 100, {}).size() > 0);
  CHECK(ranges_read(bundle, InlinePart{"abc"}, 0, 3, {}).empty());
  Computation& computation = bundle.computations[0];
  SUBCASE("chunks") {
    Chunked chunked;
    chunked.chunk_shape = {6, 5, 40, 70};
    computation.inputs[0].storage = chunked;
  }
  SUBCASE("two views") { computation.views.push_back(computation.views.front()); }
  CHECK(ranges_read(bundle, part, 0, 100, {}).empty());
}
