#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "io/error.h"
#include "tensor/transform.h"

namespace tensorferry::tensor {

namespace {

[[noreturn]] void refuse(const std::string& sentence) {
  throw io::Error(io::ErrorCode::Internal, sentence);
}

}  // namespace

View identity_view(std::uint32_t input, const Shape& shape) {
  View view{input, shape, std::vector<std::int64_t>(shape.size()), 0};
  std::int64_t stride = 1;
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    view.strides[axis] = stride;
    stride *= static_cast<std::int64_t>(shape[axis]);
  }
  return view;
}

View permuted(const View& view, const std::vector<std::size_t>& axes) {
  std::vector<bool> seen(view.shape.size(), false);
  View result{view.input, {}, {}, view.offset};
  for (const std::size_t axis : axes) {
    if (axis >= seen.size() || seen[axis]) break;
    seen[axis] = true;
    result.shape.push_back(view.shape[axis]);
    result.strides.push_back(view.strides[axis]);
  }
  if (axes.size() != view.shape.size() || result.shape.size() != axes.size()) {
    refuse(fmt::format("({}) is not a permutation of {} axes.", fmt::join(axes, ","),
                       view.shape.size()));
  }
  return result;
}

View reshaped(const View& view, const Shape& shape) {
  if (element_count(shape) != element_count(view.shape)) {
    refuse(fmt::format("({}) cannot be reshaped to ({}).", fmt::join(view.shape, ","),
                       fmt::join(shape, ",")));
  }
  View result{view.input, shape, std::vector<std::int64_t>(shape.size(), 0), view.offset};
  if (element_count(shape) == 0) return result;

  // Groups of old axes and of new axes with the same product; within a group the old axes must be
  // evenly spaced, so that they are one axis, which the new ones split.
  std::size_t from = 0;
  std::size_t to = 0;
  while (from < view.shape.size() || to < shape.size()) {
    std::uint64_t from_count = 1;
    std::uint64_t to_count = 1;
    const std::size_t first_from = from;
    const std::size_t first_to = to;
    if (from < view.shape.size()) from_count = view.shape[from++];
    if (to < shape.size()) to_count = shape[to++];
    while (from_count != to_count) {
      if (from_count < to_count) {
        from_count *= view.shape[from++];
      } else {
        to_count *= shape[to++];
      }
    }
    std::int64_t stride = 0;
    std::uint64_t covered = 1;
    for (std::size_t axis = from; axis-- > first_from;) {
      if (view.shape[axis] == 1) continue;
      if (covered == 1) {
        stride = view.strides[axis];
      } else if (view.strides[axis] != stride * static_cast<std::int64_t>(covered)) {
        refuse(fmt::format("A view of shape ({}) cannot become ({}) without a copy.",
                           fmt::join(view.shape, ","), fmt::join(shape, ",")));
      }
      covered *= view.shape[axis];
    }
    for (std::size_t axis = to; axis-- > first_to;) {
      result.strides[axis] = stride;
      stride *= static_cast<std::int64_t>(shape[axis]);
    }
  }
  return result;
}

View sliced(const View& view, std::size_t axis, std::uint64_t begin, std::uint64_t extent) {
  if (axis >= view.shape.size() || begin > view.shape[axis] || extent > view.shape[axis] - begin) {
    refuse(fmt::format("[{}, {}) of axis {} is not inside ({}).", begin, begin + extent, axis,
                       fmt::join(view.shape, ",")));
  }
  View result = view;
  result.shape[axis] = extent;
  result.offset += static_cast<std::int64_t>(begin) * view.strides[axis];
  return result;
}

}  // namespace tensorferry::tensor
