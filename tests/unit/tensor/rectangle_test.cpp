#include "tensor/rectangle.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <utility>

#include "random.h"

using namespace tensorferry;
using namespace tensorferry::tensor;
using test::Random;

namespace {

// (h·w·c, out) to (out, c, h, w), with its dtype changed.
Bundle dense_after_flatten(const Shape& spatial, std::uint64_t out) {
  const std::uint64_t rows = element_count(spatial);
  Computation computation;
  computation.inputs = {{"kernel", DType::Float32, {rows, out}, false, Contiguous{0, 0}}};
  computation.views = {
      permuted(identity_view(0, {spatial[0], spatial[1], spatial[2], out}), {3, 2, 0, 1})};
  computation.values = {Cast{DType::Float64}};
  computation.dtype = DType::Float64;
  computation.shape = {out, rows};
  Bundle bundle;
  bundle.files = {{"weights.bin", {}}};
  append_tensor(bundle, bundle.files[0], computation);
  return bundle;
}

}  // namespace

TEST_CASE("rectangles of a transpose cover it exactly, and are read in far fewer runs") {
  Random random(5);
  std::vector<std::byte> bytes(3 * 5 * 70 * 211 * 4);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.between(0, 127));
  io::Source file = io::memory_source("model.h5", bytes);
  std::uint64_t reads = 0;
  file.read = [read = file.read, &reads](std::uint64_t offset, std::span<std::byte> out) {
    ++reads;
    read(offset, out);
  };
  MemoryLimits limits;
  limits.tile = 64 << 10;
  limits.read_buffer = 32 << 10;
  limits.read_gap = 100;
  const Bundle bundle = dense_after_flatten({3, 5, 70}, 211);
  const Part& part = bundle.files[0].parts[0];

  std::vector<std::byte> expected(part_size(part));
  const std::uint64_t range = preferred_piece(bundle, part, limits);
  for (std::uint64_t at = 0; at < expected.size(); at += range) {
    const std::span<std::byte> out =
        std::span(expected).subspan(at, std::min<std::uint64_t>(range, expected.size() - at));
    produce(bundle, part, at, {file}, {}, limits, out);
  }
  const std::uint64_t reads_of_ranges = std::exchange(reads, 0);

  std::vector<std::byte> made(expected.size());
  std::vector<int> written(expected.size(), 0);
  const std::vector<Rectangle> pieces = rectangles_of(bundle, part, limits);
  REQUIRE(pieces.size() > 4);
  for (const Rectangle& piece : pieces) {
    Bundle alone;
    alone.computations = {piece.computation};
    std::vector<std::byte> out(piece.runs * piece.run_length);
    CHECK(out.size() <= limits.tile);
    produce(alone, ComputedPart{0, 0, out.size()}, 0, {file}, {}, limits, out);
    for (std::uint64_t run = 0; run < piece.runs; ++run) {
      const std::uint64_t to = piece.begin + run * piece.distance;
      std::copy_n(out.begin() + static_cast<std::ptrdiff_t>(run * piece.run_length),
                  piece.run_length, made.begin() + static_cast<std::ptrdiff_t>(to));
      for (std::uint64_t i = 0; i < piece.run_length; ++i) ++written[to + i];
    }
  }
  CHECK(made == expected);
  CHECK(std::all_of(written.begin(), written.end(), [](int times) { return times == 1; }));
  CHECK(reads * 3 < reads_of_ranges);
}

TEST_CASE("no rectangles where ranges serve") {
  MemoryLimits limits;
  limits.tile = 64 << 10;
  limits.read_gap = 100;
  SUBCASE("a small tensor") {
    const Bundle bundle = dense_after_flatten({1, 2, 5}, 30);
    CHECK(rectangles_of(bundle, bundle.files[0].parts[0], limits).empty());
  }
  SUBCASE("rows in another order") {
    Computation computation;
    computation.inputs = {{"kernel", DType::Float32, {960, 2000}, false, Contiguous{0, 0}}};
    computation.views = {permuted(identity_view(0, {3, 5, 64, 2000}), {2, 0, 1, 3})};
    computation.shape = {960, 2000};
    Bundle bundle;
    bundle.files = {{"weights.bin", {}}};
    append_tensor(bundle, bundle.files[0], computation);
    CHECK(rectangles_of(bundle, bundle.files[0].parts[0], limits).empty());
  }
}
