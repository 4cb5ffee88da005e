#include "tensor/statistics.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

namespace tensorferry::tensor {
namespace {

template <class Element>
Statistics statistics(const std::vector<Element>& values, DType dtype, const Shape& shape) {
  std::vector<std::byte> bytes(values.size() * sizeof(Element));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  TensorRef tensor;
  tensor.dtype = dtype;
  tensor.shape = shape;
  tensor.storage = Contiguous{0, 0};
  MemoryLimits limits;
  limits.tile = 64;  // several tiles
  std::uint64_t told = 0;
  const std::vector<io::Source> sources = {io::memory_source("a.h5", bytes)};
  Statistics result = statistics_of(identity_computation(tensor), sources, limits,
                                    [&](std::uint64_t bytes_read) { told += bytes_read; });
  CHECK(told > 0);
  return result;
}

TEST_CASE("statistics of floats, over several tiles") {
  std::vector<float> values;
  for (int i = 0; i < 7 * 13; ++i) values.push_back(1000.0F + static_cast<float>(i % 7));
  const Statistics found = statistics(values, DType::Float32, {7, 13});
  CHECK(found.count == 91);
  CHECK(found.not_finite == 0);
  CHECK(found.minimum == 1000);
  CHECK(found.maximum == 1006);
  CHECK(found.mean == doctest::Approx(1003));
  CHECK(found.deviation == doctest::Approx(2));
  CHECK(std::accumulate(found.histogram.begin(), found.histogram.end(), std::uint64_t{0}) == 91);
  CHECK(found.histogram.front() == 13);
  CHECK(found.histogram.back() == 13);
}

TEST_CASE("what is not finite is counted and left out") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  const Statistics found =
      statistics(std::vector<float>{nan, -2, infinity, 4}, DType::Float32, {4});
  CHECK(found.count == 4);
  CHECK(found.not_finite == 2);
  CHECK(found.minimum == -2);
  CHECK(found.maximum == 4);
  CHECK(found.mean == 1);
  CHECK(found.deviation == 3);
  const Statistics none = statistics(std::vector<float>{nan}, DType::Float32, {1});
  CHECK(none.not_finite == 1);
  CHECK(none.histogram.empty());
}

TEST_CASE("statistics of doubles, of whole numbers, of one number") {
  CHECK(statistics(std::vector<double>{1e-300, 3e-300}, DType::Float64, {2}).mean ==
        doctest::Approx(2e-300));
  CHECK(statistics(std::vector<std::int32_t>{-5, 7}, DType::Int32, {2}).deviation == 6);
  const Statistics same = statistics(std::vector<float>{2, 2, 2}, DType::Float32, {3});
  CHECK(same.deviation == 0);
  CHECK(same.histogram.front() == 3);
}

}  // namespace
}  // namespace tensorferry::tensor
