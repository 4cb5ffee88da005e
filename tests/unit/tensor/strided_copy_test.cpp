#include "tensor/strided_copy.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "random.h"

using namespace tensorferry::tensor;
using tensorferry::test::Random;

namespace {

using Bytes = std::vector<std::byte>;

Bytes copied_one_by_one(const Bytes& from, std::vector<CopyAxis> axes, std::size_t size) {
  Bytes to(from.size());
  std::vector<std::uint64_t> index(axes.size(), 0);
  while (true) {
    std::int64_t source = 0;
    std::int64_t target = 0;
    for (std::size_t axis = 0; axis < axes.size(); ++axis) {
      source += static_cast<std::int64_t>(index[axis]) * axes[axis].from;
      target += static_cast<std::int64_t>(index[axis]) * axes[axis].to;
    }
    std::memcpy(to.data() + target * static_cast<std::int64_t>(size),
                from.data() + source * static_cast<std::int64_t>(size), size);
    std::size_t axis = 0;
    while (axis < axes.size() && ++index[axis] == axes[axis].extent) index[axis++] = 0;
    if (axis == axes.size()) return to;
  }
}

}  // namespace

// Extents around the sizes of blocks and lines: 16 elements of 4 bytes, 32 of 2, 64 of 1.
TEST_CASE("a transpose of any order, extents and element size is that of its elements") {
  Random random(5);
  for (const std::size_t size : {1, 2, 4, 8}) {
    for (int round = 0; round < 300; ++round) {
      const auto rank = static_cast<std::size_t>(random.between(1, 4));
      std::vector<std::size_t> order(rank);
      std::iota(order.begin(), order.end(), 0);
      for (std::size_t i = rank; i > 1; --i) {
        std::swap(order[i - 1], order[static_cast<std::size_t>(random.between(0, int(i) - 1))]);
      }
      std::vector<CopyAxis> axes(rank);
      std::int64_t count = 1;
      for (std::size_t i = rank; i-- > 0;) {
        axes[i].extent = static_cast<std::uint64_t>(random.between(1, rank > 2 ? 35 : 150));
        axes[i].from = count;
        count *= static_cast<std::int64_t>(axes[i].extent);
      }
      std::int64_t step = 1;
      for (const std::size_t axis : order) {
        axes[axis].to = step;
        step *= static_cast<std::int64_t>(axes[axis].extent);
      }
      Bytes from(static_cast<std::size_t>(count) * size);
      for (std::byte& byte : from) byte = static_cast<std::byte>(random.between(0, 255));
      Bytes to(from.size());
      strided_copy(from.data(), to.data(), axes, size);
      REQUIRE(to == copied_one_by_one(from, axes, size));
    }
  }
}
