#include "tensor/stage.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "random.h"
#include "transposed.h"

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
  return test::transposed(tensor, {h, w, c, out}, {3, 2, 0, 1});
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
    REQUIRE(plan.temporaries.size() == 2);
    CHECK(temporaries_of(plan, plan.files[0].parts[0], 2) == std::vector<std::uint32_t>{1});
    CHECK(temporaries_of(plan, plan.temporaries[1].parts[0], 2) == std::vector<std::uint32_t>{0});
    CHECK(temporaries_of(plan, plan.temporaries[0].parts[0], 2).empty());
    std::vector<io::Source> sources = {other, counted(file, staged)};
    for (const OutputFile& temporary : plan.temporaries) {
      CHECK(temporary.size() == plan.files[0].size());
      const bool of_slices = std::holds_alternative<SlicePart>(temporary.parts.front());
      const io::Source made_of = io::memory_source("", made(plan, temporary, sources, limits));
      sources.push_back(of_slices ? counted(made_of, staged) : made_of);
    }
    CHECK(made(plan, plan.files[0], sources, limits) == expected);
  }
  // Both passes, of both byte orders.
  CHECK(staged.bytes == 2 * 2 * 3 * 5 * 64 * 200 * 4);
  CHECK(staged.reads * 100 < direct.reads);
  const std::uint64_t fewest = staged.bytes / limits.read_buffer;
  CHECK(staged.reads < 3 * fewest);
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

namespace {

// A source of one chunked dataset, each chunk stored bytes-shuffled, in order; edge chunks are
// whole.
struct ChunkedFile {
  TensorRef tensor;
  std::vector<std::byte> bytes;
};

ChunkedFile shuffled_chunks(const Shape& shape, const Shape& chunk_shape) {
  Random random(11);
  ChunkedFile made{{"kernel", DType::Float32, shape, false, {}}, std::vector<std::byte>(40)};
  Chunked storage;
  storage.file = 1;
  storage.chunk_shape = chunk_shape;
  storage.filters = {Filter::Shuffle};
  const std::uint64_t size = element_count(chunk_shape) * 4;
  for (std::uint64_t row = 0; row < shape[0]; row += chunk_shape[0]) {
    for (std::uint64_t column = 0; column < shape[1]; column += chunk_shape[1]) {
      storage.chunks.push_back({{row, column}, made.bytes.size(), size, 0});
      for (std::uint64_t i = 0; i < size; ++i) {
        made.bytes.push_back(static_cast<std::byte>(random.between(0, 255)));
      }
    }
  }
  made.tensor.storage = storage;
  return made;
}

// How often each chunk was read.
std::vector<int> reads_of_chunks(const Chunked& storage, const std::vector<std::uint64_t>& reads) {
  std::vector<int> counts;
  for (const Chunk& chunk : storage.chunks) {
    counts.push_back(static_cast<int>(std::count(reads.begin(), reads.end(), chunk.offset)));
  }
  return counts;
}

}  // namespace

TEST_CASE("each chunk is decoded once, whatever the order and however large the rows of chunks") {
  MemoryLimits limits;
  limits.tile = 16 << 10;
  limits.read_buffer = 4 << 10;
  limits.cached_chunks = 0;
  struct Case {
    const char* what;
    Shape shape, chunk_shape;
    std::vector<std::size_t> axes;
    std::uint64_t shard;  // bytes of the tensor in a file
    std::size_t temporaries;
  };
  for (const Case& it : std::vector<Case>{
           {"whole rows of chunks fit into a tile", {150, 100}, {32, 16}, {0, 1}, 1 << 20, 0},
           {"a row of chunks is larger than a tile", {150, 300}, {32, 16}, {0, 1}, 1 << 20, 1},
           {"transposed, columns of chunks fit into a tile",
            {150, 100},
            {32, 16},
            {1, 0},
            1 << 20,
            0},
           {"transposed, they do not", {450, 100}, {32, 16}, {1, 0}, 1 << 20, 1},
           {"neither rows nor columns of chunks do", {450, 300}, {32, 16}, {1, 0}, 1 << 20, 1},
           {"a file ends within rows of chunks", {150, 100}, {32, 16}, {0, 1}, 7000, 1},
       }) {
    CAPTURE(it.what);
    const ChunkedFile file = shuffled_chunks(it.shape, it.chunk_shape);
    Computation computation;
    computation.inputs = {file.tensor};
    computation.views = {permuted(identity_view(0, it.shape), it.axes)};
    computation.shape = computation.views[0].shape;
    Bundle bundle;
    bundle.computations = {computation};
    const std::uint64_t size = element_count(computation.shape) * 4;
    for (std::uint64_t at = 0; at < size; at += it.shard) {
      bundle.files.push_back({"", {ComputedPart{0, at, std::min(it.shard, size - at)}}});
    }
    const io::Source other = io::memory_source("architecture.json", {});
    io::Source source = io::memory_source("model.h5", file.bytes);
    std::vector<std::vector<std::byte>> expected;
    for (const OutputFile& each : bundle.files) {
      expected.push_back(made(bundle, each, {other, source}, {}));  // in large pieces
    }
    std::vector<std::uint64_t> reads;
    source.read = [read = source.read, &reads](std::uint64_t offset, std::span<std::byte> out) {
      reads.push_back(offset);
      read(offset, out);
    };
    const Bundle plan = stage_chunks(bundle, 2, limits);
    REQUIRE(plan.temporaries.size() == it.temporaries);
    std::vector<io::Source> sources = {other, source};
    for (const OutputFile& temporary : plan.temporaries) {
      sources.push_back(io::memory_source("", made(plan, temporary, sources, limits)));
    }
    for (std::size_t i = 0; i < plan.files.size(); ++i) {
      CHECK(made(plan, plan.files[i], sources, limits) == expected[i]);
    }
    const auto counts = reads_of_chunks(std::get<Chunked>(file.tensor.storage), reads);
    CHECK(counts == std::vector<int>(counts.size(), 1));
  }
}

TEST_CASE("computations of one chunked tensor share its temporary") {
  const ChunkedFile file = shuffled_chunks({450, 100}, {32, 16});
  Computation computation;
  computation.inputs = {file.tensor};
  computation.views = {permuted(identity_view(0, {450, 100}), {1, 0})};
  computation.shape = {100, 450};
  Bundle bundle;
  bundle.files = {{"one.bin", {}}, {"two.bin", {}}};
  append_tensor(bundle, bundle.files[0], computation);
  append_tensor(bundle, bundle.files[1], computation);
  MemoryLimits limits;
  limits.tile = 16 << 10;
  const Bundle plan = stage_chunks(bundle, 2, limits);
  CHECK(plan.temporaries.size() == 1);
  for (const OutputFile& made : plan.files) {
    CHECK(temporaries_of(plan, made.parts[0], 2) == std::vector<std::uint32_t>{0});
  }
}
