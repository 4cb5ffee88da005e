#include "graph/passes/axes.h"

#include <algorithm>
#include <numeric>

namespace tensorferry::graph {

Axes keras_order(std::size_t rank) {
  Axes order(rank);
  std::iota(order.begin(), order.end(), std::size_t{0});
  return order;
}

Axes channels_first_order(std::size_t rank, std::size_t channel_axis) {
  Axes order{0, channel_axis};
  for (std::size_t axis = 1; axis < rank; ++axis) {
    if (axis != channel_axis) order.push_back(axis);
  }
  return order;
}

Axes channels_first_each_time(std::size_t rank) {
  Axes order = keras_order(rank);
  order.pop_back();
  order.insert(order.begin() + 2, rank - 1);
  return order;
}

std::size_t position_of(const Axes& order, std::size_t axis) {
  return static_cast<std::size_t>(std::find(order.begin(), order.end(), axis) - order.begin());
}

Axes placed(const Axes& axes, const Axes& order) {
  Axes result;
  for (const std::size_t axis : axes) result.push_back(position_of(order, axis));
  std::sort(result.begin(), result.end());
  return result;
}

bool contains(const Axes& axes, std::size_t axis) {
  return std::find(axes.begin(), axes.end(), axis) != axes.end();
}

Axes transpose_between(const Axes& from, const Axes& to) {
  Axes axes;
  for (const std::size_t axis : to) axes.push_back(position_of(from, axis));
  return axes;
}

bool moves_nothing(const std::vector<Extent>& shape, const Axes& axes) {
  Axes longer;
  for (const std::size_t axis : axes) {
    if (shape.at(axis) != 1) longer.push_back(axis);
  }
  return std::is_sorted(longer.begin(), longer.end());
}

}  // namespace tensorferry::graph
