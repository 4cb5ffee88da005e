#pragma once

#include <string_view>
#include <vector>

#include "graph/evaluate.h"
#include "graph/graph.h"

/// Helpers of the reference evaluator.
namespace tensorferry::graph {

using Index = std::vector<std::uint64_t>;

std::uint64_t count_of(const Index& shape);
std::vector<std::uint64_t> strides_of(const Index& shape);
Array zeros(const Index& shape);
std::uint64_t offset_of(const Index& index, const std::vector<std::uint64_t>& strides);

/// The next index of `shape` in row-major order; false behind the last one.
bool advance(Index& index, const Index& shape);

/// Calls `visit(index)` for each index of `shape`, row-major. Nothing for an empty array.
template <class Visit>
void for_each_index(const Index& shape, Visit visit) {
  if (count_of(shape) == 0) return;
  Index index(shape.size(), 0);
  do {
    visit(index);
  } while (advance(index, shape));
}

/// A parameter as the target reads it, its runs applied, with the names of its axes.
struct LoadedParameter {
  Array array;
  std::vector<std::string> axes;
};

LoadedParameter load_parameter(const Program& program, const Module& module, std::string_view role,
                               const LoadTensor& load);

/// The axis of the value at which Keras's axis number `keras_axis` lies.
std::size_t axis_in_layout(const Layout& layout, std::size_t keras_axis);

/// A parameter whose axes are called "axis<k>", as an array that broadcasts against a value of
/// `rank` axes held in `layout`.
Array along_value_axes(const LoadedParameter& parameter, const Layout& layout, std::size_t rank);

/// The element of an array that broadcasts (extents of 1) against the index.
double broadcast_at(const Array& array, const Index& index);

}  // namespace tensorferry::graph
