#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "graph/evaluate/array.h"
#include "graph/functions.h"

/// What the tables of functions share.
namespace tensorferry::graph {

[[noreturn]] void refuse_operands(std::string_view function, std::string_view reason);

/// numpy's broadcasting, of any ranks.
Extents broadcast_extents(const std::vector<Extents>& shapes);
/// What a reduction over `axes` leaves.
Extents without_axes(const Extents& shape, const std::vector<std::size_t>& axes, bool keep_dims);

Extents extents_of(const Array& array);
Index index_of(const Extents& shape);

/// The element of an array that broadcasts against an index of at least as many axes.
double element_at(const Array& array, const Index& index);

/// `map` of the elements along `axes`, for each position of the other axes: `count` values each,
/// along a new last axis; the mapped axes have an extent of 1.
Array lines_mapped(const Array& x, const std::vector<std::size_t>& axes, std::uint64_t count,
                   const std::function<std::vector<double>(std::vector<double>&)>& map);

/// The row of a function whose operands must lie as Keras has them.
constexpr FunctionRow fixed(std::string_view name,
                            std::vector<Extents> (*shapes)(const Function&,
                                                           const std::vector<Extents>&),
                            Arrays (*evaluate)(const Function&, const Arrays&)) {
  FunctionRow row;
  row.kind.name = name;
  row.kind.shapes = shapes;
  row.values.evaluate = evaluate;
  return row;
}

/// The operands, those that are numbers among the inputs.
template <class Item, class Make>
std::vector<Item> operands_of(const Function& function, const std::vector<Item>& inputs,
                              Make number) {
  std::vector<Item> operands;
  std::size_t next = 0;
  for (const std::optional<Scalar>& operand : function.operands) {
    operands.push_back(operand ? number(operand->value) : inputs.at(next++));
  }
  return operands;
}

}  // namespace tensorferry::graph
