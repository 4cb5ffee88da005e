#include <algorithm>
#include <cmath>

#include "graph/evaluate/kernels.h"

namespace tensorferry::graph {

Array group_normalized(const GroupNorm& norm, const Array& x) {
  // The channels as (groups, channels of a group).
  const auto axis = static_cast<std::ptrdiff_t>(norm.axis);
  Array grouped = x;
  grouped.shape[norm.axis] /= static_cast<std::uint64_t>(norm.groups);
  grouped.shape.insert(grouped.shape.begin() + axis, static_cast<std::uint64_t>(norm.groups));
  std::vector<std::size_t> axes;
  for (std::size_t k = 1; k < grouped.shape.size(); ++k) {
    if (k != norm.axis) axes.push_back(k);
  }
  const Moments moments = moments_over(grouped, axes);
  Array result = x;
  std::size_t next = 0;
  for_each_index(grouped.shape, [&](const Index& index) {
    double& value = result.data[next++];
    value = (value - broadcast_at(moments.mean, index)) /
            std::sqrt(broadcast_at(moments.variance, index) + norm.epsilon);
  });
  return result;
}

Array evaluate_unit_norm(const UnitNorm& norm, const Array& x) {
  Array squares = x;
  for (double& value : squares.data) value *= value;
  const Array sums = evaluate_reduce({ReduceAxes::Kind::Sum, norm.axes, true}, squares);
  Array result = x;
  std::size_t next = 0;
  for_each_index(x.shape, [&](const Index& index) {
    result.data[next++] /= std::max(std::sqrt(broadcast_at(sums, index)), norm.least);
  });
  return result;
}

}  // namespace tensorferry::graph
