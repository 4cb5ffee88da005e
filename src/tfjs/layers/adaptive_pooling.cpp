#include <fmt/format.h>

#include "tfjs/layers/families.h"
#include "tfjs/layers/matrices.h"

namespace tensorferry::tfjs {
namespace {

/// Along an axis of `in` cells that become `out`: cell i is of [floor(i · in / out),
/// ceil((i + 1) · in / out)), which are ceil(in / out) cells or one more
/// (keras/src/backend/tensorflow/nn.py: _compute_static_gather_indices).
struct Windows {
  std::int64_t in = 0;
  std::int64_t out = 0;

  std::int64_t begin(std::int64_t i) const { return i * in / out; }
  std::int64_t end(std::int64_t i) const { return ((i + 1) * in + out - 1) / out; }
  std::int64_t smaller() const { return (in + out - 1) / out; }
  bool equal() const { return in % out == 0; }
};

AxisMatrix averages(const Windows& windows) {
  AxisMatrix matrix = axis_matrix(windows.in, windows.out);
  for (std::int64_t i = 0; i < windows.out; ++i) {
    const auto count = static_cast<float>(windows.end(i) - windows.begin(i));
    for (std::int64_t cell = windows.begin(i); cell < windows.end(i); ++cell) {
      matrix.at(cell, i) = 1.0F / count;
    }
  }
  return matrix;
}

/// Of windows of `size` along the first axis of a map.
Tensor maxima(LayerCall& call, const std::string& part, const Tensor& x, std::int64_t size,
              std::int64_t stride) {
  using Pair = std::vector<std::int64_t>;
  return call.add(part, "MaxPooling2D",
                  {{"pool_size", Pair{size, 1}},
                   {"strides", Pair{stride, 1}},
                   {"padding", "valid"},
                   {"data_format", "channels_last"}},
                  {x});
}

/// The maxima of all windows of either size, of which a matrix of zeros and ones takes those that
/// there are. `x` has two spatial axes, of which axis 1 is pooled.
Tensor pool_maxima(LayerCall& call, const std::string& part, const Tensor& x,
                   const Windows& windows) {
  const std::int64_t small = windows.smaller();
  if (windows.equal()) return maxima(call, part + "_windows", x, small, small);
  const std::int64_t count = windows.in - small + 1;
  Tensor all = small == 1 ? x : maxima(call, part + "_small", x, small, 1);
  bool has_larger = false;
  for (std::int64_t i = 0; i < windows.out; ++i) {
    has_larger = has_larger || windows.end(i) - windows.begin(i) > small;
  }
  if (has_larger) {
    const Tensor larger = maxima(call, part + "_large", x, small + 1, 1);
    all = concatenate(call, part + "_sizes", {all, larger}, 1);
  }
  AxisMatrix choice = axis_matrix(has_larger ? 2 * count - 1 : count, windows.out);
  for (std::int64_t i = 0; i < windows.out; ++i) {
    const bool larger = windows.end(i) - windows.begin(i) > small;
    choice.at(windows.begin(i) + (larger ? count : 0), i) = 1.0F;
  }
  return multiply_axis(call, part + "_choice", all, 1, choice);
}

std::int64_t product(const Shape& shape, std::size_t begin, std::size_t end) {
  std::int64_t result = 1;
  for (std::size_t axis = begin; axis < end; ++axis) {
    result = result == unknown || shape[axis] == unknown ? unknown : result * shape[axis];
  }
  return result;
}

/// Axis `axis` of a channels-last tensor: as the first of two, between Reshapes.
Tensor pool_axis(LayerCall& call, const Tensor& x, std::size_t axis, std::int64_t out,
                 bool maximum) {
  const Windows windows{x.shape[axis], out};
  const std::string part = fmt::format("axis_{}", axis);
  require_matrix(windows.in, out);
  if (windows.in == out) return x;
  if (!maximum) return multiply_axis(call, part, x, axis, averages(windows));
  // (batch, cells before, axis, rest) → axis first of all, so that it and the rest are a map.
  const std::size_t last = x.shape.size() - 1;
  std::vector<std::size_t> order{axis};
  for (std::size_t i = 1; i <= last; ++i) {
    if (i != axis) order.push_back(i);
  }
  Tensor y = permute(call, part + "_first", x, order);
  const Shape moved = y.shape;
  y = reshape(call, part + "_map", y, {moved[1], product(moved, 2, last), moved[last]});
  y = pool_maxima(call, part, y, windows);
  Shape pooled(moved.begin() + 1, moved.end());
  pooled.front() = out;
  y = reshape(call, part + "_axes", y, pooled);
  std::vector<std::size_t> back(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) back[order[i] - 1] = i + 1;
  return permute(call, part + "_back", y, back);
}

}  // namespace

// Axis after axis: the mean of means of windows of one size each is that of the cells.
Tensor lower_adaptive_pooling(LayerCall& call) {
  const std::string& class_name = call.layer().class_name;
  const std::size_t rank = static_cast<std::size_t>(class_name[class_name.size() - 2] - '0');
  const bool maximum = class_name.find("Max") != std::string::npos;
  const bool first = is_channels_first(call);
  Tensor x = call.input_of_rank(rank + 2);
  x = first ? to_channels_last(call, x) : x;
  const std::vector<std::int64_t> sizes =
      call.arguments().positive_integers("output_size", rank, 1);
  for (std::size_t i = 0; i < rank; ++i) x = pool_axis(call, x, i + 1, sizes[i], maximum);
  return first ? to_channels_first(call, x) : x;
}

}  // namespace tensorferry::tfjs
