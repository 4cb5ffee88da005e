#pragma once

#include <cstddef>
#include <vector>

#include "graph/ops/extents.h"

/// Orders of axes. An order lists, for each axis of the target's value, the axis of Keras's value
/// that it is (numpy's transpose: target = keras.transpose(order)).
namespace tensorferry::graph {

using Axes = std::vector<std::size_t>;

/// 0, 1, 2…
Axes keras_order(std::size_t rank);
/// The batch, the channels (Keras's `channel_axis`), then the other axes ascending.
Axes channels_first_order(std::size_t rank, std::size_t channel_axis);
/// The batch, the time (axis 1), the channels (the last axis), then the other axes ascending.
Axes channels_first_each_time(std::size_t rank);
/// Where Keras's axis `axis` stands in the target.
std::size_t position_of(const Axes& order, std::size_t axis);
/// Where each of these axes of Keras's stands in the target, ascending.
Axes placed(const Axes& axes, const Axes& order);
bool contains(const Axes& axes, std::size_t axis);
/// The transpose that turns a value held in order `from` into one held in order `to`.
Axes transpose_between(const Axes& from, const Axes& to);
/// `items`, one for each of Keras's axes, in the target's order.
template <class Item>
std::vector<Item> in_order(const std::vector<Item>& items, const Axes& order) {
  std::vector<Item> result;
  for (const std::size_t axis : order) result.push_back(items.at(axis));
  return result;
}
/// True if a transpose of a value of this shape by `axes` moves no element: only axes of extent 1
/// change places. An unknown extent, but for the batch's, counts as more than 1.
bool moves_nothing(const std::vector<Extent>& shape, const Axes& axes);

}  // namespace tensorferry::graph
