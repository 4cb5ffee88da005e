#include <fmt/format.h>
#include <fmt/ranges.h>

#include "graph/infer.h"
#include "graph/infer/values.h"
#include "io/error.h"

namespace tensorferry::graph {

void refuse_inputs(const std::string& sentence) {
  throw io::Error(io::ErrorCode::ConfigInvalid, sentence);
}

const Extent& extent_at(const Value& value, std::size_t axis) {
  if (axis >= value.shape.size()) {
    refuse_inputs(fmt::format("An axis {} is asked of a tensor of shape [{}].", axis,
                              fmt::join(value.shape, ", ")));
  }
  return value.shape[axis];
}

Value same_as(const Value& input) {
  Value value = input;
  value.layout = {};
  return value;
}

Value with_shape(const Value& input, std::vector<Extent> shape) {
  Value value = same_as(input);
  value.shape = std::move(shape);
  return value;
}

void require_rank(const Value& input, std::size_t rank, std::string_view op) {
  if (input.shape.size() != rank) {
    refuse_inputs(fmt::format("{} takes a tensor of {} axes, but is given shape [{}].", op, rank,
                              fmt::join(input.shape, ", ")));
  }
}

std::vector<Extent> broadcast(const std::vector<Extent>& a, const std::vector<Extent>& b) {
  std::vector<Extent> shape(a.size());
  for (std::size_t axis = 0; axis < a.size(); ++axis) {
    const Extent left = a[axis];
    const Extent right = axis < b.size() ? b[axis] : unknown_extent;
    const bool clash =
        is_known(left) && is_known(right) && left != right && left != 1 && right != 1;
    if (a.size() != b.size() || clash) {
      refuse_inputs(fmt::format("Shapes [{}] and [{}] do not broadcast.", fmt::join(a, ", "),
                                fmt::join(b, ", ")));
    }
    if (left == 1) {
      shape[axis] = right;
    } else if (right == 1 || !is_known(right)) {
      shape[axis] = left;
    } else {
      shape[axis] = right;
    }
  }
  return shape;
}

}  // namespace tensorferry::graph
