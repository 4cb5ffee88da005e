#include <algorithm>
#include <cmath>

#include "keras/operations/operation_row.h"

namespace tensorferry::keras {

using graph::Function;
using graph::no_bound;
using graph::unknown_extent;
using graph::ValueId;
using tensor::DType;

namespace {

enum class IndexItem { Slice = 0, Position = 1, NewAxis = 2, Ellipsis = 3 };

struct Index {
  IndexItem kind = IndexItem::Slice;
  std::int64_t first = no_bound;
  std::int64_t last = no_bound;
  std::int64_t step = 1;
};

std::int64_t bound_of(const Json& slice, const char* name, std::int64_t otherwise) {
  const auto found = slice.find(name);
  if (found == slice.end() || found->is_null()) return otherwise;
  if (!found->is_number_integer()) throw Refusal{"a bound of its slice is no constant"};
  return found->get<std::int64_t>();
}

/// Keras 3 writes {"class_name": "__slice__", "config": {…}} and `__ellipsis__`, Keras 2 the bounds
/// themselves.
Index index_of(const Json& item) {
  if (item.is_null()) return {IndexItem::NewAxis};
  if (item.is_number_integer()) return {IndexItem::Position, item.get<std::int64_t>()};
  if (!item.is_object()) throw Refusal{"its index is neither of positions nor of slices"};
  if (item.value("class_name", "") == "__ellipsis__") return {IndexItem::Ellipsis};
  const bool is_named = item.value("class_name", "") == "__slice__" && item.contains("config");
  const Json& slice = is_named ? item["config"] : item;
  if (!slice.is_object() || !slice.contains("start") || !slice.contains("stop")) {
    throw Refusal{"its index is neither of positions nor of slices"};
  }
  return {IndexItem::Slice, bound_of(slice, "start", no_bound), bound_of(slice, "stop", no_bound),
          bound_of(slice, "step", 1)};
}

/// One item for each axis and each new one.
std::vector<Index> indices_of(OperationCall& call, std::size_t rank) {
  const GivenArgument* given = call.find("key");
  std::vector<Index> indices;
  const Json* key = given == nullptr ? nullptr : std::get_if<Json>(&given->value);
  if (given != nullptr && key == nullptr) throw Refusal{"its index is a tensor"};
  const Json nothing;
  const Json* items = key == nullptr ? nullptr : list_items(*key);
  if (items != nullptr) {
    for (const Json& item : *items) indices.push_back(index_of(item));
  } else {
    indices.push_back(index_of(key == nullptr ? nothing : *key));
  }
  const auto taken = static_cast<std::size_t>(
      std::count_if(indices.begin(), indices.end(), [](const Index& index) {
        return index.kind == IndexItem::Slice || index.kind == IndexItem::Position;
      }));
  if (taken > rank) throw Refusal{"it has more indices than the tensor has axes"};
  auto ellipsis = std::find_if(indices.begin(), indices.end(), [](const Index& index) {
    return index.kind == IndexItem::Ellipsis;
  });
  if (ellipsis == indices.end()) {
    indices.resize(indices.size() + rank - taken);
  } else {
    ellipsis = indices.erase(ellipsis);
    indices.insert(ellipsis, rank - taken, Index{});
  }
  return indices;
}

/// A slice that goes backwards, as one that goes forwards over the flipped axis.
Index forwards(const Index& index, graph::Extent extent) {
  if (extent == unknown_extent && (index.first != no_bound || index.last != no_bound)) {
    throw Refusal{"it goes backwards along an axis whose extent is not known"};
  }
  const auto flipped = [extent](std::int64_t bound) {
    if (bound == no_bound) return no_bound;
    const std::int64_t position = bound < 0 ? bound + extent : bound;
    return std::clamp<std::int64_t>(extent - 1 - position, 0, extent);
  };
  return {IndexItem::Slice, flipped(index.first), flipped(index.last), -index.step};
}

std::vector<ValueId> lower_get_item(OperationCall& call, const OperationRow&) {
  ValueId x = call.tensor("x");
  Function op;
  Function flip;
  std::size_t axis = 0;
  for (Index index : indices_of(call, call.rank_of(x))) {
    if (index.step == 0) throw Refusal{"its slice has a step of 0"};
    if (index.kind == IndexItem::Slice && index.step < 0) {
      index = forwards(index, call.shape_of(x).at(axis));
      flip.axes.push_back(axis);
    }
    op.integers.insert(op.integers.end(), {static_cast<std::int64_t>(index.kind), index.first,
                                           index.last, index.step});
    if (index.kind != IndexItem::NewAxis) ++axis;
  }
  if (!flip.axes.empty()) x = call.add("flip", x, std::move(flip));
  return {call.add("get_item", x, std::move(op))};
}

/// x[start : start + size] along each axis. (keras/src/ops/core.py: slice)
std::vector<ValueId> lower_slice(OperationCall& call, const OperationRow&) {
  const ValueId x = call.tensor("inputs");
  const std::vector<std::int64_t> begins = call.integers("start_indices");
  const std::vector<std::int64_t> sizes = call.integers("shape");
  if (begins.size() != call.rank_of(x) || sizes.size() != begins.size()) {
    throw Refusal{"it has not a range for each axis"};
  }
  Function op;
  for (std::size_t axis = 0; axis < begins.size(); ++axis) {
    const std::int64_t last = sizes[axis] < 0 ? no_bound : begins[axis] + sizes[axis];
    op.integers.insert(op.integers.end(), {0, begins[axis], last, 1});
  }
  return {call.add("get_item", x, std::move(op))};
}

/// (keras/src/backend/tensorflow/numpy.py: take) Negative positions count from the end.
std::vector<ValueId> lower_take(OperationCall& call, const OperationRow&) {
  ValueId x = call.tensor("x");
  Function op;
  if (call.has("axis")) {
    op.axes = {call.axis("axis", call.rank_of(x), 0)};
  } else {
    if (call.rank_of(x) != 1) {
      Function ravel;
      ravel.integers = {unknown_extent};
      x = call.add("reshape", x, std::move(ravel));
    }
    op.axes = {0};
  }
  if (call.integer("batch_dims", 0) != 0) throw Refusal{"it takes others of each sample"};
  const Operand indices = call.operand("indices");
  const DType dtype = call.dtype_of(x);
  if (const auto* constant = std::get_if<ConstantArray>(&indices.value)) {
    const graph::Extent extent = call.shape_of(x).at(op.axes[0]);
    for (const double value : constant->values) {
      const bool is_outside = extent != unknown_extent && (value >= static_cast<double>(extent) ||
                                                           value < -static_cast<double>(extent));
      if (!constant->whole || is_outside) throw Refusal{"it takes what is not there"};
    }
    if (constant->shape.empty()) {
      Function item;
      for (std::size_t axis = 0; axis < call.rank_of(x); ++axis) {
        const bool is_taken = axis == op.axes[0];
        item.integers.insert(
            item.integers.end(),
            {is_taken ? 1 : 0,
             is_taken ? static_cast<std::int64_t>(constant->values.at(0)) : no_bound, no_bound, 1});
      }
      return {call.add("get_item", x, std::move(item))};
    }
    if (constant->shape.size() == 1) {
      op.integers = {constant->values.begin(), constant->values.end()};
      return {call.add("take", x, std::move(op))};
    }
  }
  op.kind = graph::find_function("take");
  op.operands = {std::nullopt, std::nullopt};
  op.dtypes = {dtype};
  const ValueId positions = call.tensor_of(indices, DType::Int64);
  return {call.add(op, {x, positions})};
}

std::vector<ValueId> lower_take_along_axis(OperationCall& call, const OperationRow&) {
  const ValueId x = call.tensor("x");
  if (!call.has("axis")) throw Refusal{"it takes of all elements"};
  Function op;
  op.kind = graph::find_function("take_along_axis");
  op.axes = {call.axis("axis", call.rank_of(x), 0)};
  op.operands = {std::nullopt, std::nullopt};
  op.dtypes = {call.dtype_of(x)};
  const ValueId indices = call.tensor_of(call.operand("indices"), DType::Int64);
  return {call.add(op, {x, indices})};
}

std::vector<ValueId> lower_one_hot(OperationCall& call, const OperationRow&) {
  const ValueId x = call.tensor("x");
  Function op;
  op.axes = {call.axis("axis", call.rank_of(x) + 1, -1)};
  op.integers = {call.integer("num_classes")};
  op.dtypes = {call.dtype("dtype").value_or(DType::Float32)};
  if (call.number("on_value", 1) != 1 || call.number("off_value", 0) != 0) {
    throw Refusal{"it says other numbers than 0 and 1"};
  }
  return {call.add("one_hot", call.cast(x, DType::Int64), std::move(op))};
}

/// The greatest of the one-hot vectors along axis 1, whatever the axis of the classes is.
/// (keras/src/backend/tensorflow/nn.py: multi_hot)
std::vector<ValueId> lower_multi_hot(OperationCall& call, const OperationRow&) {
  const ValueId x = call.tensor("inputs");
  const std::size_t rank = call.rank_of(x);
  Function op;
  op.axes = {call.axis("axis", rank + 1, -1)};
  op.integers = {call.integer("num_classes")};
  op.dtypes = {call.dtype("dtype").value_or(DType::Float32)};
  if (op.dtypes[0] == DType::Bool) throw Refusal{"it says truth values"};
  const ValueId hot = call.add("one_hot", call.cast(x, DType::Int64), std::move(op));
  Function greatest;
  greatest.axes = {rank > 1 ? std::size_t{1} : std::size_t{0}};
  return {call.add("max", hot, std::move(greatest))};
}

std::vector<double> ascending_numbers(const Operand& operand) {
  const auto* array = std::get_if<ConstantArray>(&operand.value);
  if (array == nullptr || array->shape.size() != 1 ||
      !std::is_sorted(array->values.begin(), array->values.end())) {
    throw Refusal{"where it looks is no list of numbers that ascend"};
  }
  return array->values;
}

/// Into which of the bins each element falls.
std::vector<ValueId> lower_search(OperationCall& call, const OperationRow& row) {
  const bool digitizes = row.class_name == "Digitize";
  const ValueId x = call.tensor(digitizes ? "x" : "values");
  Function op;
  op.numbers = ascending_numbers(call.operand(digitizes ? "bins" : "sorted_sequence"));
  op.text = digitizes ? "right" : call.text("side", "left");
  op.dtypes = {DType::Int32};
  return {call.add("search", call.cast(x, DType::Float32), std::move(op))};
}

constexpr OperationRow rows_of_indexing_operations[] = {
    {"Digitize", "x bins", lower_search},
    {"GetItem", "x key", lower_get_item},
    {"MultiHot", "inputs", lower_multi_hot},
    {"OneHot", "x", lower_one_hot},
    {"SearchSorted", "sorted_sequence values", lower_search},
    {"Slice", "inputs start_indices", lower_slice},
    {"Take", "x indices", lower_take},
    {"TakeAlongAxis", "x indices", lower_take_along_axis},
};

}  // namespace

std::span<const OperationRow> indexing_operations() { return rows_of_indexing_operations; }

}  // namespace tensorferry::keras
