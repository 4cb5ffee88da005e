#include <fmt/format.h>

#include <algorithm>

#include "graph/evaluate/array.h"
#include "graph/functions.h"
#include "graph/functions/shapes.h"
#include "io/error.h"

namespace tensorferry::graph {

std::vector<std::span<const FunctionKind>> function_tables() {
  return {elementwise_functions(), reducing_functions(), functions_along_axes(),
          shape_functions(),       indexing_functions(), product_functions(),
          matrix_functions(),      image_functions(),    signal_functions()};
}

const FunctionKind* find_function(std::string_view name) {
  for (const std::span<const FunctionKind> table : function_tables()) {
    const auto found = std::find_if(table.begin(), table.end(),
                                    [&](const FunctionKind& kind) { return kind.name == name; });
    if (found != table.end()) return &*found;
  }
  return nullptr;
}

void refuse_operands(std::string_view function, std::string_view reason) {
  throw io::Error(io::ErrorCode::ConfigInvalid, fmt::format("`{}`: {}.", function, reason));
}

Extents broadcast_extents(const std::vector<Extents>& shapes) {
  std::size_t rank = 0;
  for (const Extents& shape : shapes) rank = std::max(rank, shape.size());
  Extents result(rank, 1);
  for (const Extents& shape : shapes) {
    for (std::size_t i = 0; i < shape.size(); ++i) {
      Extent& extent = result[rank - shape.size() + i];
      const Extent other = shape[i];
      const bool is_known = extent != unknown_extent && other != unknown_extent;
      if (is_known && extent != other && extent != 1 && other != 1) {
        refuse_operands("broadcasting", fmt::format("{} against {} elements", extent, other));
      }
      if (extent == 1 || (extent == unknown_extent && other != 1)) extent = other;
    }
  }
  return result;
}

Extents without_axes(const Extents& shape, const std::vector<std::size_t>& axes, bool keep_dims) {
  Extents result;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    const bool goes = std::find(axes.begin(), axes.end(), axis) != axes.end();
    if (!goes) result.push_back(shape[axis]);
    if (goes && keep_dims) result.push_back(1);
  }
  return result;
}

Extents extents_of(const Array& array) { return {array.shape.begin(), array.shape.end()}; }

Index index_of(const Extents& shape) { return {shape.begin(), shape.end()}; }

double element_at(const Array& array, const Index& index) {
  const std::size_t skipped = index.size() - array.shape.size();
  std::uint64_t offset = 0;
  for (std::size_t axis = 0; axis < array.shape.size(); ++axis) {
    const std::uint64_t extent = array.shape[axis];
    offset = offset * extent + (extent == 1 ? 0 : index[skipped + axis]);
  }
  return array.data[offset];
}

Array lines_mapped(const Array& x, const std::vector<std::size_t>& axes, std::uint64_t count,
                   const std::function<std::vector<double>(std::vector<double>&)>& map) {
  Index outer = x.shape;
  Index inner(x.shape.size(), 1);
  for (const std::size_t axis : axes) {
    inner[axis] = x.shape[axis];
    outer[axis] = 1;
  }
  // The results of a line, one behind the other, then the lines.
  Index shape = outer;
  shape.push_back(count);
  Array result = zeros(shape);
  const auto strides = strides_of(x.shape);
  std::size_t next = 0;
  for_each_index(outer, [&](const Index& base) {
    std::vector<double> line;
    for_each_index(inner, [&](const Index& index) {
      line.push_back(x.data[offset_of(base, strides) + offset_of(index, strides)]);
    });
    for (const double value : map(line)) result.data[next++] = value;
  });
  return result;
}

namespace {

std::vector<Extents> result_shapes(const Function& function, const std::vector<Extents>& operands) {
  const FunctionKind& kind = *function.kind;
  if (kind.shapes != nullptr) return kind.shapes(function, operands);
  if (kind.axes == AxisUse::Elementwise) return {broadcast_extents(operands)};
  if (kind.axes == AxisUse::Reduces) {
    return {without_axes(operands.at(0), function.axes, function.keep_dims)};
  }
  return {operands.at(0)};
}

}  // namespace

std::vector<Value> infer_function(const Function& function, const std::vector<Value>& inputs) {
  std::vector<Extents> given;
  bool rank_known = true;
  for (const Value& input : inputs) {
    given.push_back(input.shape);
    rank_known = rank_known && input.rank_known;
  }
  const auto operands = operands_of(function, given, [](double) { return Extents{}; });
  std::vector<Value> results;
  for (Extents& shape : result_shapes(function, operands)) {
    Value value;
    value.shape = std::move(shape);
    value.rank_known = rank_known;
    value.dtype = function.dtypes.at(std::min(results.size(), function.dtypes.size() - 1));
    results.push_back(std::move(value));
  }
  return results;
}

}  // namespace tensorferry::graph
