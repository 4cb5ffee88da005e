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

/// To `integers` cells along the spatial axes; cell i is of [floor(i · in / out), ceil((i + 1) · in
/// / out)) along each. (keras/src/backend/tensorflow/nn.py: _compute_static_gather_indices)
std::vector<Extents> shapes_of_adaptive_pool(const Function& function,
                                             const std::vector<Extents>& operands) {
  Extents shape = operands.at(0);
  std::size_t next = 0;
  const auto rank = static_cast<int>(function.integers.size());
  for (const std::size_t axis : spatial_axes(rank, function.axes.at(0))) {
    shape.at(axis) = function.integers[next++];
  }
  return {shape};
}

/// Along one axis.
Array adaptively_pooled(const Array& x, std::size_t axis, std::uint64_t extent, bool maximum) {
  Index shape = x.shape;
  shape[axis] = extent;
  Array result = zeros(shape);
  const auto strides = strides_of(x.shape);
  const std::uint64_t cells = x.shape[axis];
  std::size_t next = 0;
  for_each_index(shape, [&](Index index) {
    const std::uint64_t begin = index[axis] * cells / extent;
    const std::uint64_t end = ((index[axis] + 1) * cells + extent - 1) / extent;
    double& value = result.data[next++];
    for (std::uint64_t cell = begin; cell < end; ++cell) {
      index[axis] = cell;
      const double here = x.data[offset_of(index, strides)];
      if (!maximum) {
        value += here / static_cast<double>(end - begin);
      } else if (cell == begin || here > value) {
        value = here;
      }
    }
  });
  return result;
}

Arrays adaptively_pooled(const Function& function, const Arrays& operands, bool maximum) {
  Array x = operands.at(0);
  std::size_t next = 0;
  const auto rank = static_cast<int>(function.integers.size());
  for (const std::size_t axis : spatial_axes(rank, function.axes.at(0))) {
    const auto extent = static_cast<std::uint64_t>(function.integers[next++]);
    x = adaptively_pooled(x, axis, extent, maximum);
  }
  return {x};
}

Arrays evaluate_adaptive_average(const Function& function, const Arrays& operands) {
  return adaptively_pooled(function, operands, false);
}

Arrays evaluate_adaptive_max(const Function& function, const Arrays& operands) {
  return adaptively_pooled(function, operands, true);
}

/// Stretches the values of each image to `numbers`, the least and the greatest; `axes` are those of
/// an image. One that is flat stays. (keras/src/layers/preprocessing/image_preprocessing/
/// auto_contrast.py)
Arrays evaluate_auto_contrast(const Function& function, const Arrays& operands) {
  const double low = function.numbers.at(0);
  const double high = function.numbers.at(1);
  Array result = operands.at(0);
  const auto strides = strides_of(result.shape);
  Index outer = result.shape;
  Index inner(result.shape.size(), 1);
  for (const std::size_t axis : function.axes) std::swap(outer[axis], inner[axis]);
  for_each_index(outer, [&](const Index& base) {
    double least = INFINITY;
    double greatest = -INFINITY;
    const auto each = [&](auto visit) {
      for_each_index(inner, [&](const Index& index) {
        visit(result.data[offset_of(base, strides) + offset_of(index, strides)]);
      });
    };
    each([&](double& value) {
      least = std::min(least, value);
      greatest = std::max(greatest, value);
    });
    if (greatest == least) return;
    each([&](double& value) { value = low + (value - least) / (greatest - least) * (high - low); });
  });
  return {result};
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

constexpr FunctionRow along_image(std::string_view name,
                                  Arrays (*evaluate)(const Function&, const Arrays&)) {
  FunctionRow row = image(name, nullptr, evaluate);
  row.kind.axes = AxisUse::Along;
  return row;
}

constexpr FunctionRow rows_of_images[] = {
    image("adaptive_average_pool", shapes_of_adaptive_pool, evaluate_adaptive_average),
    image("adaptive_max_pool", shapes_of_adaptive_pool, evaluate_adaptive_max),
    along_image("auto_contrast", evaluate_auto_contrast),
    image("resize", shapes_of_resize, evaluate_resize),
};

constexpr auto kinds_of_images = kinds_of(rows_of_images);

}  // namespace

std::span<const FunctionKind> image_functions() { return kinds_of_images; }
std::span<const FunctionRow> image_rows() { return rows_of_images; }

}  // namespace tensorferry::graph
