#include "passes/checked_layout.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "graph/print.h"

namespace tensorferry::graph {
namespace {

constexpr std::uint64_t batch = 2;

Array random_array(std::mt19937& random, const std::vector<Extent>& shape) {
  Array array;
  std::size_t count = 1;
  for (const Extent extent : shape) {
    array.shape.push_back(extent == unknown_extent ? batch : static_cast<std::uint64_t>(extent));
    count *= array.shape.back();
  }
  std::uniform_real_distribution<double> numbers(-2, 2);
  for (std::size_t i = 0; i < count; ++i) array.data.push_back(numbers(random));
  return array;
}

Array transposed(const Array& array, const std::vector<std::size_t>& axes) {
  if (axes.empty()) return array;
  Array result;
  std::vector<std::size_t> strides(axes.size(), 1);
  for (std::size_t axis = axes.size(); axis-- > 1;) {
    strides[axis - 1] = strides[axis] * array.shape[axis];
  }
  for (const std::size_t axis : axes) result.shape.push_back(array.shape[axis]);
  std::vector<std::size_t> index(axes.size(), 0);
  for (std::size_t count = 0; count < array.data.size(); ++count) {
    std::size_t position = 0;
    for (std::size_t k = 0; k < axes.size(); ++k) position += index[k] * strides[axes[k]];
    result.data.push_back(array.data[position]);
    for (std::size_t k = axes.size(); k-- > 0;) {
      if (++index[k] < result.shape[k]) break;
      index[k] = 0;
    }
  }
  return result;
}

double largest_difference(const Array& a, const Array& b) {
  if (a.shape != b.shape) return INFINITY;
  double difference = 0;
  for (std::size_t i = 0; i < a.data.size(); ++i) {
    difference = std::max(difference, std::abs(a.data[i] - b.data[i]));
  }
  return difference;
}

}  // namespace

Program checked_layout(ModelBuilder& builder, LayoutOptions options) {
  const Program before = builder.program();
  const Program after = channels_first(before, options);
  const Graph& source = before.graphs[before.root];
  const Graph& target = after.graphs[after.root];
  std::vector<Array> keras_inputs;
  std::vector<Array> target_inputs;
  for (std::size_t i = 0; i < source.inputs.size(); ++i) {
    keras_inputs.push_back(
        random_array(builder.random(), source.values[source.inputs[i].value].shape));
    target_inputs.push_back(
        transposed(keras_inputs.back(), target.values[target.inputs[i].value].layout.axes));
  }
  INFO(print(before));
  INFO(print(after));
  const std::vector<Array> expected = evaluate(before, keras_inputs, load_inline);
  const std::vector<Array> found = evaluate(after, target_inputs, load_inline);
  REQUIRE(expected.size() == found.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const Layout& layout = target.values[target.outputs[i].value].layout;
    CHECK(layout.last_axis.empty());
    CHECK(largest_difference(transposed(expected[i], layout.axes), found[i]) < 1e-9);
  }
  return after;
}

}  // namespace tensorferry::graph
