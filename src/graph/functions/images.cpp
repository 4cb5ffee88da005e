#include <algorithm>
#include <cmath>

#include "graph/evaluate/kernels.h"
#include "graph/functions/shapes.h"
#include "graph/infer.h"

namespace tensorferry::graph {

namespace {

/// To `integers` (height, width, 1 to antialias or 0) by the interpolation that `text` names
/// (tensor/resampling.h). (keras/src/backend/tensorflow/image.py: resize)
std::vector<Extents> shapes_of_resize(const Function& function,
                                      const std::vector<Extents>& operands) {
  Extents shape = operands.at(0);
  std::size_t next = 0;
  for (const std::size_t axis : spatial_axes(2, function.axes.at(0))) {
    shape.at(axis) = function.integers.at(next++);
  }
  return {shape};
}

Arrays evaluate_resize(const Function& function, const Arrays& operands) {
  Array x = operands.at(0);
  std::size_t next = 0;
  for (const std::size_t axis : spatial_axes(2, function.axes.at(0))) {
    const auto extent = static_cast<std::uint64_t>(function.integers.at(next++));
    x = resampled(x, axis, extent, tensor::find_interpolation(function.text).value(),
                  function.integers.at(2) != 0);
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

/// Contrast limited adaptive histogram equalization; `integers`: the grid of tiles; `numbers`: the
/// clip limit and the range of values.
/// (keras/src/layers/preprocessing/image_preprocessing/clahe.py)
class Clahe {
 public:
  Clahe(const Function& function, std::uint64_t height, std::uint64_t width)
      : function_(function),
        rows_(static_cast<std::uint64_t>(function.integers.at(0))),
        columns_(static_cast<std::uint64_t>(function.integers.at(1))),
        height_(height),
        width_(width),
        tile_height_((height + rows_ - 1) / rows_),
        tile_width_((width + columns_ - 1) / columns_) {}

  /// An image of one channel, row-major.
  std::vector<double> operator()(const std::vector<double>& image) const {
    std::vector<std::vector<double>> tables;
    for (std::uint64_t tile = 0; tile < rows_ * columns_; ++tile) {
      tables.push_back(table_of(image, tile / columns_, tile % columns_));
    }
    std::vector<double> result;
    for (std::uint64_t pixel = 0; pixel < height_ * width_; ++pixel) {
      const Between down(pixel / width_, tile_height_, rows_);
      const Between across(pixel % width_, tile_width_, columns_);
      const auto level = static_cast<std::size_t>(level_of(image[pixel]));
      const auto row = [&](std::uint64_t tile_row) {
        return tables[tile_row * columns_ + across.before][level] * (1 - across.share) +
               tables[tile_row * columns_ + across.behind][level] * across.share;
      };
      const double value = row(down.before) * (1 - down.share) + row(down.behind) * down.share;
      result.push_back(value / 255 * (high() - low()) + low());
    }
    return result;
  }

 private:
  /// The tiles before and behind a pixel, by their centers.
  struct Between {
    Between(std::uint64_t pixel, std::uint64_t size, std::uint64_t count) {
      const auto extent = static_cast<double>(size);
      const double place = (static_cast<double>(pixel) - extent / 2) / extent;
      share = place - std::floor(place);
      const auto last = static_cast<double>(count - 1);
      before = static_cast<std::uint64_t>(std::clamp(std::floor(place), 0.0, last));
      behind = static_cast<std::uint64_t>(std::clamp(std::floor(place) + 1, 0.0, last));
    }
    std::uint64_t before = 0;
    std::uint64_t behind = 0;
    double share = 0;
  };

  double low() const { return function_.numbers.at(1); }
  double high() const { return function_.numbers.at(2); }
  double level_of(double value) const {
    return std::floor(std::clamp((value - low()) / (high() - low()) * 255, 0.0, 255.0));
  }

  std::vector<double> table_of(const std::vector<double>& image, std::uint64_t row,
                               std::uint64_t column) const {
    const auto mirrored = [](std::uint64_t i, std::uint64_t size) {
      return i < size ? i : 2 * size - 1 - i;
    };
    std::vector<double> table(256, 0);
    for (std::uint64_t i = 0; i < tile_height_ * tile_width_; ++i) {
      const std::uint64_t y = mirrored(row * tile_height_ + i / tile_width_, height_);
      const std::uint64_t x = mirrored(column * tile_width_ + i % tile_width_, width_);
      table[static_cast<std::size_t>(level_of(image[y * width_ + x]))] += 1;
    }
    const auto size = static_cast<double>(tile_height_ * tile_width_);
    const double clip_limit = function_.numbers.at(0);
    if (clip_limit > 0) {
      double excess = 0;
      for (double& count : table) {
        const double clipped = std::min(count, clip_limit * size / 256);
        excess += count - clipped;
        count = clipped;
      }
      for (double& count : table) count += excess / 256;
    }
    for (std::size_t level = 1; level < table.size(); ++level) table[level] += table[level - 1];
    const double least = table[0];
    const double room = size == least ? 1 : size - least;
    for (double& below : table) below = std::clamp((below - least) * 255 / room, 0.0, 255.0);
    return table;
  }

  const Function& function_;
  std::uint64_t rows_;
  std::uint64_t columns_;
  std::uint64_t height_;
  std::uint64_t width_;
  std::uint64_t tile_height_;
  std::uint64_t tile_width_;
};

Arrays evaluate_clahe(const Function& function, const Arrays& operands) {
  Array result = operands.at(0);
  const auto strides = strides_of(result.shape);
  const auto axes = spatial_axes(2, function.axes.at(0));
  const std::uint64_t height = result.shape[axes[0]];
  const std::uint64_t width = result.shape[axes[1]];
  const Clahe clahe(function, height, width);
  Index outer = result.shape;
  outer[axes[0]] = outer[axes[1]] = 1;
  for_each_index(outer, [&](const Index& base) {
    const auto pixel = [&](std::uint64_t i) -> double& {
      return result.data[offset_of(base, strides) + i / width * strides[axes[0]] +
                         i % width * strides[axes[1]]];
    };
    std::vector<double> image;
    for (std::uint64_t i = 0; i < height * width; ++i) image.push_back(pixel(i));
    image = clahe(image);
    for (std::uint64_t i = 0; i < height * width; ++i) pixel(i) = image[i];
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
    image("clahe", nullptr, evaluate_clahe),
    image("resize", shapes_of_resize, evaluate_resize),
};

constexpr auto kinds_of_images = kinds_of(rows_of_images);

}  // namespace

std::span<const FunctionKind> image_functions() { return kinds_of_images; }
std::span<const FunctionRow> image_rows() { return rows_of_images; }

}  // namespace tensorferry::graph
