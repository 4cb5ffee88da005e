// Computations of random shapes, strides, storages and ranges against a naive evaluation, element
// by element.
#include "tensor/produce.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "io/error.h"
#include "random.h"
#include "tensor/bundle.h"

using namespace tensorferry;
using namespace tensorferry::tensor;
using test::Random;

namespace {

using Bytes = std::vector<std::byte>;

Bytes random_bytes(Random& random, std::size_t size) {
  Bytes bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.between(0, 255));
  return bytes;
}

Shape random_shape(Random& random, std::size_t rank) {
  Shape shape;
  for (std::size_t i = 0; i < rank; ++i) shape.push_back(random.between(1, 7));
  return shape;
}

// A tensor, its elements as they should come out (in the machine's byte order), and the file that
// holds it.
struct Input {
  TensorRef tensor;
  Bytes elements;
  io::Source file;
};

Bytes swapped(Bytes bytes, std::size_t size) {
  for (std::size_t at = 0; at < bytes.size(); at += size) {
    std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                 bytes.begin() + static_cast<std::ptrdiff_t>(at + size));
  }
  return bytes;
}

// The elements as unfiltered chunks in a file, some of which were never written.
Chunked as_chunks(Random& random, Input& input, Bytes& stored, Bytes& file, std::size_t size) {
  const Shape& shape = input.tensor.shape;
  Chunked chunked;
  chunked.fill = random_bytes(random, size);
  std::uint64_t chunk_count = 1;
  for (const std::uint64_t extent : shape) {
    chunked.chunk_shape.push_back(random.between(1, extent + 1));
    chunk_count *= (extent + chunked.chunk_shape.back() - 1) / chunked.chunk_shape.back();
  }
  for (std::uint64_t number = 0; number < chunk_count; ++number) {
    Chunk chunk;
    chunk.first_element.resize(shape.size());
    std::uint64_t rest = number;
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      const std::uint64_t extent = chunked.chunk_shape[axis];
      const std::uint64_t cells = (shape[axis] + extent - 1) / extent;
      chunk.first_element[axis] = rest % cells * extent;
      rest /= cells;
    }
    const bool missing = random.chance(0.2);
    chunk.offset = file.size();
    const std::uint64_t elements = element_count(chunked.chunk_shape);
    chunk.stored_size = elements * size;
    for (std::uint64_t i = 0; i < elements; ++i) {
      std::uint64_t left = i;
      std::uint64_t linear = 0;
      std::uint64_t step = 1;
      bool inside = true;
      for (std::size_t axis = shape.size(); axis-- > 0;) {
        const std::uint64_t at = chunk.first_element[axis] + left % chunked.chunk_shape[axis];
        left /= chunked.chunk_shape[axis];
        inside = inside && at < shape[axis];
        linear += at * step;
        step *= shape[axis];
      }
      for (std::size_t k = 0; k < size; ++k) {
        if (inside && missing) stored[linear * size + k] = chunked.fill[k];
        const std::byte junk{0xee};
        if (!missing) file.push_back(inside ? stored[linear * size + k] : junk);
      }
    }
    if (!missing) chunked.chunks.push_back(chunk);
  }
  return chunked;
}

Input random_input(Random& random, DType dtype) {
  Input input;
  const std::size_t size = dtype_size(dtype);
  input.tensor.name = "kernel";
  input.tensor.dtype = dtype;
  input.tensor.shape = random_shape(random, random.between(1, 4));
  input.tensor.big_endian = random.chance(0.3);
  const std::uint64_t count = element_count(input.tensor.shape);
  Bytes stored = random_bytes(random, count * size);
  Bytes file = random_bytes(random, random.between(0, 9));
  switch (random.between(0, 3)) {
    case 0:
      input.tensor.storage = Contiguous{0, file.size()};
      file.insert(file.end(), stored.begin(), stored.end());
      break;
    case 1:
      input.tensor.storage = Inline{stored};
      break;
    case 2: {
      const Bytes value = random_bytes(random, size);
      for (std::size_t i = 0; i < stored.size(); ++i) stored[i] = value[i % size];
      input.tensor.storage = tensor::Fill{value};
      break;
    }
    case 3:
      input.tensor.storage = as_chunks(random, input, stored, file, size);
      break;
  }
  input.elements = input.tensor.big_endian ? swapped(stored, size) : stored;
  input.file = io::memory_source("model.h5", file);
  return input;
}

View random_view(Random& random, std::uint32_t number, const Shape& shape) {
  View view = identity_view(number, shape);
  std::vector<std::size_t> axes(shape.size());
  std::iota(axes.begin(), axes.end(), std::size_t{0});
  if (random.chance(0.8)) random.shuffle(axes);
  view = permuted(view, axes);
  for (std::size_t axis = 0; axis < view.shape.size(); ++axis) {
    if (random.chance(0.3)) {
      const std::uint64_t begin = random.between(0, view.shape[axis] - 1);
      view = sliced(view, axis, begin, random.between(1, view.shape[axis] - begin));
    }
    if (random.chance(0.2)) {  // flip
      view.offset += static_cast<std::int64_t>(view.shape[axis] - 1) * view.strides[axis];
      view.strides[axis] = -view.strides[axis];
    }
    if (random.chance(0.1)) {  // every other
      view.shape[axis] = (view.shape[axis] + 1) / 2;
      view.strides[axis] *= 2;
    }
  }
  if (random.chance(0.2)) {  // broadcast
    view.shape.push_back(random.between(1, 5));
    view.strides.push_back(0);
  }
  return view;
}

// The bytes of a view's elements, one element after another.
Bytes evaluate(const View& view, const Input& input) {
  const std::size_t size = dtype_size(input.tensor.dtype);
  const std::uint64_t count = element_count(view.shape);
  Bytes out;
  for (std::uint64_t number = 0; number < count; ++number) {
    std::int64_t element = view.offset;
    std::uint64_t rest = number;
    for (std::size_t axis = view.shape.size(); axis-- > 0;) {
      element += static_cast<std::int64_t>(rest % view.shape[axis]) * view.strides[axis];
      rest /= view.shape[axis];
    }
    const auto* from = input.elements.data() + element * static_cast<std::int64_t>(size);
    out.insert(out.end(), from, from + size);
  }
  return out;
}

// The output's bytes: for each index of the axes before the concatenated one, a piece of each view.
Bytes evaluate(const Computation& computation, const std::vector<Input>& inputs) {
  std::vector<Bytes> views;
  for (const View& view : computation.views) views.push_back(evaluate(view, inputs[view.input]));
  std::uint64_t rows = 1;
  for (std::size_t axis = 0; axis < computation.axis; ++axis) rows *= computation.shape[axis];
  Bytes out;
  for (std::uint64_t row = 0; row < rows; ++row) {
    for (const Bytes& view : views) {
      const std::size_t piece = view.size() / rows;
      const auto begin = view.begin() + static_cast<std::ptrdiff_t>(row * piece);
      out.insert(out.end(), begin, begin + static_cast<std::ptrdiff_t>(piece));
    }
  }
  return out;
}

MemoryLimits tiny_limits(Random& random) {
  MemoryLimits limits;
  limits.tile = random.between(8, 400);
  limits.read_buffer = random.between(1, 3000);
  limits.cached_chunks = random.between(0, 500);
  limits.read_gap = random.between(0, 100);
  return limits;
}

}  // namespace

TEST_CASE("any range of any computation is what its elements are one by one") {
  Random random(1);
  const std::vector<DType> dtypes = {DType::Int8, DType::Float16, DType::Float32, DType::Float64};
  for (int round = 0; round < 3000; ++round) {
    CAPTURE(round);
    const DType dtype = dtypes[random.between(0, dtypes.size() - 1)];
    std::vector<Input> inputs = {random_input(random, dtype)};
    Computation computation;
    computation.views = {random_view(random, 0, inputs[0].tensor.shape)};
    computation.shape = computation.views[0].shape;
    computation.dtype = dtype;
    if (random.chance(0.3)) {  // the same input once more, along some axis
      computation.axis = random.between(0, computation.shape.size() - 1);
      View more = computation.views[0];
      more = sliced(more, computation.axis, 0, random.between(1, more.shape[computation.axis]));
      computation.views.push_back(more);
      computation.shape[computation.axis] += more.shape[computation.axis];
    } else if (random.chance(0.3)) {  // with a tail of another rank, flattened
      computation.axis = random.between(0, computation.shape.size() - 1);
      const auto cut = computation.shape.begin() + static_cast<std::ptrdiff_t>(computation.axis);
      View more = computation.views[0];
      more.shape.erase(more.shape.begin() + static_cast<std::ptrdiff_t>(computation.axis),
                       more.shape.end());
      more.strides.resize(more.shape.size());
      const std::uint64_t extra = random.between(1, 9);
      more.shape.push_back(extra);
      more.strides.push_back(0);
      const std::uint64_t tail = element_count({cut, computation.shape.end()});
      computation.shape.resize(computation.axis);
      computation.shape.push_back(tail + extra);
      computation.views.insert(computation.views.begin() + (random.chance(0.5) ? 1 : 0), more);
    } else if (random.chance(0.3)) {  // another shape of as many elements
      computation.shape = {element_count(computation.shape)};
    }
    for (const Input& input : inputs) computation.inputs.push_back(input.tensor);

    const Bytes expected = evaluate(computation, inputs);
    Bundle bundle;
    OutputFile file{"weights.bin", {}};
    append_tensor(bundle, file, computation);
    REQUIRE(file.size() == expected.size());
    const MemoryLimits limits = tiny_limits(random);
    const std::vector<io::Source> sources = {inputs[0].file};

    Bytes whole;
    for (const Part& part : file.parts) {
      const std::uint64_t piece = preferred_piece(bundle, part, limits);
      for (std::uint64_t begin = 0; begin < part_size(part); begin += piece) {
        Bytes out(std::min(piece, part_size(part) - begin));
        produce(bundle, part, begin, sources, {}, limits, out);
        whole.insert(whole.end(), out.begin(), out.end());
      }
    }
    CHECK(whole == expected);

    std::uint64_t part_begin = 0;
    for (const Part& part : file.parts) {
      const std::uint64_t begin = random.between(0, part_size(part) - 1);
      Bytes out(random.between(1, part_size(part) - begin));
      produce(bundle, part, begin, sources, {}, limits, out);
      const Bytes cut(
          expected.begin() + static_cast<std::ptrdiff_t>(part_begin + begin),
          expected.begin() + static_cast<std::ptrdiff_t>(part_begin + begin + out.size()));
      CHECK(out == cut);
      part_begin += part_size(part);
    }
  }
}

// Elements as float32 of a tensor that the plan holds itself.
TensorRef inline_tensor(const Shape& shape, const std::vector<float>& elements) {
  TensorRef tensor;
  tensor.shape = shape;
  Inline storage;
  const auto bytes = std::as_bytes(std::span(elements));
  storage.bytes.assign(bytes.begin(), bytes.end());
  tensor.storage = std::move(storage);
  return tensor;
}

TEST_CASE("an output combined with other inputs, in any range and after a round trip as a job") {
  Bundle bundle;
  Computation computation = identity_computation(inline_tensor({2, 3}, {10, 20, 30, 40, 50, 60}));
  computation.inputs.push_back(inline_tensor({3}, {2, 4, 5}));
  computation.inputs.push_back(inline_tensor({2}, {1, -1}));
  const View columns{1, {2, 3}, {0, 1}, 0};
  const View rows{2, {2, 3}, {1, 0}, 0};
  using Kind = Combination::Kind;
  computation.combinations = {{Kind::Divide, {columns}, 1},
                              {Kind::Subtract, {rows}, 1},
                              {Kind::Multiply, {columns}, 1},
                              {Kind::AddProduct, {rows, columns}, 0.5}};
  bundle.computations = {computation};
  const std::vector<float> expected{9, 18, 27.5f, 41, 52, 62.5f};
  const ComputedPart whole{0, 0, 24};
  const Job job = decode_job(encode_job(bundle, whole, {}));
  for (std::size_t begin = 0; begin < 6; ++begin) {
    for (std::size_t count = 1; begin + count <= 6; ++count) {
      std::vector<float> out(count);
      produce(job.bundle, job.part, begin * 4, {}, {}, {}, std::as_writable_bytes(std::span(out)));
      CHECK(std::equal(out.begin(), out.end(),
                       expected.begin() + static_cast<std::ptrdiff_t>(begin)));
    }
  }
  computation.views.push_back(computation.views.front());
  computation.shape = {4, 3};
  CHECK_THROWS_AS(check_computation(computation), io::Error);
}

TEST_CASE("large transposes with the limits that are used") {
  // Odd extents that no block divides, and a convolution kernel.
  for (const Shape& shape : {Shape{1037, 515}, Shape{3, 5, 130, 67}, Shape{7, 1, 3, 1000}}) {
    Bytes bytes(element_count(shape) * 4);
    for (std::size_t i = 0; i < bytes.size() / 4; ++i) {
      const auto number = static_cast<float>(i);
      std::memcpy(bytes.data() + 4 * i, &number, 4);
    }
    TensorRef tensor{"kernel", DType::Float32, shape, false, Contiguous{0, 0}};
    std::vector<std::size_t> axes(shape.size());
    for (std::size_t i = 0; i < axes.size(); ++i) axes[i] = axes.size() - 1 - i;
    Computation computation = identity_computation(tensor);
    computation.views[0] = permuted(computation.views[0], axes);
    computation.shape = computation.views[0].shape;
    const std::vector<io::Source> sources = {io::memory_source("model.h5", bytes)};
    for (const bool cast : {false, true}) {
      if (cast) computation.values = {Cast{DType::Float64}};
      computation.dtype = cast ? DType::Float64 : DType::Float32;
      Bundle bundle;
      bundle.computations = {computation};
      const std::size_t size = dtype_size(computation.dtype);
      Bytes out(bytes.size() / 4 * size);
      for (const std::uint64_t gap : {0u, 4096u, 1u << 20}) {
        MemoryLimits limits;
        limits.read_gap = gap;
        limits.read_buffer = 64 << 10;
        std::fill(out.begin(), out.end(), std::byte{0});
        produce(bundle, ComputedPart{0, 0, out.size()}, 0, sources, {}, limits, out);
        std::size_t wrong = 0;
        for (std::size_t i = 0; i < out.size() / size; ++i) {
          std::uint64_t rest = i;
          std::int64_t expected = 0;
          for (std::size_t axis = shape.size(); axis-- > 0;) {
            expected += static_cast<std::int64_t>(rest % computation.shape[axis]) *
                        computation.views[0].strides[axis];
            rest /= computation.shape[axis];
          }
          float single = 0;
          double found = 0;
          std::memcpy(&single, out.data() + i * size, 4);
          std::memcpy(&found, out.data() + i * size, size);
          if ((cast ? found : single) != static_cast<double>(expected)) ++wrong;
        }
        CHECK(wrong == 0);
      }
    }
  }
}

TEST_CASE("what lies as it should is a slice, and neighbours are merged") {
  const TensorRef first{"a", DType::Float32, {3, 4}, false, Contiguous{0, 100}};
  const TensorRef second{"b", DType::Float32, {5}, false, Contiguous{0, 148}};
  Bundle bundle;
  OutputFile file{"w.bin", {}};
  append_tensor(bundle, file, identity_computation(first));
  append_tensor(bundle, file, identity_computation(second));
  CHECK(file.parts == std::vector<Part>{SlicePart{0, 100, 68}});

  SUBCASE("rows of it too") {
    Computation rows = identity_computation(first);
    rows.views[0] = sliced(rows.views[0], 0, 1, 2);
    rows.shape = {2, 4};
    OutputFile other{"w.bin", {}};
    append_tensor(bundle, other, rows);
    CHECK(other.parts == std::vector<Part>{SlicePart{0, 116, 32}});
  }
  SUBCASE("two tensors one after another") {
    Computation both = identity_computation(first);
    both.inputs.push_back({"c", DType::Float32, {2, 4}, false, Contiguous{1, 0}});
    both.views.push_back(identity_view(1, {2, 4}));
    both.shape = {5, 4};
    OutputFile other{"w.bin", {}};
    append_tensor(bundle, other, both);
    CHECK(other.parts == std::vector<Part>{SlicePart{0, 100, 48}, SlicePart{1, 0, 32}});
  }
  SUBCASE("columns are computed") {
    Computation columns = identity_computation(first);
    columns.views[0] = sliced(columns.views[0], 1, 1, 2);
    columns.shape = {3, 2};
    OutputFile other{"w.bin", {}};
    append_tensor(bundle, other, columns);
    CHECK(other.parts == std::vector<Part>{ComputedPart{0, 0, 24}});
  }
  SUBCASE("big-endian elements are computed") {
    TensorRef big = first;
    big.big_endian = true;
    OutputFile other{"w.bin", {}};
    append_tensor(bundle, other, identity_computation(big));
    CHECK(std::holds_alternative<ComputedPart>(other.parts.at(0)));
  }
  SUBCASE("a tensor without elements adds nothing") {
    OutputFile other{"w.bin", {}};
    append_tensor(bundle, other,
                  identity_computation({"e", DType::Float32, {0, 4}, false, tensor::Fill{}}));
    CHECK(other.parts.empty());
  }
}

TEST_CASE("a view that leaves its input is refused") {
  Computation computation =
      identity_computation({"a", DType::Float32, {3, 4}, false, Contiguous{0, 0}});
  computation.views[0].offset = 1;
  CHECK_THROWS(check_computation(computation));
  computation.views[0].offset = -1;
  CHECK_THROWS(check_computation(computation));
  computation.views[0].offset = 0;
  CHECK_NOTHROW(check_computation(computation));
  computation.dtype = DType::Float16;
  CHECK_THROWS(check_computation(computation));
}
