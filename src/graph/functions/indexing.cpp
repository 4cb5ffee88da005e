#include <algorithm>
#include <cmath>
#include <limits>

#include "graph/functions/shapes.h"

namespace tensorferry::graph {

namespace {

using Operands = std::vector<Extents>;

/// `integers` holds four numbers for each item of the index: what it is (0: a slice, 1: a position,
/// 2: a new axis), then first, last and step, of which `no_bound` ones are not given; steps are
/// positive; there is an item for each axis.
struct Item {
  std::int64_t kind;
  std::int64_t first;
  std::int64_t last;
  std::int64_t step;
};

std::vector<Item> items_of(const Function& function) {
  std::vector<Item> items;
  for (std::size_t i = 0; i + 3 < function.integers.size(); i += 4) {
    const auto at = function.integers.begin() + static_cast<std::ptrdiff_t>(i);
    items.push_back({at[0], at[1], at[2], at[3]});
  }
  return items;
}

std::int64_t bounded(std::int64_t bound, std::int64_t otherwise, std::int64_t extent) {
  if (bound == no_bound) return otherwise;
  return std::clamp<std::int64_t>(bound < 0 ? bound + extent : bound, 0, extent);
}

Operands shapes_of_get_item(const Function& function, const Operands& operands) {
  Extents shape;
  std::size_t axis = 0;
  for (const Item& item : items_of(function)) {
    if (item.kind == 2) {
      shape.push_back(1);
      continue;
    }
    if (axis >= operands.at(0).size()) refuse_operands("getitem", "there are too many indices");
    const Extent extent = operands[0][axis++];
    if (item.kind == 1) continue;
    const bool is_whole = item.first == no_bound && item.last == no_bound && item.step == 1;
    if (extent == unknown_extent || is_whole) {
      shape.push_back(extent);
      continue;
    }
    const std::int64_t first = bounded(item.first, 0, extent);
    const std::int64_t last = bounded(item.last, extent, extent);
    shape.push_back(std::max<std::int64_t>((last - first + item.step - 1) / item.step, 0));
  }
  return {shape};
}

Arrays evaluate_get_item(const Function& function, const Arrays& operands) {
  const Array& x = operands.at(0);
  Array result = zeros(index_of(shapes_of_get_item(function, {extents_of(x)}).at(0)));
  const auto strides = strides_of(x.shape);
  const std::vector<Item> items = items_of(function);
  std::size_t next = 0;
  for_each_index(result.shape, [&](const Index& index) {
    Index source;
    std::size_t at = 0;
    for (const Item& item : items) {
      if (item.kind == 2) {
        ++at;
        continue;
      }
      const auto extent = static_cast<std::int64_t>(x.shape[source.size()]);
      std::int64_t position = item.first < 0 ? item.first + extent : item.first;
      if (item.kind == 0) {
        position =
            bounded(item.first, 0, extent) + item.step * static_cast<std::int64_t>(index[at++]);
      }
      source.push_back(static_cast<std::uint64_t>(position));
    }
    result.data[next++] = x.data[offset_of(source, strides)];
  });
  return {result};
}

/// A negative index counts from the end.
std::uint64_t position_of(double taken, std::uint64_t extent) {
  const double position = taken < 0 ? taken + static_cast<double>(extent) : taken;
  if (!(position >= 0 && position < static_cast<double>(extent))) {
    refuse_operands("take", "an index is out of range");
  }
  return static_cast<std::uint64_t>(position);
}

/// x[…, indices, …] at the axis; `integers` are the indices where they are no operand.
Operands shapes_of_take(const Function& function, const Operands& operands) {
  const Extents& x = operands.at(0);
  const auto axis = static_cast<std::ptrdiff_t>(function.axes.at(0));
  Extents shape(x.begin(), x.begin() + axis);
  if (operands.size() > 1) {
    shape.insert(shape.end(), operands[1].begin(), operands[1].end());
  } else {
    shape.push_back(static_cast<Extent>(function.integers.size()));
  }
  shape.insert(shape.end(), x.begin() + axis + 1, x.end());
  return {shape};
}

Arrays evaluate_take(const Function& function, const Arrays& operands) {
  const Array& x = operands.at(0);
  Array indices;
  if (operands.size() > 1) {
    indices = operands[1];
  } else {
    indices = {{function.integers.size()}, {}};
    for (const std::int64_t position : function.integers) {
      indices.data.push_back(static_cast<double>(position));
    }
  }
  const std::size_t axis = function.axes.at(0);
  Operands shapes{extents_of(x), extents_of(indices)};
  Array result = zeros(index_of(shapes_of_take(function, shapes).at(0)));
  const auto strides = strides_of(x.shape);
  const auto index_strides = strides_of(indices.shape);
  std::size_t next = 0;
  for_each_index(result.shape, [&](const Index& index) {
    const auto begin = index.begin() + static_cast<std::ptrdiff_t>(axis);
    const auto end = begin + static_cast<std::ptrdiff_t>(indices.shape.size());
    const double taken = indices.data[offset_of(Index(begin, end), index_strides)];
    Index source(index.begin(), begin);
    source.push_back(position_of(taken, x.shape[axis]));
    source.insert(source.end(), end, index.end());
    result.data[next++] = x.data[offset_of(source, strides)];
  });
  return {result};
}

Operands shapes_of_take_along(const Function& function, const Operands& operands) {
  Extents rest = operands.at(0);
  rest.at(function.axes.at(0)) = 1;
  return {broadcast_extents({rest, operands.at(1)})};
}

Arrays evaluate_take_along(const Function& function, const Arrays& operands) {
  const std::size_t axis = function.axes.at(0);
  const Array& x = operands.at(0);
  Array result = zeros(
      index_of(shapes_of_take_along(function, {extents_of(x), extents_of(operands.at(1))}).at(0)));
  std::size_t next = 0;
  for_each_index(result.shape, [&](Index index) {
    const double taken = element_at(operands[1], index);
    index[axis] = position_of(taken, x.shape[axis]);
    result.data[next++] = element_at(x, index);
  });
  return {result};
}

/// The positions 0 … `integers[0]` − 1 along a new axis, 1 where the operand is that; nothing else
/// is 1 where it is none of them.
Operands shapes_of_one_hot(const Function& function, const Operands& operands) {
  Extents shape = operands.at(0);
  shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(function.axes.at(0)),
               function.integers.at(0));
  return {shape};
}

Arrays evaluate_one_hot(const Function& function, const Arrays& operands) {
  const std::size_t axis = function.axes.at(0);
  Array result = zeros(index_of(shapes_of_one_hot(function, {extents_of(operands.at(0))}).at(0)));
  std::size_t next = 0;
  for_each_index(result.shape, [&](Index index) {
    const auto position = static_cast<double>(index[axis]);
    index.erase(index.begin() + static_cast<std::ptrdiff_t>(axis));
    result.data[next++] = element_at(operands[0], index) == position ? 1 : 0;
  });
  return {result};
}

/// Of all elements where `axes` is empty.
Operands shapes_of_arg(const Function& function, const Operands& operands) {
  std::vector<std::size_t> axes = function.axes;
  return {without_axes(operands.at(0), axes, function.keep_dims)};
}

template <class Better>
Arrays best_position(const Function& function, const Arrays& operands, Better better) {
  Array result = lines_mapped(operands.at(0), function.axes, 1, [&](std::vector<double>& line) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < line.size(); ++i) {
      if (better(line[i], line[best])) best = i;
    }
    return std::vector<double>{static_cast<double>(best)};
  });
  result.shape = index_of(shapes_of_arg(function, {extents_of(operands[0])}).at(0));
  return {result};
}

Arrays evaluate_argmax(const Function& function, const Arrays& operands) {
  return best_position(function, operands, [](double a, double b) { return a > b; });
}

Arrays evaluate_argmin(const Function& function, const Arrays& operands) {
  return best_position(function, operands, [](double a, double b) { return a < b; });
}

/// The `numbers` quantiles over the axes, along a new first axis; without it where `integers[0]` is
/// 1. `text`: how to choose between two neighbours: "linear", "lower", "higher", "midpoint",
/// "nearest".
Operands shapes_of_quantile(const Function& function, const Operands& operands) {
  Extents shape = without_axes(operands.at(0), function.axes, function.keep_dims);
  if (function.integers.at(0) != 1) {
    shape.insert(shape.begin(), static_cast<Extent>(function.numbers.size()));
  }
  return {shape};
}

double quantile_of(const std::vector<double>& sorted, double q, std::string_view method) {
  const double at = q * static_cast<double>(sorted.size() - 1);
  const double below = sorted[static_cast<std::size_t>(std::floor(at))];
  const double above = sorted[static_cast<std::size_t>(std::ceil(at))];
  if (method == "lower") return below;
  if (method == "higher") return above;
  if (method == "midpoint") return (below + above) / 2;
  if (method == "nearest") return sorted[static_cast<std::size_t>(std::nearbyint(at))];
  return below + (above - below) * (at - std::floor(at));
}

Arrays evaluate_quantile(const Function& function, const Arrays& operands) {
  const Array lines = lines_mapped(operands.at(0), function.axes, function.numbers.size(),
                                   [&](std::vector<double>& line) {
                                     std::sort(line.begin(), line.end());
                                     std::vector<double> results;
                                     for (const double q : function.numbers) {
                                       results.push_back(quantile_of(line, q, function.text));
                                     }
                                     return results;
                                   });
  Array result = zeros(index_of(shapes_of_quantile(function, {extents_of(operands[0])}).at(0)));
  const std::size_t count = function.numbers.size();
  const std::size_t others = lines.data.size() / count;
  for (std::size_t i = 0; i < others; ++i) {
    for (std::size_t k = 0; k < count; ++k) {
      result.data[k * others + i] = lines.data[i * count + k];
    }
  }
  return {result};
}

/// How many of `numbers`, which ascend and are float32's, lie below each element; `text` "right":
/// also those equal to it.
Arrays evaluate_search(const Function& function, const Arrays& operands) {
  Array result = operands.at(0);
  std::vector<double> edges;
  for (const double edge : function.numbers) edges.push_back(static_cast<float>(edge));
  for (double& value : result.data) {
    const auto at = function.text == "right" ? std::upper_bound(edges.begin(), edges.end(), value)
                                             : std::lower_bound(edges.begin(), edges.end(), value);
    value = static_cast<double>(at - edges.begin());
  }
  return {result};
}

/// Of each element of x the value at its place among the keys, which ascend; of what is none of
/// them the last operand.
Operands shapes_of_look_up(const Function&, const Operands& operands) { return {operands.at(0)}; }

Arrays evaluate_look_up(const Function&, const Arrays& operands) {
  Array result = operands.at(0);
  const std::vector<double>& keys = operands.at(1).data;
  for (std::size_t i = 0; i < result.data.size(); ++i) {
    const auto at = std::lower_bound(keys.begin(), keys.end(), result.data[i]);
    const Array& otherwise = operands.at(3);
    if (at != keys.end() && *at == result.data[i]) {
      result.data[i] = operands.at(2).data[static_cast<std::size_t>(at - keys.begin())];
    } else {
      result.data[i] = otherwise.data[otherwise.data.size() == 1 ? 0 : i];
    }
  }
  return {result};
}

constexpr FunctionRow rows_of_indexing[] = {
    fixed("argmax", shapes_of_arg, evaluate_argmax),
    fixed("argmin", shapes_of_arg, evaluate_argmin),
    fixed("get_item", shapes_of_get_item, evaluate_get_item),
    fixed("look_up", shapes_of_look_up, evaluate_look_up),
    fixed("one_hot", shapes_of_one_hot, evaluate_one_hot),
    fixed("quantile", shapes_of_quantile, evaluate_quantile),
    fixed("search", nullptr, evaluate_search),
    fixed("take", shapes_of_take, evaluate_take),
    fixed("take_along_axis", shapes_of_take_along, evaluate_take_along),
};

constexpr auto kinds_of_indexing = kinds_of(rows_of_indexing);

}  // namespace

std::span<const FunctionKind> indexing_functions() { return kinds_of_indexing; }
std::span<const FunctionRow> indexing_rows() { return rows_of_indexing; }

}  // namespace tensorferry::graph
