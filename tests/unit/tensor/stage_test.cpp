#include "tensor/stage.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "random.h"

using namespace tensorferry;
using namespace tensorferry::tensor;
using test::Random;

namespace {

std::vector<std::byte> made(const Bundle& bundle, const OutputFile& file,
                            const std::vector<io::Source>& sources, const MemoryLimits& limits) {
  std::vector<std::byte> bytes;
  for (const Part& part : file.parts) {
    const std::uint64_t piece = preferred_piece(bundle, part, limits);
    for (std::uint64_t begin = 0; begin < part_size(part); begin += piece) {
      std::vector<std::byte> out(std::min(piece, part_size(part) - begin));
      produce(bundle, part, begin, sources, {}, limits, out);
      bytes.insert(bytes.end(), out.begin(), out.end());
    }
  }
  return bytes;
}

struct Counts {
  std::uint64_t reads = 0;
  std::uint64_t bytes = 0;
};

io::Source counted(const io::Source& source, Counts& counts) {
  io::Source result = source;
  result.read = [read = source.read, &counts](std::uint64_t offset, std::span<std::byte> out) {
    ++counts.reads;
    counts.bytes += out.size();
    read(offset, out);
  };
  return result;
}

// A transposed Dense after a Flatten: (h·w·c, out) to (out, c, h, w).
Bundle dense_after_flatten(std::uint64_t h, std::uint64_t w, std::uint64_t c, std::uint64_t out,
                           bool big_endian) {
  const TensorRef tensor{"kernel", DType::Float32, {h * w * c, out}, big_endian, Contiguous{1, 12}};
  Computation computation;
  computation.inputs = {tensor};
  computation.views = {permuted(identity_view(0, {h, w, c, out}), {3, 2, 0, 1})};
  computation.shape = {out, c * h * w};
  computation.dtype = DType::Float32;
  Bundle bundle;
  bundle.files = {{"weights.bin", {}}};
  append_tensor(bundle, bundle.files[0], computation);
  return bundle;
}

}  // namespace

TEST_CASE("a large transpose goes through a temporary, with few reads and the same bytes") {
  Random random(7);
  std::vector<std::byte> bytes(12 + 3 * 5 * 64 * 200 * 4);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.between(0, 255));
  Counts direct;
  Counts staged;
  const io::Source file = io::memory_source("model.h5", bytes);
  const io::Source other = io::memory_source("architecture.json", {});
  MemoryLimits limits;
  limits.tile = 32 << 10;
  limits.read_buffer = 16 << 10;
  limits.read_gap = 1000;
  for (const bool big_endian : {false, true}) {
    const Bundle bundle = dense_after_flatten(3, 5, 64, 200, big_endian);
    const auto expected = made(bundle, bundle.files[0], {other, counted(file, direct)}, limits);

    const Bundle plan = stage_transposes(bundle, 2, limits);
    REQUIRE(plan.temporaries.size() == 1);
    CHECK(temporaries_of(plan, plan.files[0].parts[0], 2) == std::vector<std::uint32_t>{0});
    CHECK(temporaries_of(plan, plan.temporaries[0].parts[0], 2).empty());
    CHECK(plan.temporaries[0].size() == plan.files[0].size());
    const auto temporary = made(plan, plan.temporaries[0], {other, counted(file, staged)}, limits);
    const io::Source third = io::memory_source("", temporary);
    CHECK(made(plan, plan.files[0], {other, file, counted(third, staged)}, limits) == expected);
  }
  CHECK(staged.bytes == 2 * 2 * 3 * 5 * 64 * 200 * 4);
  CHECK(staged.reads * 10 < direct.reads);
  CHECK(staged.reads < 2 * 2 * 1000);
}

TEST_CASE("what reads well is left alone") {
  MemoryLimits limits;
  limits.tile = 32 << 10;
  limits.read_gap = 1000;
  SUBCASE("rows in another order, columns as they are") {
    const TensorRef tensor{"kernel", DType::Float32, {960, 2000}, false, Contiguous{0, 0}};
    Computation computation;
    computation.inputs = {tensor};
    computation.views = {permuted(identity_view(0, {3, 5, 64, 2000}), {2, 0, 1, 3})};
    computation.shape = {960, 2000};
    Bundle bundle;
    bundle.files = {{"weights.bin", {}}};
    append_tensor(bundle, bundle.files[0], computation);
    CHECK(stage_transposes(bundle, 1, limits) == bundle);
  }
  SUBCASE("small tensors") {
    const Bundle bundle = dense_after_flatten(1, 3, 4, 200, false);
    CHECK(stage_transposes(bundle, 2, limits) == bundle);
  }
}
