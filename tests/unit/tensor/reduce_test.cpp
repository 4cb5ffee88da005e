#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "io/crc32.h"
#include "random.h"
#include "tensor/produce.h"
#include "tensor/sha256.h"

using namespace tensorferry;
using namespace tensorferry::tensor;
using test::Random;

namespace {

std::string sha256_of(std::string_view text, std::size_t piece) {
  Sha256 sha;
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
    sha.update(std::as_bytes(std::span(text.data(), std::min(piece, text.size()))));
  }
  return sha.finish();
}

std::vector<std::byte> bytes_of(const std::vector<float>& values) {
  std::vector<std::byte> bytes(values.size() * 4);
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

}  // namespace

TEST_CASE("SHA-256 of FIPS 180's examples, in any pieces") {
  const std::string two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  for (const std::size_t piece : {1u, 3u, 63u, 64u, 65u, 1000u}) {
    CHECK(sha256_of("", piece) ==
          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(sha256_of("abc", piece) ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(sha256_of(two_blocks, piece) ==
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    CHECK(sha256_of(std::string(1000000, 'a'), 1000 * piece) ==
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  }
  // Lengths around the border where the padding takes another block: all different, so none was
  // cut.
  std::vector<std::string> seen;
  for (std::size_t size = 50; size < 70; ++size) {
    const std::string digest = sha256_of(std::string(size, 'x'), 11);
    CHECK(std::find(seen.begin(), seen.end(), digest) == seen.end());
    CHECK(digest == sha256_of(std::string(size, 'x'), 1000));
    seen.push_back(digest);
  }
}

TEST_CASE("minimum and maximum run over the elements before they are quantized") {
  Random random(5);
  std::vector<float> values(3 * 1700);
  for (float& value : values) value = static_cast<float>(random.between(0, 1000)) - 300;
  values[4711] = -301;
  values[17] = 1234;
  const std::vector<io::Source> sources = {io::memory_source("a.h5", bytes_of(values))};
  const TensorRef tensor{"kernel", DType::Float32, {1700, 3}, false, Contiguous{0, 0}};
  Bundle bundle;
  bundle.reduces = {{ReduceKind::Minimum, TensorElements{0}},
                    {ReduceKind::Maximum, TensorElements{0}}};
  Computation computation = identity_computation(tensor);
  computation.views[0] = permuted(computation.views[0], {1, 0});
  computation.shape = {3, 1700};
  computation.values = {Affine{2, 1}, Quantize{DType::UInt8, 0, 1}};
  computation.dtype = DType::UInt8;
  bundle.computations = {computation};
  std::uint64_t progress = 0;
  MemoryLimits limits;
  limits.tile = 1000;
  const auto told = [&](std::uint64_t bytes) { progress += bytes; };
  CHECK(std::get<double>(reduce(bundle, 0, sources, {}, limits, told)) == -601);
  CHECK(progress == values.size() * 4);
  CHECK(std::get<double>(reduce(bundle, 1, sources, {}, limits, told)) == 2469);

  SUBCASE("of a slice of the input only that slice counts") {
    bundle.computations[0].views[0] = sliced(bundle.computations[0].views[0], 1, 100, 1000);
    bundle.computations[0].shape = {3, 1000};
    double high = -1e9;
    for (std::size_t i = 300; i < 3300; ++i) high = std::max<double>(high, values[i] * 2 + 1);
    CHECK(std::get<double>(reduce(bundle, 1, sources, {}, limits, told)) == high);
  }
  SUBCASE("a NaN is not lost") {
    values[3000] = NAN;
    const std::vector<io::Source> with_nan = {io::memory_source("a.h5", bytes_of(values))};
    CHECK(std::isnan(std::get<double>(reduce(bundle, 0, with_nan, {}, limits, told))));
  }
}

TEST_CASE("jobs are the same work without the rest of the plan") {
  Random random(6);
  std::vector<float> values(60);
  for (float& value : values) value = static_cast<float>(random.between(0, 1000));
  const std::vector<io::Source> sources = {io::memory_source("a.h5", bytes_of(values))};
  const TensorRef tensor{"kernel", DType::Float32, {12, 5}, false, Contiguous{0, 0}};
  Bundle bundle;
  bundle.computations = {identity_computation(tensor), identity_computation(tensor)};
  Computation& computation = bundle.computations[1];
  computation.views[0] = permuted(computation.views[0], {1, 0});
  computation.shape = {5, 12};
  computation.values = {Quantize{DType::UInt16, 3, 4}};
  computation.dtype = DType::UInt16;
  bundle.reduces.assign(3, {ReduceKind::Crc32, FileBytes{0}});
  bundle.reduces.push_back({ReduceKind::Minimum, TensorElements{1}});
  bundle.reduces.push_back({ReduceKind::Maximum, TensorElements{1}});
  const Part part = ComputedPart{1, 0, 120};
  NumberText text{{"{\"min\": ", ", \"scale\": ", "}"},
                  {{NumberText::Number::Minimum, 3, 4, DType::UInt16},
                   {NumberText::Number::Scale, 3, 4, DType::UInt16}}};
  const Part numbers = DeferredPart{number_text_size(text), text};
  bundle.files = {{"a.bin", {SlicePart{0, 3, 100}, part, numbers, InlinePart{"xyz"}}}};
  bundle.reduces.push_back({ReduceKind::Sha256, FileParts{0, 1, 3}});

  CHECK(needs_of(bundle, part) == std::vector<ReduceId>{3, 4});
  CHECK(needs_of(bundle, 5) == std::vector<ReduceId>{3, 4});
  CHECK_THROWS(encode_job(bundle, part, {}));

  ReduceResults results;
  for (const ReduceId id : {3u, 4u}) {
    const ReduceJob job = decode_reduce_job(encode_reduce_job(bundle, id, {}));
    results[id] = reduce(job.bundle, 0, sources, job.results, {}, {});
    CHECK(results[id] == reduce(bundle, id, sources, {}, {}, {}));
  }
  for (const Part& it : bundle.files[0].parts) {
    const Job job = decode_job(encode_job(bundle, it, results));
    CHECK(job.bundle.computations.size() == (it == part ? 1 : 0));
    std::vector<std::byte> here(part_size(it));
    std::vector<std::byte> there(part_size(it));
    produce(bundle, it, 0, sources, results, {}, here);
    produce(job.bundle, job.part, 0, sources, job.results, {}, there);
    CHECK(here == there);
  }
  const ReduceJob sha = decode_reduce_job(encode_reduce_job(bundle, 5, results));
  CHECK(reduce(sha.bundle, 0, sources, sha.results, {}, {}) ==
        reduce(bundle, 5, sources, results, {}, {}));

  const std::string bytes = encode_job(bundle, part, results);
  for (std::size_t size = 0; size < bytes.size(); size += 5) {
    CHECK_THROWS(decode_job(std::string_view(bytes).substr(0, size)));
  }
}
