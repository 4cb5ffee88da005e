#include "graph/infer.h"

#include <doctest/doctest.h>

#include "io/error.h"

using namespace tensorferry;
using namespace tensorferry::graph;

namespace {

using Extents = std::vector<Extent>;

Value value_of(Extents shape) {
  Value value;
  value.shape = std::move(shape);
  return value;
}

Extents shape_after(const Op& op, std::vector<Value> inputs) {
  return infer(Program{}, op, inputs).at(0).shape;
}

Conv conv_2d(std::vector<std::int64_t> kernel, std::vector<std::int64_t> strides,
             std::vector<Pad> pads, std::size_t channel_axis) {
  Conv conv;
  conv.in_channels = 3;
  conv.out_channels = 4;
  conv.kernel_size = std::move(kernel);
  conv.strides = std::move(strides);
  conv.dilations = {1, 2};
  conv.padding = {SpatialPadding::Kind::Explicit, std::move(pads)};
  conv.channel_axis = channel_axis;
  return conv;
}

}  // namespace

TEST_CASE("a convolution's extents, in either order of the axes") {
  // (9 + 1 + 2 − 3) / 2 + 1 = 5; (7 + 0 + 1 − (2·2 + 1)) / 3 + 1 = 2.
  const std::vector<Pad> pads{{1, 2}, {0, 1}};
  CHECK(shape_after(conv_2d({3, 3}, {2, 3}, pads, 3), {value_of({-1, 9, 7, 3})}) ==
        Extents{-1, 5, 2, 4});
  CHECK(shape_after(conv_2d({3, 3}, {2, 3}, pads, 1), {value_of({-1, 3, 9, 7})}) ==
        Extents{-1, 4, 5, 2});
  CHECK(shape_after(conv_2d({3, 3}, {2, 3}, pads, 3), {value_of({2, -1, 7, 3})}) ==
        Extents{2, -1, 2, 4});
  CHECK_THROWS_AS(shape_after(conv_2d({13, 3}, {2, 3}, pads, 3), {value_of({1, 9, 7, 3})}),
                  io::Error);
  CHECK_THROWS_AS(shape_after(conv_2d({3, 3}, {2, 3}, pads, 3), {value_of({1, 9, 3})}), io::Error);
}

TEST_CASE("a transposed convolution's extents follow what is cut off or added") {
  Conv conv = conv_2d({2, 3}, {3, 1}, {{1, -2}, {0, 1}}, 3);
  conv.transposed = true;
  // (4 − 1)·3 + 2 − 1 + 2 = 12; (5 − 1)·1 + 2·2 + 1 − 1 = 8.
  CHECK(shape_after(conv, {value_of({-1, 4, 5, 3})}) == Extents{-1, 12, 8, 4});
}

TEST_CASE("TensorFlow's same pads put the odd one behind") {
  CHECK(same_pad(9, 3, 2, 1) == Pad{1, 1});
  CHECK(same_pad(8, 3, 2, 1) == Pad{0, 1});
  CHECK(same_pad(8, 4, 1, 1) == Pad{1, 2});
  CHECK(same_pad(unknown_extent, 2, 1, 3) == Pad{1, 2});
  CHECK(same_pad(7, 1, 3, 1) == Pad{0, 0});
  CHECK(window_extent(8, 3, 3, 1, {SpatialPadding::Kind::Same, {}}, 0) == 3);
}

TEST_CASE("reshapes find the free extent and refuse what does not fit") {
  CHECK(shape_after(Reshape{{-1, 3}}, {value_of({-1, 4, 6})}) == Extents{-1, 8, 3});
  CHECK(shape_after(Reshape{{-1, 3}}, {value_of({2, -1, 6})}) == Extents{2, -1, 3});
  CHECK_THROWS_AS(shape_after(Reshape{{-1, 5}}, {value_of({-1, 4, 6})}), io::Error);
  CHECK_THROWS_AS(shape_after(Reshape{{4, 5}}, {value_of({-1, 4, 6})}), io::Error);
  CHECK(shape_after(Flatten{}, {value_of({-1, 4, 3, 2})}) == Extents{-1, 24});
  CHECK(shape_after(Flatten{}, {value_of({-1, -1, 3})}) == Extents{-1, -1});
  CHECK(shape_after(Flatten{}, {value_of({5})}) == Extents{5, 1});
}

TEST_CASE("merges broadcast axis by axis") {
  CHECK(shape_after(Merge{}, {value_of({-1, 4, 1, 5}), value_of({-1, 1, 3, 5})}) ==
        Extents{-1, 4, 3, 5});
  CHECK(shape_after(Merge{}, {value_of({-1, -1, 5}), value_of({-1, 7, 5})}) == Extents{-1, 7, 5});
  CHECK_THROWS_AS(shape_after(Merge{}, {value_of({-1, 4}), value_of({-1, 5})}), io::Error);
  CHECK_THROWS_AS(shape_after(Merge{}, {value_of({-1, 4}), value_of({-1, 4, 4})}), io::Error);
}

TEST_CASE("concatenation adds one axis and holds the others together") {
  CHECK(shape_after(Concatenate{2}, {value_of({-1, -1, 3}), value_of({-1, 6, 2})}) ==
        Extents{-1, 6, 5});
  CHECK(shape_after(Concatenate{1}, {value_of({-1, -1, 3}), value_of({-1, 6, 3})}) ==
        Extents{-1, -1, 3});
  CHECK_THROWS_AS(shape_after(Concatenate{2}, {value_of({-1, 5, 3}), value_of({-1, 6, 2})}),
                  io::Error);
}

TEST_CASE("Dot keeps the axes that it does not contract") {
  CHECK(shape_after(Dot{1, 2, false}, {value_of({-1, 3, 5}), value_of({-1, 10, 3})}) ==
        Extents{-1, 5, 10});
  CHECK(shape_after(Dot{1, 1, false}, {value_of({-1, 3}), value_of({-1, 3})}) == Extents{-1, 1});
  CHECK_THROWS_AS(shape_after(Dot{1, 1, false}, {value_of({-1, 3}), value_of({-1, 4})}), io::Error);
}

TEST_CASE("a called graph is asked anew for the sizes at its call") {
  Program program;
  Graph inner;
  const ValueId x = add_value(inner, value_of({-1, -1, 3}));
  const ValueId y = add_value(inner, value_of({-1, -1, 3}));
  inner.nodes.push_back({Input{"x"}, {}, {x}, {}, "x", false});
  inner.nodes.push_back({PadAxes{{{0, 0}, {1, 2}, {0, 0}}, 0}, {x}, {y}, {}, "pad", false});
  inner.inputs = {{"x", x}};
  inner.outputs = {{"y", y}};
  program.graphs.push_back(inner);
  const std::vector<Value> known = infer(program, CallGraph{0}, {value_of({-1, 7, 3})});
  CHECK(known.at(0).shape == Extents{-1, 10, 3});
  const std::vector<Value> free = infer(program, CallGraph{0}, {value_of({-1, -1, 3})});
  CHECK(free.at(0).shape == Extents{-1, -1, 3});
}

TEST_CASE("behind an unsupported op only the rank is guessed") {
  const Value value = infer(Program{}, Unsupported{"Lambda", ""}, {value_of({2, 7, 3})}).at(0);
  CHECK(value.shape == Extents{-1, -1, -1});
  CHECK_FALSE(value.rank_known);
}

TEST_CASE("flattened runs list Keras's positions in the target's order") {
  // (h 2, w 1, c 3) held as (c, h, w), then a run of two.
  const std::vector<FlattenedRun> runs{{{2, 1, 3}, {2, 0, 1}}, {{2}, {0}}};
  CHECK(keras_positions(runs) == std::vector<std::size_t>{0, 3, 1, 4, 2, 5, 6, 7});
}
