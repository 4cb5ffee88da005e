#include <doctest/doctest.h>

#include "tensor/transform.h"

using namespace tensorferry::tensor;

TEST_CASE("a view is permuted as numpy transposes") {
  const View view = permuted(identity_view(0, {3, 5, 7}), {2, 0, 1});
  CHECK(view.shape == Shape{7, 3, 5});
  CHECK(view.strides == std::vector<std::int64_t>{1, 35, 7});
  CHECK_THROWS(permuted(view, {0, 1}));
  CHECK_THROWS(permuted(view, {0, 1, 1}));
  CHECK_THROWS(permuted(view, {0, 1, 3}));
}

TEST_CASE("a view is reshaped where no copy is needed") {
  SUBCASE("split") {
    const View view = reshaped(identity_view(0, {12, 5}), {3, 4, 5});
    CHECK(view.strides == std::vector<std::int64_t>{20, 5, 1});
  }
  SUBCASE("split, permuted") {
    const View view = reshaped(permuted(identity_view(0, {12, 5}), {1, 0}), {5, 3, 4});
    CHECK(view.strides == std::vector<std::int64_t>{1, 20, 5});
  }
  SUBCASE("merge") {
    const View view = reshaped(identity_view(0, {3, 1, 4, 5}), {3, 20});
    CHECK(view.strides == std::vector<std::int64_t>{20, 1});
  }
  SUBCASE("ones come and go") {
    const View view = reshaped(identity_view(0, {3, 4}), {1, 3, 1, 4, 1});
    CHECK(view.shape == Shape{1, 3, 1, 4, 1});
    CHECK(view.strides[1] == 4);
    CHECK(view.strides[3] == 1);
    CHECK(reshaped(view, {12}).strides == std::vector<std::int64_t>{1});
  }
  SUBCASE("a scalar") {
    CHECK(reshaped(identity_view(0, {}), {1, 1}).shape == Shape{1, 1});
    CHECK(reshaped(identity_view(0, {1}), {}).shape == Shape{});
  }
  SUBCASE("not evenly spaced") {
    CHECK_THROWS(reshaped(permuted(identity_view(0, {3, 4}), {1, 0}), {12}));
    CHECK_THROWS(reshaped(identity_view(0, {3, 4}), {3, 5}));
  }
}

TEST_CASE("a view is sliced") {
  const View view = sliced(identity_view(0, {3, 5}), 1, 2, 3);
  CHECK(view.shape == Shape{3, 3});
  CHECK(view.offset == 2);
  CHECK_THROWS(sliced(view, 1, 2, 2));
  CHECK_THROWS(sliced(view, 2, 0, 1));
}
