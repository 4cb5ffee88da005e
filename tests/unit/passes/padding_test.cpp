#include "graph/passes/padding.h"

#include <doctest/doctest.h>

#include <cmath>

#include "graph/passes/layout.h"
#include "passes/model_builder.h"

namespace tensorferry::graph {
namespace {

struct Merged {
  Program before;
  Program after;
  bool is_merged() const { return after.notes.size() > before.notes.size(); }
};

/// A map padded by `pads` (height, width) and convolved without padding of its own.
Merged merged(ModelBuilder& builder, const std::vector<Pad>& pads, double value, bool is_output) {
  const ValueId x = builder.input("x", {7, 5, 3});
  const ValueId padded = builder.add(PadAxes{{{0, 0}, pads[0], pads[1], {0, 0}}, value}, {x});
  builder.output("y", builder.conv(padded, 4, {3, 2}));
  if (is_output) builder.output("z", padded);
  Merged result{channels_first(builder.program(), {}), {}};
  result.after = result.before;
  merge_padding(result.after);
  return result;
}

double largest_difference(const Merged& merged, std::mt19937& random) {
  Array x{{2, 3, 7, 5}, {}};
  std::uniform_real_distribution<double> numbers(-2, 2);
  for (int i = 0; i < 210; ++i) x.data.push_back(numbers(random));
  const Array expected = evaluate(merged.before, {x}, load_inline).at(0);
  const Array found = evaluate(merged.after, {x}, load_inline).at(0);
  if (expected.shape != found.shape) return INFINITY;
  double difference = 0;
  for (std::size_t i = 0; i < found.data.size(); ++i) {
    difference = std::max(difference, std::abs(found.data[i] - expected.data[i]));
  }
  return difference;
}

TEST_CASE("zeros on both sides become the convolution's own") {
  ModelBuilder builder(1);
  const Merged result = merged(builder, {{2, 2}, {1, 1}}, 0, false);
  CHECK(result.is_merged());
  CHECK(largest_difference(result, builder.random()) < 1e-12);
}

TEST_CASE("other padding stays") {
  const auto is_merged = [](const std::vector<Pad>& pads, double value, bool is_output) {
    ModelBuilder builder(2);
    return merged(builder, pads, value, is_output).is_merged();
  };
  CHECK_FALSE(is_merged({{0, 1}, {0, 1}}, 0, false));
  CHECK_FALSE(is_merged({{1, 1}, {1, 1}}, 0.5, false));
  CHECK_FALSE(is_merged({{-1, -1}, {0, 0}}, 0, false));
  CHECK_FALSE(is_merged({{1, 1}, {1, 1}}, 0, true));
}

}  // namespace
}  // namespace tensorferry::graph
