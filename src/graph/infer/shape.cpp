#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "graph/infer/values.h"

namespace tensorferry::graph {

namespace {

/// The product of the extents, unknown if one of them is.
Extent product(const std::vector<Extent>& extents) {
  Extent result = 1;
  for (const Extent extent : extents) {
    if (!is_known(extent)) return unknown_extent;
    result *= extent;
  }
  return result;
}

}  // namespace

Value infer_reduce(const ReduceAxes& reduce, const Value& input) {
  std::vector<Extent> shape;
  for (std::size_t axis = 0; axis < input.shape.size(); ++axis) {
    const bool reduced =
        std::find(reduce.axes.begin(), reduce.axes.end(), axis) != reduce.axes.end();
    if (!reduced) {
      shape.push_back(input.shape[axis]);
    } else if (reduce.keep_dims) {
      shape.push_back(1);
    }
  }
  return with_shape(input, shape);
}

Value infer_flatten(const Value& input) {
  const std::vector<Extent> rest(input.shape.begin() + (input.shape.empty() ? 0 : 1),
                                 input.shape.end());
  return with_shape(input, {input.shape.empty() ? unknown_extent : input.shape[0], product(rest)});
}

Value infer_reshape(const Reshape& reshape, const Value& input) {
  std::vector<Extent> shape{input.shape.at(0)};
  shape.insert(shape.end(), reshape.shape.begin(), reshape.shape.end());
  const auto free = std::find(shape.begin() + 1, shape.end(), unknown_extent);
  const Extent total = product({input.shape.begin() + 1, input.shape.end()});
  if (is_known(total)) {
    Extent rest = 1;
    for (const Extent extent : reshape.shape) rest *= extent == unknown_extent ? 1 : extent;
    const bool fits = free == shape.end() ? rest == total : rest != 0 && total % rest == 0;
    if (!fits) {
      refuse_inputs(fmt::format("[{}] elements a sample cannot be reshaped to [{}].",
                                fmt::join(input.shape, ", "), fmt::join(reshape.shape, ", ")));
    }
    if (free != shape.end()) *free = total / rest;
  }
  Value value = with_shape(input, shape);
  value.rank_known = true;
  return value;
}

Value infer_permute(const Permute& permute, const Value& input) {
  require_rank(input, permute.axes.size(), "Permute");
  Value value = same_as(input);
  for (std::size_t axis = 0; axis < permute.axes.size(); ++axis) {
    value.shape[axis] = extent_at(input, permute.axes[axis]);
  }
  return value;
}

Value infer_repeat_vector(const RepeatVector& repeat, const Value& input) {
  require_rank(input, 2, "RepeatVector");
  return with_shape(input, {input.shape[0], repeat.count, input.shape[1]});
}

Value infer_pad(const PadAxes& pad, const Value& input) {
  require_rank(input, pad.pads.size(), "PadAxes");
  Value value = same_as(input);
  for (std::size_t axis = 0; axis < pad.pads.size(); ++axis) {
    if (is_known(value.shape[axis])) {
      value.shape[axis] += pad.pads[axis].before + pad.pads[axis].after;
      if (value.shape[axis] < 0) {
        refuse_inputs(
            fmt::format("More is cut off an axis of {} elements than it has.", input.shape[axis]));
      }
    }
  }
  return value;
}

Value infer_concatenate(const Concatenate& concatenate, const std::vector<Value>& inputs) {
  Value value = same_as(inputs.at(0));
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    require_rank(inputs[i], value.shape.size(), "Concatenate");
    value.rank_known = value.rank_known && inputs[i].rank_known;
    for (std::size_t axis = 0; axis < value.shape.size(); ++axis) {
      Extent& extent = value.shape[axis];
      const Extent other = inputs[i].shape[axis];
      if (axis == concatenate.axis) {
        extent = is_known(extent) && is_known(other) ? extent + other : unknown_extent;
      } else if (!is_known(extent)) {
        extent = other;
      } else if (is_known(other) && other != extent) {
        refuse_inputs(fmt::format("[{}] and [{}] cannot be concatenated along axis {}.",
                                  fmt::join(inputs[0].shape, ", "),
                                  fmt::join(inputs[i].shape, ", "), concatenate.axis));
      }
    }
  }
  return value;
}

Value infer_fold_time(const Value& x) {
  if (x.shape.size() < 3) refuse_inputs("A value without a time cannot be folded.");
  std::vector<Extent> shape(x.shape.begin() + 1, x.shape.end());
  const bool known = x.shape[0] != unknown_extent && x.shape[1] != unknown_extent;
  shape[0] = known ? x.shape[0] * x.shape[1] : unknown_extent;
  return with_shape(x, shape);
}

Value infer_unfold_time(const UnfoldTime& unfold, const std::vector<Value>& inputs) {
  const Value& x = inputs.at(0);
  std::vector<Extent> shape = x.shape;
  const bool known = x.shape.at(0) != unknown_extent && unfold.times > 0;
  shape[0] = known ? x.shape[0] / unfold.times : unknown_extent;
  if (inputs.size() > 1) shape[0] = inputs[1].shape.at(0);
  shape.insert(shape.begin() + 1, unfold.times);
  return with_shape(x, shape);
}

}  // namespace tensorferry::graph
