#include <algorithm>
#include <numeric>

#include "keras/operations/operation_row.h"

namespace tensorferry::keras {

using graph::Extent;
using graph::Function;
using graph::unknown_extent;
using graph::ValueId;
using tensor::DType;

namespace {

ValueId reshaped(OperationCall& call, ValueId x, std::vector<Extent> shape) {
  const std::vector<Extent>& given = call.shape_of(x);
  const auto product = [](const std::vector<Extent>& extents, std::size_t begin) {
    Extent result = 1;
    for (std::size_t i = begin; i < extents.size(); ++i) {
      result = extents[i] == unknown_extent ? unknown_extent : result * extents[i];
      if (result == unknown_extent) break;
    }
    return result;
  };
  // Where the batch stays, a layout may be looked through.
  const bool keeps_batch = given.size() > 1 && shape.size() > 1 &&
                           product(given, 1) != unknown_extent &&
                           product(given, 1) == product(shape, 1);
  if (keeps_batch) {
    return call.add(graph::Reshape{{shape.begin() + 1, shape.end()}}, {x});
  }
  if (std::count(shape.begin(), shape.end(), unknown_extent) > 1) {
    throw Refusal{"several extents of the shape are not known"};
  }
  Function op;
  op.integers = std::move(shape);
  return call.add("reshape", x, std::move(op));
}

std::vector<ValueId> lower_reshape_operation(OperationCall& call, const OperationRow&) {
  const ValueId x = call.tensor("x");
  std::vector<Extent> shape;
  const std::vector<ShapeNumber> numbers = call.extents("newshape");
  for (const ShapeNumber& number : numbers) shape.push_back(number.value);
  const bool keeps_batch = numbers.size() > 1 &&
                           numbers[0].batch_of == batch_source(call.layer(), x) &&
                           std::count(shape.begin() + 1, shape.end(), unknown_extent) <= 1;
  if (keeps_batch) return {call.add(graph::Reshape{{shape.begin() + 1, shape.end()}}, {x})};
  return {reshaped(call, x, std::move(shape))};
}

/// TensorFlow's `tf.shape`.
std::vector<ValueId> lower_shape(OperationCall& call, const OperationRow&) {
  const ValueId x = call.tensor("x");
  call.rank_of(x);
  Function op;
  op.dtypes = {call.dtype("dtype").value_or(DType::Int32)};
  return {call.add("shape", x, std::move(op))};
}

std::vector<ValueId> lower_ravel(OperationCall& call, const OperationRow&) {
  return {reshaped(call, call.tensor("x"), {unknown_extent})};
}

ValueId transposed(OperationCall& call, ValueId x, std::vector<std::size_t> axes) {
  return call.add(graph::Permute{std::move(axes)}, {x});
}

std::vector<std::size_t> counted(std::size_t rank) {
  std::vector<std::size_t> axes(rank);
  std::iota(axes.begin(), axes.end(), std::size_t{0});
  return axes;
}

std::vector<ValueId> lower_transpose(OperationCall& call, const OperationRow&) {
  const ValueId x = call.tensor("x");
  const std::size_t rank = call.rank_of(x);
  std::vector<std::size_t> axes = call.axes("axes", rank);
  if (!call.has("axes")) std::reverse(axes.begin(), axes.end());
  std::vector<std::size_t> sorted = axes;
  std::sort(sorted.begin(), sorted.end());
  if (sorted != counted(rank)) throw Refusal{"its axes are not those of the tensor"};
  return {transposed(call, x, std::move(axes))};
}

std::vector<ValueId> lower_swapaxes(OperationCall& call, const OperationRow&) {
  const ValueId x = call.tensor("x");
  const std::size_t rank = call.rank_of(x);
  std::vector<std::size_t> axes = counted(rank);
  std::swap(axes.at(call.axis("axis1", rank, 0)), axes.at(call.axis("axis2", rank, 1)));
  return {transposed(call, x, std::move(axes))};
}

std::vector<ValueId> lower_moveaxis(OperationCall& call, const OperationRow&) {
  const ValueId x = call.tensor("x");
  const std::size_t rank = call.rank_of(x);
  const auto source = call.axes("source", rank);
  const auto destination = call.axes("destination", rank);
  if (source.size() != destination.size()) throw Refusal{"it moves axes to nowhere"};
  std::vector<std::optional<std::size_t>> placed(rank);
  for (std::size_t i = 0; i < source.size(); ++i) placed.at(destination[i]) = source[i];
  std::vector<std::size_t> axes;
  std::size_t next = 0;
  for (const auto& place : placed) {
    while (!place && std::count(source.begin(), source.end(), next) > 0) ++next;
    axes.push_back(place ? *place : next++);
  }
  return {transposed(call, x, std::move(axes))};
}

std::vector<ValueId> lower_expand_dims(OperationCall& call, const OperationRow&) {
  const ValueId x = call.tensor("x");
  const std::vector<std::int64_t> said = call.integers("axis");
  Function op;
  for (const std::int64_t axis : said) {
    op.axes.push_back(resolve_axis(axis, call.rank_of(x) + said.size(), call.layer().layer().name));
  }
  std::sort(op.axes.begin(), op.axes.end());
  return {call.add("expand_dims", x, std::move(op))};
}

std::vector<ValueId> lower_squeeze(OperationCall& call, const OperationRow&) {
  const ValueId x = call.tensor("x");
  const std::vector<Extent> shape = call.shape_of(x);
  Function op;
  for (const std::size_t axis : call.axes("axis", call.rank_of(x))) {
    if (shape.at(axis) == 1) {
      op.axes.push_back(axis);
    } else if (call.has("axis")) {
      throw Refusal{"it removes an axis that is not known to be of one element"};
    } else if (shape.at(axis) == unknown_extent && axis != 0) {
      throw Refusal{"which axes it removes only the numbers tell"};
    }
  }
  std::sort(op.axes.begin(), op.axes.end());
  if (op.axes.empty()) return {call.add(graph::Identity{}, {x})};
  return {call.add("squeeze", x, std::move(op))};
}

std::vector<ValueId> lower_broadcast_to(OperationCall& call, const OperationRow&) {
  const ValueId x = call.tensor("x");
  Function op;
  op.integers = call.integers("shape");
  return {call.add("broadcast_to", x, std::move(op))};
}

std::vector<ValueId> lower_repeat(OperationCall& call, const OperationRow&) {
  ValueId x = call.tensor("x");
  Function op;
  op.integers = call.integers("repeats");
  if (call.has("axis")) {
    op.axes = {call.axis("axis", call.rank_of(x), 0)};
  } else {
    x = reshaped(call, x, {unknown_extent});
    op.axes = {0};
  }
  return {call.add("repeat", x, std::move(op))};
}

std::vector<ValueId> lower_tile(OperationCall& call, const OperationRow&) {
  const ValueId x = call.tensor("x");
  Function op;
  op.integers = call.integers("repeats");
  const std::size_t rank = call.rank_of(x);
  if (op.integers.size() < rank) {
    op.integers.insert(op.integers.begin(), rank - op.integers.size(), 1);
  }
  return {call.add("tile", x, std::move(op))};
}

/// Before and after of each axis: one number for all, one pair for all, or a pair for each.
std::vector<std::int64_t> pads_of(OperationCall& call, std::size_t rank) {
  const Json* given = call.constant("pad_width");
  if (given == nullptr) throw Refusal{"it is called without \"pad_width\""};
  std::vector<std::int64_t> numbers;
  const auto add_number = [&](const Json& item) {
    if (!item.is_number_integer()) throw Refusal{"its pads are no whole numbers"};
    numbers.push_back(item.get<std::int64_t>());
  };
  bool nested = false;
  const Json* items = list_items(*given);
  if (items == nullptr) {
    add_number(*given);
  } else {
    for (const Json& item : *items) {
      const Json* pair = list_items(item);
      if (pair == nullptr) {
        add_number(item);
      } else {
        nested = true;
        for (const Json& number : *pair) add_number(number);
        if (pair->size() == 1) add_number((*pair)[0]);
      }
    }
  }
  if (numbers.size() == 1) numbers.push_back(numbers[0]);
  const bool for_all = numbers.size() == 2 && (!nested || rank > 1);
  if (for_all) {
    const std::vector<std::int64_t> pair = numbers;
    for (std::size_t axis = 1; axis < rank; ++axis) {
      numbers.insert(numbers.end(), pair.begin(), pair.end());
    }
  }
  if (numbers.size() != 2 * rank) throw Refusal{"it has not a pair of pads for each axis"};
  return numbers;
}

std::vector<ValueId> lower_pad(OperationCall& call, const OperationRow&) {
  const ValueId x = call.tensor("x");
  const std::vector<std::int64_t> pads = pads_of(call, call.rank_of(x));
  std::string mode = call.text("mode", "constant");
  std::transform(mode.begin(), mode.end(), mode.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (mode == "constant") {
    graph::PadAxes op;
    for (std::size_t i = 0; i < pads.size(); i += 2) op.pads.push_back({pads[i], pads[i + 1]});
    op.value = call.number("constant_values", 0);
    return {call.add(std::move(op), {x})};
  }
  if (mode != "reflect" && mode != "symmetric") throw Refusal{"it pads in a way that is not known"};
  const double unused = call.number("constant_values", 0);
  if (unused != 0) throw Refusal{"it pads with a number and with the tensor's own"};
  Function op;
  op.integers = pads;
  op.text = mode;
  return {call.add("mirror_pad", x, std::move(op))};
}

/// Tensors in their common dtype.
std::vector<ValueId> in_common_dtype(OperationCall& call, const std::vector<Operand>& operands) {
  const DType dtype = promoted(call, operands);
  std::vector<ValueId> values;
  for (const Operand& operand : operands) values.push_back(call.tensor_of(operand, dtype));
  return values;
}

ValueId joined(OperationCall& call, const std::vector<ValueId>& values, std::size_t axis) {
  if (values.size() == 1) return call.add(graph::Identity{}, {values[0]});
  return call.add(graph::Concatenate{axis}, values);
}

std::vector<ValueId> lower_concatenate_operation(OperationCall& call, const OperationRow&) {
  const std::vector<ValueId> values = in_common_dtype(call, call.operands("xs"));
  return {joined(call, values, call.axis("axis", call.rank_of(values.at(0)), 0))};
}

std::vector<ValueId> lower_append(OperationCall& call, const OperationRow&) {
  std::vector<ValueId> values = in_common_dtype(call, {call.operand("x1"), call.operand("x2")});
  if (!call.has("axis")) {
    for (ValueId& value : values) value = reshaped(call, value, {unknown_extent});
  }
  return {joined(call, values, call.axis("axis", call.rank_of(values[0]), 0))};
}

/// x with axes of one element put in until it has `rank` of them.
ValueId of_rank(OperationCall& call, ValueId x, const std::vector<std::size_t>& axes) {
  Function op;
  op.axes = axes;
  return axes.empty() ? x : call.add("expand_dims", x, std::move(op));
}

std::vector<ValueId> lower_numpy_stack(OperationCall& call, const OperationRow& row) {
  std::vector<ValueId> values = in_common_dtype(call, call.operands("xs"));
  std::size_t axis = 0;
  for (ValueId& value : values) {
    const std::size_t rank = call.rank_of(value);
    if (row.class_name == "Vstack") {
      value = of_rank(call, value,
                      rank == 0   ? std::vector<std::size_t>{0, 1}
                      : rank == 1 ? std::vector<std::size_t>{0}
                                  : std::vector<std::size_t>{});
    } else if (row.class_name == "Hstack") {
      value = of_rank(call, value,
                      rank == 0 ? std::vector<std::size_t>{0} : std::vector<std::size_t>{});
      axis = rank <= 1 ? 0 : 1;
    } else {
      value = of_rank(call, value,
                      rank == 1   ? std::vector<std::size_t>{0, 2}
                      : rank == 2 ? std::vector<std::size_t>{2}
                                  : std::vector<std::size_t>{});
      axis = 2;
    }
  }
  return {joined(call, values, axis)};
}

std::vector<ValueId> lower_stack(OperationCall& call, const OperationRow&) {
  const std::vector<ValueId> values = in_common_dtype(call, call.operands("x"));
  Function op;
  op.axes = {call.axis("axis", call.rank_of(values.at(0)) + 1, 0)};
  std::vector<Operand> operands;
  for (const ValueId value : values) operands.push_back({value});
  return {call.add("stack", operands, call.dtype_of(values[0]), std::move(op))};
}

void require_few_parts(std::int64_t count) {
  if (count > 1024) throw Refusal{"it makes more parts than a program should name"};
}

/// numpy's split: into as many parts, or at these positions; array_split's parts may differ by one.
std::vector<ValueId> lower_split(OperationCall& call, const OperationRow& row) {
  const ValueId x = call.tensor("x");
  const std::size_t rank = call.rank_of(x);
  std::size_t axis = 0;
  if (row.class_name == "Hsplit") {
    axis = rank == 1 ? 0 : 1;
  } else if (row.class_name == "Dsplit") {
    axis = 2;
  } else if (row.class_name != "Vsplit") {
    axis = call.axis("axis", rank, 0);
  }
  const Extent extent = call.shape_of(x).at(axis);
  if (extent == unknown_extent) throw Refusal{"it splits an axis whose extent is not known"};
  Function op;
  op.axes = {axis};
  const Json* given = call.constant("indices_or_sections");
  if (given != nullptr && given->is_number_integer()) {
    const auto count = given->get<std::int64_t>();
    require_few_parts(count);
    if (count < 1 || (extent % count != 0 && row.class_name != "ArraySplit")) {
      throw Refusal{"its parts are not alike"};
    }
    for (std::int64_t i = 0; i < count; ++i) {
      op.integers.push_back(extent / count + (i < extent % count ? 1 : 0));
    }
  } else {
    Extent last = 0;
    for (std::int64_t position : call.integers("indices_or_sections")) {
      if (position < 0) position += extent;
      position = std::clamp<std::int64_t>(position, last, extent);
      op.integers.push_back(position - last);
      last = position;
    }
    op.integers.push_back(extent - last);
  }
  return call.add_several("split", {{x}}, call.dtype_of(x), std::move(op));
}

/// TensorFlow's: into as many parts, or into parts of these sizes.
std::vector<ValueId> lower_sized_split(OperationCall& call, const OperationRow&) {
  const ValueId x = call.tensor("x");
  Function op;
  op.axes = {call.axis("axis", call.rank_of(x), 0)};
  const Extent extent = call.shape_of(x).at(op.axes[0]);
  std::vector<std::int64_t> sizes = call.integers("sizes");
  if (extent == unknown_extent) throw Refusal{"it splits an axis whose extent is not known"};
  if (sizes.size() == 1 && call.constant("sizes")->is_number()) {
    require_few_parts(sizes[0]);
    if (sizes[0] < 1 || extent % sizes[0] != 0) throw Refusal{"its parts are not alike"};
    sizes.assign(static_cast<std::size_t>(sizes[0]), extent / sizes[0]);
  }
  Extent rest = extent;
  for (const std::int64_t size : sizes) rest -= size < 0 ? 0 : size;
  for (std::int64_t& size : sizes) size = size < 0 ? rest : size;
  op.integers = sizes;
  return call.add_several("split", {{x}}, call.dtype_of(x), std::move(op));
}

std::vector<ValueId> lower_unstack(OperationCall& call, const OperationRow&) {
  const ValueId x = call.tensor("x");
  Function op;
  op.axes = {call.axis("axis", call.rank_of(x), 0)};
  const Extent extent = call.shape_of(x).at(op.axes[0]);
  op.integers = {call.integer("num", extent)};
  if (op.integers[0] == unknown_extent) {
    throw Refusal{"it takes an axis apart whose extent is not known"};
  }
  require_few_parts(op.integers[0]);
  return call.add_several("unstack", {{x}}, call.dtype_of(x), std::move(op));
}

std::vector<ValueId> lower_triangle(OperationCall& call, const OperationRow& row) {
  const ValueId x = call.tensor("x");
  if (call.rank_of(x) < 2) throw Refusal{"its tensor is no matrix"};
  Function op;
  op.integers = {call.integer("k", 0)};
  return {call.add(row.function, x, std::move(op))};
}

ValueId diagonal_of(OperationCall& call, ValueId x, std::string_view offset) {
  const std::size_t rank = call.rank_of(x);
  Function op;
  op.axes = {call.axis("axis1", rank, 0), call.axis("axis2", rank, 1)};
  op.integers = {call.integer(offset, 0)};
  return call.add("diagonal", x, std::move(op));
}

std::vector<ValueId> lower_diagonal(OperationCall& call, const OperationRow&) {
  return {diagonal_of(call, call.tensor("x"), "offset")};
}

std::vector<ValueId> lower_trace(OperationCall& call, const OperationRow&) {
  const ValueId x = call.tensor("x");
  if (call.dtype_of(x) != DType::Float32) throw Refusal{"its tensor is not float32"};
  const ValueId diagonal = diagonal_of(call, x, "offset");
  Function op;
  op.axes = {call.rank_of(diagonal) - 1};
  return {call.add("sum", diagonal, std::move(op))};
}

/// Of a matrix its diagonal, of a vector the matrix.
std::vector<ValueId> lower_diag(OperationCall& call, const OperationRow& row) {
  ValueId x = call.tensor("x");
  const std::size_t rank = call.rank_of(x);
  if (row.class_name == "Diag" && rank == 2) return {diagonal_of(call, x, "k")};
  if (row.class_name == "Diag" && rank != 1) throw Refusal{"its tensor is no vector and no matrix"};
  if (rank != 1) x = reshaped(call, x, {unknown_extent});
  Function op;
  op.integers = {call.integer("k", 0)};
  return {call.add("diagonal_matrix", x, std::move(op))};
}

std::vector<ValueId> lower_rot90(OperationCall& call, const OperationRow&) {
  const ValueId x = call.tensor("array");
  Function op;
  op.integers = {((call.integer("k", 1) % 4) + 4) % 4};
  op.axes = {0, 1};
  if (call.has("axes")) op.axes = call.axes("axes", call.rank_of(x));
  if (op.axes.size() != 2 || op.axes[0] == op.axes[1]) throw Refusal{"it does not turn two axes"};
  return {call.add("rot90", x, std::move(op))};
}

std::vector<ValueId> lower_meshgrid(OperationCall& call, const OperationRow&) {
  const std::vector<Operand> operands = call.operands("*");
  const DType dtype = promoted(call, operands);
  std::vector<Operand> vectors;
  for (const Operand& operand : operands) {
    const ValueId x = call.tensor_of(operand, dtype);
    vectors.push_back({call.rank_of(x) == 1 ? x : reshaped(call, x, {unknown_extent})});
  }
  Function op;
  op.text = call.text("indexing", "xy");
  op.dtypes = std::vector<DType>(operands.size(), dtype);
  return call.add_several("meshgrid", vectors, dtype, std::move(op));
}

constexpr OperationRow rows_of_shape_operations[] = {
    {"Append", "x1 x2", lower_append},
    {"ArraySplit", "x", lower_split},
    {"BroadcastTo", "x", lower_broadcast_to},
    {"Concatenate", "xs", lower_concatenate_operation},
    {"Diag", "x", lower_diag},
    {"Diagflat", "x", lower_diag},
    {"Diagonal", "x", lower_diagonal},
    {"Dsplit", "x", lower_split},
    {"Dstack", "xs", lower_numpy_stack},
    {"ExpandDims", "x", lower_expand_dims},
    {"Hsplit", "x", lower_split},
    {"Hstack", "xs", lower_numpy_stack},
    {"Meshgrid", "*", lower_meshgrid},
    {"Moveaxis", "x", lower_moveaxis},
    {"Pad", "x constant_values", lower_pad},
    {"Ravel", "x", lower_ravel},
    {"Repeat", "x", lower_repeat},
    {"Reshape", "x", lower_reshape_operation},
    {"Rot90", "array", lower_rot90},
    {"Shape", "x", lower_shape},
    {"SizedSplit", "x", lower_sized_split},
    {"Split", "x", lower_split},
    {"Squeeze", "x", lower_squeeze},
    {"Stack", "x", lower_stack},
    {"Swapaxes", "x", lower_swapaxes},
    {"Tile", "x", lower_tile},
    {"Trace", "x", lower_trace},
    {"Transpose", "x", lower_transpose},
    {"Tril", "x", lower_triangle, "tril"},
    {"Triu", "x", lower_triangle, "triu"},
    {"Unstack", "x", lower_unstack},
    {"Vsplit", "x", lower_split},
    {"Vstack", "xs", lower_numpy_stack},
};

}  // namespace

std::span<const OperationRow> shape_operations() { return rows_of_shape_operations; }

}  // namespace tensorferry::keras
