#include <algorithm>
#include <cmath>

#include "graph/functions/shapes.h"
#include "graph/infer.h"

namespace tensorferry::graph {

namespace {

/// To `integers` (height, width); half-pixel centers, no antialiasing; `text`: "nearest",
/// "bilinear". (keras/src/backend/tensorflow/image.py: resize)
std::vector<Extents> shapes_of_resize(const Function& function,
                                      const std::vector<Extents>& operands) {
  Extents shape = operands.at(0);
  std::size_t next = 0;
  for (const std::size_t axis : spatial_axes(2, function.axes.at(0))) {
    shape.at(axis) = function.integers.at(next++);
  }
  return {shape};
}

/// Along one axis.
Array resized(const Array& x, std::size_t axis, std::uint64_t extent, bool nearest) {
  Index shape = x.shape;
  shape[axis] = extent;
  Array result = zeros(shape);
  const auto strides = strides_of(x.shape);
  const auto last = static_cast<double>(x.shape[axis] - 1);
  std::size_t next = 0;
  for_each_index(shape, [&](Index index) {
    const double scale = static_cast<double>(x.shape[axis]) / static_cast<double>(extent);
    const double center = (static_cast<double>(index[axis]) + 0.5) * scale;
    const auto at = [&](double position) {
      index[axis] = static_cast<std::uint64_t>(std::clamp(position, 0.0, last));
      return x.data[offset_of(index, strides)];
    };
    double& value = result.data[next++];
    if (nearest) {
      value = at(std::floor(center));
    } else {
      const double below = std::floor(center - 0.5);
      const double share = center - 0.5 - below;
      value = at(below) * (1 - share) + at(below + 1) * share;
    }
  });
  return result;
}

Arrays evaluate_resize(const Function& function, const Arrays& operands) {
  Array x = operands.at(0);
  std::size_t next = 0;
  for (const std::size_t axis : spatial_axes(2, function.axes.at(0))) {
    const auto extent = static_cast<std::uint64_t>(function.integers.at(next++));
    x = resized(x, axis, extent, function.text == "nearest");
  }
  return {x};
}

constexpr FunctionRow image(std::string_view name,
                            std::vector<Extents> (*shapes)(const Function&,
                                                           const std::vector<Extents>&),
                            Arrays (*evaluate)(const Function&, const Arrays&)) {
  FunctionRow row;
  row.kind.name = name;
  row.kind.axes = AxisUse::Channels;
  row.kind.shapes = shapes;
  row.values.evaluate = evaluate;
  return row;
}

constexpr FunctionRow rows_of_images[] = {
    image("resize", shapes_of_resize, evaluate_resize),
};

constexpr auto kinds_of_images = kinds_of(rows_of_images);

}  // namespace

std::span<const FunctionKind> image_functions() { return kinds_of_images; }
std::span<const FunctionRow> image_rows() { return rows_of_images; }

}  // namespace tensorferry::graph
