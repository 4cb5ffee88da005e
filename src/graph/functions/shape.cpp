#include <algorithm>
#include <cmath>

#include "graph/functions/shapes.h"

namespace tensorferry::graph {

namespace {

using Given = std::vector<Extents>;

/// Each element of the result is the element of x that `source` names.
template <class Source>
Array gathered_from(const Array& x, const Extents& shape, Source source) {
  Array result = zeros(index_of(shape));
  const auto strides = strides_of(x.shape);
  std::size_t next = 0;
  for_each_index(result.shape, [&](const Index& index) {
    result.data[next++] = x.data[offset_of(source(index), strides)];
  });
  return result;
}

Given shapes_of(const Function& function, const Arrays& operands) {
  Given shapes;
  for (const Array& operand : operands) shapes.push_back(extents_of(operand));
  return function.kind->shapes(function, shapes);
}

Arrays same_elements(const Function& function, const Arrays& operands) {
  return {{index_of(shapes_of(function, operands).at(0)), operands.at(0).data}};
}

/// To `integers`, at most one of which is −1.
Given reshaped(const Function& function, const Given& operands) {
  Extents shape = function.integers;
  Extent rest = 1;
  for (const Extent extent : shape) rest *= extent == unknown_extent ? 1 : extent;
  Extent total = 1;
  for (const Extent extent : operands.at(0)) {
    if (extent == unknown_extent) return {shape};
    total *= extent;
  }
  for (Extent& extent : shape) {
    if (extent == unknown_extent && rest > 0) extent = total / rest;
  }
  return {shape};
}

/// `axes` are those of the result, ascending.
Given expanded(const Function& function, const Given& operands) {
  Extents shape = operands.at(0);
  for (const std::size_t axis : function.axes) {
    if (axis > shape.size()) refuse_operands("expand_dims", "an axis is outside the tensor");
    shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(axis), 1);
  }
  return {shape};
}

Given squeezed(const Function& function, const Given& operands) {
  return {without_axes(operands.at(0), function.axes, false)};
}

Given broadcasted(const Function& function, const Given& operands) {
  return {broadcast_extents({operands.at(0), function.integers})};
}

Arrays evaluate_broadcast(const Function& function, const Arrays& operands) {
  Array result = zeros(index_of(shapes_of(function, operands).at(0)));
  std::size_t next = 0;
  for_each_index(result.shape, [&](const Index& index) {
    result.data[next++] = element_at(operands.at(0), index);
  });
  return {result};
}

/// Each element along the axis `integers[0]` times, or each as often as its own integer.
Given repeated(const Function& function, const Given& operands) {
  Extents shape = operands.at(0);
  Extent& extent = shape.at(function.axes.at(0));
  if (function.integers.size() == 1) {
    if (extent != unknown_extent) extent *= function.integers[0];
  } else {
    extent = 0;
    for (const std::int64_t count : function.integers) extent += count;
  }
  return {shape};
}

Arrays evaluate_repeat(const Function& function, const Arrays& operands) {
  const std::size_t axis = function.axes.at(0);
  std::vector<std::uint64_t> positions;
  for (std::uint64_t i = 0; i < operands.at(0).shape[axis]; ++i) {
    const auto& counts = function.integers;
    positions.insert(positions.end(),
                     static_cast<std::size_t>(counts.size() == 1 ? counts[0] : counts.at(i)), i);
  }
  return {gathered_from(operands[0], shapes_of(function, operands).at(0), [&](Index index) {
    index[axis] = positions.at(index[axis]);
    return index;
  })};
}

/// `integers`: how often along each axis; one for each of the result's axes.
Given tiled(const Function& function, const Given& operands) {
  Extents shape = operands.at(0);
  if (shape.size() < function.integers.size()) {
    shape.insert(shape.begin(), function.integers.size() - shape.size(), 1);
  }
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (shape[axis] != unknown_extent) {
      shape[axis] *= function.integers.at(axis);
    } else if (function.integers.at(axis) != 1) {
      shape[axis] = unknown_extent;
    }
  }
  return {shape};
}

Arrays evaluate_tile(const Function& function, const Arrays& operands) {
  const Array& x = operands.at(0);
  const Extents shape = tiled(function, {extents_of(x)}).at(0);
  return {gathered_from(x, shape, [&](const Index& index) {
    const std::size_t skipped = index.size() - x.shape.size();
    Index source;
    for (std::size_t axis = 0; axis < x.shape.size(); ++axis) {
      source.push_back(index[skipped + axis] % x.shape[axis]);
    }
    return source;
  })};
}

/// `integers`: before and after of each axis; `text`: "reflect", "symmetric".
Given mirrored(const Function& function, const Given& operands) {
  Extents shape = operands.at(0);
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (shape[axis] == unknown_extent) continue;
    shape[axis] += function.integers.at(2 * axis) + function.integers.at(2 * axis + 1);
  }
  return {shape};
}

Arrays evaluate_mirror(const Function& function, const Arrays& operands) {
  const Array& x = operands.at(0);
  const std::int64_t doubled = function.text == "symmetric" ? 1 : 0;
  return {gathered_from(x, mirrored(function, {extents_of(x)}).at(0), [&](Index index) {
    for (std::size_t axis = 0; axis < index.size(); ++axis) {
      const auto extent = static_cast<std::int64_t>(x.shape[axis]);
      std::int64_t at = static_cast<std::int64_t>(index[axis]) - function.integers[2 * axis];
      if (at < 0) at = -at - doubled;
      if (at >= extent) at = 2 * (extent - 1) - at + doubled;
      index[axis] = static_cast<std::uint64_t>(at);
    }
    return index;
  })};
}

/// The operands along a new axis.
Given stacked(const Function& function, const Given& operands) {
  Extents shape = operands.at(0);
  shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(function.axes.at(0)),
               static_cast<Extent>(operands.size()));
  return {shape};
}

Arrays evaluate_stack(const Function& function, const Arrays& operands) {
  const std::size_t axis = function.axes.at(0);
  Array result = zeros(index_of(shapes_of(function, operands).at(0)));
  std::size_t next = 0;
  for_each_index(result.shape, [&](Index index) {
    const Array& x = operands.at(index[axis]);
    index.erase(index.begin() + static_cast<std::ptrdiff_t>(axis));
    result.data[next++] = element_at(x, index);
  });
  return {result};
}

/// Into pieces of `integers` elements along the axis.
Given split_shapes(const Function& function, const Given& operands) {
  Given shapes(function.integers.size(), operands.at(0));
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    shapes[i].at(function.axes.at(0)) = function.integers[i];
  }
  return shapes;
}

Arrays evaluate_split(const Function& function, const Arrays& operands) {
  const std::size_t axis = function.axes.at(0);
  Arrays pieces;
  std::uint64_t begin = 0;
  for (const Extents& shape : split_shapes(function, {extents_of(operands.at(0))})) {
    pieces.push_back(gathered_from(operands[0], shape, [&](Index index) {
      index[axis] += begin;
      return index;
    }));
    begin += static_cast<std::uint64_t>(shape[axis]);
  }
  return pieces;
}

Given unstacked(const Function& function, const Given& operands) {
  return Given(static_cast<std::size_t>(function.integers.at(0)),
               without_axes(operands.at(0), function.axes, false));
}

Arrays evaluate_unstack(const Function& function, const Arrays& operands) {
  const std::size_t axis = function.axes.at(0);
  Arrays pieces;
  for (const Extents& shape : unstacked(function, {extents_of(operands.at(0))})) {
    pieces.push_back(gathered_from(operands[0], shape, [&](Index index) {
      index.insert(index.begin() + static_cast<std::ptrdiff_t>(axis), pieces.size());
      return index;
    }));
  }
  return pieces;
}

/// Zero but on and below (`tril`) or above (`triu`) the diagonal number `integers[0]`.
Arrays triangle(const Function& function, const Arrays& operands, bool lower) {
  Array result = operands.at(0);
  std::size_t next = 0;
  for_each_index(result.shape, [&](const Index& index) {
    const std::int64_t distance = static_cast<std::int64_t>(index[index.size() - 1]) -
                                  static_cast<std::int64_t>(index[index.size() - 2]);
    const bool is_kept =
        lower ? distance <= function.integers.at(0) : distance >= function.integers.at(0);
    double& value = result.data[next++];
    if (!is_kept) value = 0;
  });
  return {result};
}

Arrays evaluate_tril(const Function& function, const Arrays& operands) {
  return triangle(function, operands, true);
}

Arrays evaluate_triu(const Function& function, const Arrays& operands) {
  return triangle(function, operands, false);
}

/// Of the two `axes`, number `integers[0]`; along a new last axis.
Given diagonals(const Function& function, const Given& operands) {
  Extents shape = without_axes(operands.at(0), function.axes, false);
  const Extent rows = operands[0].at(function.axes.at(0));
  const Extent columns = operands[0].at(function.axes.at(1));
  const std::int64_t offset = function.integers.at(0);
  if (rows == unknown_extent || columns == unknown_extent) {
    shape.push_back(unknown_extent);
  } else {
    shape.push_back(offset < 0 ? std::min(rows + offset, columns)
                               : std::min(rows, columns - offset));
  }
  return {shape};
}

Arrays evaluate_diagonal(const Function& function, const Arrays& operands) {
  const Extents shape = diagonals(function, {extents_of(operands.at(0))}).at(0);
  const auto offset = function.integers.at(0);
  return {gathered_from(operands[0], shape, [&](Index index) {
    const auto at = static_cast<std::int64_t>(index.back());
    index.pop_back();
    std::vector<std::pair<std::size_t, std::int64_t>> inserted{
        {function.axes[0], at - std::min<std::int64_t>(offset, 0)},
        {function.axes[1], at + std::max<std::int64_t>(offset, 0)}};
    std::sort(inserted.begin(), inserted.end());
    for (const auto& [axis, position] : inserted) {
      index.insert(index.begin() + static_cast<std::ptrdiff_t>(axis),
                   static_cast<std::uint64_t>(position));
    }
    return index;
  })};
}

/// A matrix with the vector on the diagonal number `integers[0]`.
Given diagonal_matrix(const Function& function, const Given& operands) {
  Extent extent = operands.at(0).at(0);
  if (extent != unknown_extent) extent += std::abs(function.integers.at(0));
  return {{extent, extent}};
}

Arrays evaluate_diagonal_matrix(const Function& function, const Arrays& operands) {
  Array result = zeros(index_of(diagonal_matrix(function, {extents_of(operands.at(0))}).at(0)));
  const std::int64_t offset = function.integers.at(0);
  for (std::uint64_t i = 0; i < operands[0].data.size(); ++i) {
    const std::uint64_t row = i + static_cast<std::uint64_t>(std::max<std::int64_t>(-offset, 0));
    const std::uint64_t column = i + static_cast<std::uint64_t>(std::max<std::int64_t>(offset, 0));
    result.data[row * result.shape[1] + column] = operands[0].data[i];
  }
  return {result};
}

/// numpy's, of vectors; `text`: "xy" or "ij".
Given meshes(const Function& function, const Given& operands) {
  Extents shape;
  for (const Extents& operand : operands) shape.push_back(operand.empty() ? 1 : operand.at(0));
  if (function.text == "xy" && shape.size() > 1) std::swap(shape[0], shape[1]);
  return Given(operands.size(), shape);
}

Arrays evaluate_meshgrid(const Function& function, const Arrays& operands) {
  const Given shapes = shapes_of(function, operands);
  Arrays results;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const std::size_t axis = function.text == "xy" && i < 2 && operands.size() > 1 ? 1 - i : i;
    results.push_back(gathered_from(operands[i], shapes[i],
                                    [&](const Index& index) { return Index{index[axis]}; }));
  }
  return results;
}

/// A quarter turn of the two axes, from the first to the second, `integers[0]` times (0 to 3).
Given turned(const Function& function, const Given& operands) {
  Extents shape = operands.at(0);
  if (function.integers.at(0) % 2 != 0) {
    std::swap(shape.at(function.axes.at(0)), shape.at(function.axes.at(1)));
  }
  return {shape};
}

Arrays evaluate_rot90(const Function& function, const Arrays& operands) {
  const std::size_t a = function.axes.at(0);
  const std::size_t b = function.axes.at(1);
  const Array& x = operands.at(0);
  return {gathered_from(x, turned(function, {extents_of(x)}).at(0), [&](Index index) {
    const auto i = index[a];
    const auto j = index[b];
    if (function.integers[0] == 1) {
      index[a] = j;
      index[b] = x.shape[b] - 1 - i;
    } else if (function.integers[0] == 2) {
      index[a] = x.shape[a] - 1 - i;
      index[b] = x.shape[b] - 1 - j;
    } else if (function.integers[0] == 3) {
      index[a] = x.shape[a] - 1 - j;
      index[b] = i;
    }
    return index;
  })};
}

Given shape_of_shape(const Function&, const Given& operands) {
  return {{static_cast<Extent>(operands.at(0).size())}};
}

Arrays evaluate_shape(const Function&, const Arrays& operands) {
  const auto& shape = operands.at(0).shape;
  return {{{shape.size()}, {shape.begin(), shape.end()}}};
}

/// A mask of the first `integers[0]` axes that holds everywhere.
Given mask_shape(const Function& function, const Given& operands) {
  Extents shape = operands.at(0);
  shape.resize(static_cast<std::size_t>(function.integers.at(0)));
  return {shape};
}

Arrays evaluate_mask(const Function& function, const Arrays& operands) {
  Array mask;
  mask.shape = operands.at(0).shape;
  mask.shape.resize(static_cast<std::size_t>(function.integers.at(0)));
  std::size_t count = 1;
  for (const std::uint64_t extent : mask.shape) count *= extent;
  mask.data.assign(count, 1.0);
  return {mask};
}

constexpr FunctionRow rows_of_shapes[] = {
    fixed("broadcast_to", broadcasted, evaluate_broadcast),
    fixed("diagonal", diagonals, evaluate_diagonal),
    fixed("diagonal_matrix", diagonal_matrix, evaluate_diagonal_matrix),
    fixed("expand_dims", expanded, same_elements),
    fixed("mask_of_all", mask_shape, evaluate_mask),
    fixed("meshgrid", meshes, evaluate_meshgrid),
    fixed("mirror_pad", mirrored, evaluate_mirror),
    fixed("repeat", repeated, evaluate_repeat),
    fixed("reshape", reshaped, same_elements),
    fixed("rot90", turned, evaluate_rot90),
    fixed("shape", shape_of_shape, evaluate_shape),
    fixed("split", split_shapes, evaluate_split),
    fixed("squeeze", squeezed, same_elements),
    fixed("stack", stacked, evaluate_stack),
    fixed("tile", tiled, evaluate_tile),
    fixed("tril", nullptr, evaluate_tril),
    fixed("triu", nullptr, evaluate_triu),
    fixed("unstack", unstacked, evaluate_unstack),
};

constexpr auto kinds_of_shapes = kinds_of(rows_of_shapes);

}  // namespace

std::span<const FunctionKind> shape_functions() { return kinds_of_shapes; }
std::span<const FunctionRow> shape_rows() { return rows_of_shapes; }

}  // namespace tensorferry::graph
