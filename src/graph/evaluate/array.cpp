#include "graph/evaluate/array.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "io/error.h"

namespace tensorferry::graph {

std::uint64_t count_of(const Index& shape) {
  std::uint64_t count = 1;
  for (const std::uint64_t extent : shape) count *= extent;
  return count;
}

std::vector<std::uint64_t> strides_of(const Index& shape) {
  std::vector<std::uint64_t> strides(shape.size(), 1);
  for (std::size_t axis = shape.size(); axis-- > 1;) {
    strides[axis - 1] = strides[axis] * shape[axis];
  }
  return strides;
}

Array zeros(const Index& shape) { return {shape, std::vector<double>(count_of(shape), 0.0)}; }

std::uint64_t offset_of(const Index& index, const std::vector<std::uint64_t>& strides) {
  std::uint64_t offset = 0;
  for (std::size_t axis = 0; axis < index.size(); ++axis) offset += index[axis] * strides[axis];
  return offset;
}

bool advance(Index& index, const Index& shape) {
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    if (++index[axis] < shape[axis]) return true;
    index[axis] = 0;
  }
  return false;
}

namespace {

/// The array whose position p along `axis` is the given one's position `positions[p]`.
Array gathered(const Array& array, std::size_t axis, const std::vector<std::size_t>& positions) {
  Array result = zeros(array.shape);
  const auto strides = strides_of(array.shape);
  std::size_t next = 0;
  for_each_index(array.shape, [&](Index index) {
    index[axis] = positions.at(index[axis]);
    result.data[next++] = array.data[offset_of(index, strides)];
  });
  return result;
}

}  // namespace

LoadedParameter load_parameter(const Program& program, const Module& module, std::string_view role,
                               const LoadTensor& load) {
  const Parameter* parameter = find_parameter(module, role);
  if (parameter == nullptr) {
    throw io::Error(io::ErrorCode::Internal,
                    fmt::format("Module \"{}\" has no parameter \"{}\".", module.layer, role));
  }
  LoadedParameter loaded{load(program.tensors.at(parameter->tensor)), parameter->axes};
  if (!parameter->runs.empty()) {
    const auto in = std::find(loaded.axes.begin(), loaded.axes.end(), "in");
    const auto axis =
        in == loaded.axes.end() ? 0 : static_cast<std::size_t>(in - loaded.axes.begin());
    loaded.array = gathered(loaded.array, axis, keras_positions(parameter->runs));
  }
  return loaded;
}

std::size_t axis_in_layout(const Layout& layout, std::size_t keras_axis) {
  if (layout.axes.empty()) return keras_axis;
  const auto found = std::find(layout.axes.begin(), layout.axes.end(), keras_axis);
  return static_cast<std::size_t>(found - layout.axes.begin());
}

Array along_value_axes(const LoadedParameter& parameter, const Layout& layout, std::size_t rank) {
  Index shape(rank, 1);
  std::vector<std::uint64_t> source_strides(rank, 0);
  const auto strides = strides_of(parameter.array.shape);
  for (std::size_t axis = 0; axis < parameter.axes.size(); ++axis) {
    const std::string& name = parameter.axes[axis];
    std::size_t keras_axis = 0;
    std::from_chars(name.data() + 4, name.data() + name.size(), keras_axis);
    const std::size_t target = axis_in_layout(layout, keras_axis);
    shape.at(target) = parameter.array.shape[axis];
    source_strides[target] = strides[axis];
  }
  Array result = zeros(shape);
  std::size_t next = 0;
  for_each_index(shape, [&](const Index& index) {
    result.data[next++] = parameter.array.data[offset_of(index, source_strides)];
  });
  return result;
}

double broadcast_at(const Array& array, const Index& index) {
  std::uint64_t offset = 0;
  for (std::size_t axis = 0; axis < index.size(); ++axis) {
    offset = offset * array.shape[axis] + (array.shape[axis] == 1 ? 0 : index[axis]);
  }
  return array.data[offset];
}

}  // namespace tensorferry::graph
