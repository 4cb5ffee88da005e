#include <algorithm>
#include <cmath>
#include <numeric>

#include "graph/functions/shapes.h"

namespace tensorferry::graph {

namespace {

using Line = std::vector<double>;

/// Positions along the first axis of the axes, in the order of the values. Equal values keep
/// theirs.
std::vector<std::size_t> order_of_line(const Line& line, bool descending) {
  std::vector<std::size_t> order(line.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return descending ? line[a] > line[b] : line[a] < line[b];
  });
  return order;
}

/// `map` of each line along the axis, `count` values long.
template <class Map>
Array along_axis(const Array& x, std::size_t axis, std::uint64_t count, Map map) {
  const Array lines = lines_mapped(x, {axis}, count, map);
  // (…, 1, …, count): the lines' last axis goes where the axis was.
  Index shape = x.shape;
  shape[axis] = count;
  Array result = zeros(shape);
  const auto strides = strides_of(lines.shape);
  std::size_t next = 0;
  for_each_index(result.shape, [&](const Index& index) {
    Index source = index;
    source[axis] = 0;
    source.push_back(index[axis]);
    result.data[next++] = lines.data[offset_of(source, strides)];
  });
  return result;
}

template <class Step>
Arrays running(const Function& function, const Arrays& operands, Step step) {
  const Array& x = operands.at(0);
  const std::size_t axis = function.axes.at(0);
  return {along_axis(x, axis, x.shape[axis], [&](Line& line) {
    for (std::size_t i = 1; i < line.size(); ++i) line[i] = step(line[i - 1], line[i]);
    return line;
  })};
}

Arrays evaluate_cumsum(const Function& function, const Arrays& operands) {
  return running(function, operands, [](double a, double b) { return a + b; });
}

Arrays evaluate_cumprod(const Function& function, const Arrays& operands) {
  return running(function, operands, [](double a, double b) { return a * b; });
}

std::vector<Extents> shapes_of_diff(const Function& function,
                                    const std::vector<Extents>& operands) {
  Extents shape = operands.at(0);
  Extent& extent = shape.at(function.axes.at(0));
  if (extent != unknown_extent) extent = std::max<Extent>(extent - function.integers.at(0), 0);
  return {shape};
}

/// `integers[0]` times.
Arrays evaluate_diff(const Function& function, const Arrays& operands) {
  const Array& x = operands.at(0);
  const std::size_t axis = function.axes.at(0);
  const auto times = static_cast<std::uint64_t>(function.integers.at(0));
  return {along_axis(x, axis, x.shape[axis] - times, [&](Line& line) {
    for (std::uint64_t time = 0; time < times; ++time) {
      for (std::size_t i = 0; i + 1 < line.size(); ++i) line[i] = line[i + 1] - line[i];
      line.pop_back();
    }
    return line;
  })};
}

Arrays evaluate_flip(const Function& function, const Arrays& operands) {
  Array x = operands.at(0);
  for (const std::size_t axis : function.axes) {
    x = along_axis(x, axis, x.shape[axis], [](Line& line) {
      std::reverse(line.begin(), line.end());
      return line;
    });
  }
  return {x};
}

/// By `integers`, one an axis.
Arrays evaluate_roll(const Function& function, const Arrays& operands) {
  Array x = operands.at(0);
  for (std::size_t i = 0; i < function.axes.size(); ++i) {
    const std::size_t axis = function.axes[i];
    const auto extent = static_cast<std::int64_t>(x.shape[axis]);
    const std::int64_t shift = ((function.integers.at(i) % extent) + extent) % extent;
    x = along_axis(x, axis, x.shape[axis], [&](Line& line) {
      std::rotate(line.begin(), line.begin() + (extent - shift), line.end());
      return line;
    });
  }
  return {x};
}

/// Ascending.
Arrays evaluate_sort(const Function& function, const Arrays& operands) {
  const Array& x = operands.at(0);
  const std::size_t axis = function.axes.at(0);
  return {along_axis(x, axis, x.shape[axis], [](Line& line) {
    std::sort(line.begin(), line.end());
    return line;
  })};
}

Line as_numbers(const std::vector<std::size_t>& positions) {
  return {positions.begin(), positions.end()};
}

Arrays evaluate_argsort(const Function& function, const Arrays& operands) {
  const Array& x = operands.at(0);
  const std::size_t axis = function.axes.at(0);
  return {along_axis(x, axis, x.shape[axis],
                     [](Line& line) { return as_numbers(order_of_line(line, false)); })};
}

std::vector<Extents> shapes_of_top_k(const Function& function,
                                     const std::vector<Extents>& operands) {
  Extents shape = operands.at(0);
  shape.at(function.axes.at(0)) = function.integers.at(0);
  return {shape, shape};
}

/// The `integers[0]` greatest, descending, and where they stand.
Arrays evaluate_top_k(const Function& function, const Arrays& operands) {
  const auto count = static_cast<std::uint64_t>(function.integers.at(0));
  const auto part = [&](bool positions) {
    return along_axis(operands.at(0), function.axes.at(0), count, [&](Line& line) {
      std::vector<std::size_t> order = order_of_line(line, true);
      order.resize(count);
      Line result = as_numbers(order);
      if (!positions) {
        for (double& value : result) value = line[static_cast<std::size_t>(value)];
      }
      return result;
    });
  };
  return {part(false), part(true)};
}

constexpr FunctionRow along(std::string_view name,
                            Arrays (*evaluate)(const Function&, const Arrays&),
                            std::vector<Extents> (*shapes)(const Function&,
                                                           const std::vector<Extents>&) = nullptr) {
  FunctionRow row;
  row.kind.name = name;
  row.kind.axes = AxisUse::Along;
  row.values.evaluate = evaluate;
  row.kind.shapes = shapes;
  return row;
}

constexpr FunctionRow rows_along_axes[] = {
    along("argsort", evaluate_argsort), along("cumprod", evaluate_cumprod),
    along("cumsum", evaluate_cumsum),   along("diff", evaluate_diff, shapes_of_diff),
    along("flip", evaluate_flip),       along("roll", evaluate_roll),
    along("sort", evaluate_sort),       along("top_k", evaluate_top_k, shapes_of_top_k),
};

constexpr auto kinds_along_axes = kinds_of(rows_along_axes);

}  // namespace

std::span<const FunctionKind> functions_along_axes() { return kinds_along_axes; }
std::span<const FunctionRow> along_axes_rows() { return rows_along_axes; }

}  // namespace tensorferry::graph
