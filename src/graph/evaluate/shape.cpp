#include <algorithm>
#include <limits>

#include "graph/evaluate/kernels.h"

namespace tensorferry::graph {

Array evaluate_permute(const Permute& permute, const Array& x) {
  Index shape;
  std::vector<std::uint64_t> strides;
  const auto source = strides_of(x.shape);
  for (const std::size_t axis : permute.axes) {
    shape.push_back(x.shape.at(axis));
    strides.push_back(source[axis]);
  }
  Array result = zeros(shape);
  std::size_t next = 0;
  for_each_index(
      shape, [&](const Index& index) { result.data[next++] = x.data[offset_of(index, strides)]; });
  return result;
}

Array evaluate_pad(const PadAxes& pad, const Array& x) {
  Index shape = x.shape;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    shape[axis] += static_cast<std::uint64_t>(pad.pads[axis].before + pad.pads[axis].after);
  }
  Array result{shape, std::vector<double>(count_of(shape), pad.value)};
  const auto strides = strides_of(x.shape);
  std::size_t next = 0;
  for_each_index(shape, [&](const Index& index) {
    double& target = result.data[next++];
    Index source = index;
    for (std::size_t axis = 0; axis < index.size(); ++axis) {
      const std::int64_t at = static_cast<std::int64_t>(index[axis]) - pad.pads[axis].before;
      if (at < 0 || at >= static_cast<std::int64_t>(x.shape[axis])) return;
      source[axis] = static_cast<std::uint64_t>(at);
    }
    target = x.data[offset_of(source, strides)];
  });
  return result;
}

Array evaluate_concatenate(const Concatenate& concatenate, const std::vector<Array>& inputs) {
  Index shape = inputs.at(0).shape;
  shape[concatenate.axis] = 0;
  for (const Array& input : inputs) shape[concatenate.axis] += input.shape[concatenate.axis];
  Array result = zeros(shape);
  const auto strides = strides_of(shape);
  std::uint64_t begin = 0;
  for (const Array& input : inputs) {
    std::size_t next = 0;
    for_each_index(input.shape, [&](Index index) {
      index[concatenate.axis] += begin;
      result.data[offset_of(index, strides)] = input.data[next++];
    });
    begin += input.shape[concatenate.axis];
  }
  return result;
}

Array evaluate_reshape(const Reshape& reshape, const Array& x) {
  Array result = x;
  result.shape = {x.shape.at(0)};
  std::uint64_t known = x.shape[0];
  for (const std::int64_t extent : reshape.shape) {
    result.shape.push_back(static_cast<std::uint64_t>(extent));
    if (extent != unknown_extent) known *= static_cast<std::uint64_t>(extent);
  }
  for (std::size_t axis = 0; axis < reshape.shape.size(); ++axis) {
    if (reshape.shape[axis] == unknown_extent) {
      result.shape[axis + 1] = known == 0 ? 0 : x.data.size() / known;
    }
  }
  return result;
}

Array evaluate_flatten(const Array& x) {
  const Index rest(x.shape.begin() + 1, x.shape.end());
  return {{x.shape.at(0), count_of(rest)}, x.data};
}

Array evaluate_fold_time(const Array& x) {
  Array result = x;
  result.shape.erase(result.shape.begin());
  result.shape.at(0) *= x.shape[0];
  return result;
}

Array evaluate_unfold_time(const UnfoldTime& unfold, const std::vector<Array>& inputs) {
  Array result = inputs.at(0);
  const std::uint64_t times = unfold.times == unknown_extent
                                  ? inputs.at(1).shape.at(1)
                                  : static_cast<std::uint64_t>(unfold.times);
  result.shape.at(0) /= times;
  result.shape.insert(result.shape.begin() + 1, times);
  return result;
}

Array evaluate_repeat_vector(const RepeatVector& repeat, const Array& x) {
  Array result = zeros({x.shape.at(0), static_cast<std::uint64_t>(repeat.count), x.shape.at(1)});
  std::size_t next = 0;
  for_each_index(result.shape, [&](const Index& index) {
    result.data[next++] = x.data[index[0] * x.shape[1] + index[2]];
  });
  return result;
}

namespace {

Index reduced_shape(const Array& x, const std::vector<std::size_t>& axes) {
  Index shape = x.shape;
  for (const std::size_t axis : axes) shape.at(axis) = 1;
  return shape;
}

double start_of(ReduceAxes::Kind kind) {
  switch (kind) {
    case ReduceAxes::Kind::Max:
      return -std::numeric_limits<double>::infinity();
    case ReduceAxes::Kind::Min:
      return std::numeric_limits<double>::infinity();
    case ReduceAxes::Kind::Mean:
    case ReduceAxes::Kind::Sum:
      return 0;
  }
  return 0;
}

void accumulate(ReduceAxes::Kind kind, double& total, double element) {
  switch (kind) {
    case ReduceAxes::Kind::Max:
      total = std::max(total, element);
      break;
    case ReduceAxes::Kind::Min:
      total = std::min(total, element);
      break;
    case ReduceAxes::Kind::Mean:
    case ReduceAxes::Kind::Sum:
      total += element;
      break;
  }
}

/// With extents of 1 where it was reduced.
Array reduced(ReduceAxes::Kind kind, const Array& x, const std::vector<std::size_t>& axes) {
  Array result = zeros(reduced_shape(x, axes));
  std::fill(result.data.begin(), result.data.end(), start_of(kind));
  const auto strides = strides_of(result.shape);
  std::size_t next = 0;
  for_each_index(x.shape, [&](Index index) {
    for (const std::size_t axis : axes) index[axis] = 0;
    accumulate(kind, result.data[offset_of(index, strides)], x.data[next++]);
  });
  if (kind == ReduceAxes::Kind::Mean) {
    const double count =
        static_cast<double>(x.data.size()) / static_cast<double>(result.data.size());
    for (double& value : result.data) value /= count;
  }
  return result;
}

}  // namespace

Array evaluate_reduce(const ReduceAxes& reduce, const Array& x) {
  Array result = reduced(reduce.kind, x, reduce.axes);
  if (!reduce.keep_dims) {
    Index shape;
    for (std::size_t axis = 0; axis < x.shape.size(); ++axis) {
      if (std::find(reduce.axes.begin(), reduce.axes.end(), axis) == reduce.axes.end()) {
        shape.push_back(x.shape[axis]);
      }
    }
    result.shape = shape;
  }
  return result;
}

Moments moments_over(const Array& x, const std::vector<std::size_t>& axes) {
  Moments moments;
  moments.mean = reduced(ReduceAxes::Kind::Mean, x, axes);
  Array squares = x;
  std::size_t next = 0;
  for_each_index(x.shape, [&](const Index& index) {
    const double deviation = x.data[next] - broadcast_at(moments.mean, index);
    squares.data[next++] = deviation * deviation;
  });
  moments.variance = reduced(ReduceAxes::Kind::Mean, squares, axes);
  return moments;
}

}  // namespace tensorferry::graph
