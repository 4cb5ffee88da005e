#include <algorithm>
#include <numeric>

#include "keras/operations/operation_row.h"

namespace tensorferry::keras {

using graph::Function;
using graph::ValueId;
using tensor::DType;

namespace {

/// A value of one axis, its elements as they follow one another.
ValueId raveled(OperationCall& call, ValueId x) {
  if (call.rank_of(x) == 1) return x;
  Function op;
  op.integers = {graph::unknown_extent};
  return call.add("reshape", x, op);
}

/// Running sums and products, of all elements where no axis is said.
std::vector<ValueId> lower_running(OperationCall& call, const OperationRow& row) {
  ValueId x = call.tensor("x");
  if (const auto dtype = call.dtype("dtype")) x = call.cast(x, *dtype);
  if (call.dtype_of(x) == DType::Bool) x = call.cast(x, DType::Int32);
  if (row.class_name.starts_with("Nan")) {
    Function test;
    test.dtypes = {DType::Bool};
    const ValueId is_nan = call.add("isnan", x, test);
    Function choice;
    choice.kind = graph::find_function("where");
    choice.dtypes = {call.dtype_of(x)};
    const double neutral = row.function == "cumprod" ? 1 : 0;
    choice.operands = {std::nullopt, graph::Scalar{neutral, false}, std::nullopt};
    x = call.add(choice, {is_nan, x});
  }
  Function op;
  if (call.has("axis")) {
    op.axes = {call.axis("axis", call.rank_of(x), 0)};
  } else {
    x = raveled(call, x);
    op.axes = {0};
  }
  return {call.add(row.function, x, std::move(op))};
}

std::vector<ValueId> lower_sort(OperationCall& call, const OperationRow& row) {
  const ValueId x = call.tensor("x");
  Function op;
  op.axes = {call.axis("axis", call.rank_of(x), -1)};
  if (row.function == "argsort") op.dtypes = {DType::Int32};
  return {call.add(row.function, x, std::move(op))};
}

std::vector<ValueId> lower_flip(OperationCall& call, const OperationRow& row) {
  const ValueId x = call.tensor("x");
  Function op;
  const std::size_t rank = call.rank_of(x);
  if (row.class_name == "Flip") {
    op.axes = call.axes("axis", rank);
  } else {
    op.axes = {row.class_name == "Fliplr" ? std::size_t{1} : std::size_t{0}};
  }
  if (op.axes.back() >= rank) throw Refusal{"its tensor has not as many axes"};
  return {call.add("flip", x, std::move(op))};
}

/// All elements as one axis where none is said.
std::vector<ValueId> lower_roll(OperationCall& call, const OperationRow&) {
  const ValueId x = call.tensor("x");
  Function op;
  op.integers = call.integers("shift");
  if (!call.has("axis")) {
    op.axes = {0};
    Function back;
    back.integers = call.shape_of(x);
    if (std::count(back.integers.begin(), back.integers.end(), graph::unknown_extent) > 1) {
      throw Refusal{"it rolls all elements of a tensor whose shape is not known"};
    }
    return {call.add("reshape", call.add("roll", raveled(call, x), std::move(op)), back)};
  }
  op.axes = call.axes("axis", call.rank_of(x));
  if (op.integers.size() == 1) op.integers.assign(op.axes.size(), op.integers[0]);
  if (op.integers.size() != op.axes.size()) throw Refusal{"it has not a shift for each axis"};
  return {call.add("roll", x, std::move(op))};
}

std::vector<ValueId> lower_diff(OperationCall& call, const OperationRow&) {
  const ValueId x = call.tensor("a");
  if (call.dtype_of(x) == DType::Bool) throw Refusal{"it computes with truth values"};
  Function op;
  op.axes = {call.axis("axis", call.rank_of(x), -1)};
  op.integers = {call.integer("n", 1)};
  if (op.integers[0] < 1) throw Refusal{"it takes no difference"};
  return {call.add("diff", x, std::move(op))};
}

std::vector<ValueId> lower_top_k(OperationCall& call, const OperationRow&) {
  const ValueId x = call.tensor("x");
  call.flag("sorted", true);
  Function op;
  op.axes = {call.rank_of(x) - 1};
  op.integers = {call.integer("k", 1)};
  op.dtypes = {call.dtype_of(x), DType::Int32};
  return call.add_several("top_k", {{x}}, call.dtype_of(x), std::move(op));
}

/// x · rsqrt(max(Σx², ε)) for the order 2, else x / max(norm, ε).
/// (keras/src/ops/nn.py: _normalize)
std::vector<ValueId> lower_normalize(OperationCall& call, const OperationRow& row) {
  ValueId x = call.tensor("x");
  if (call.dtype_of(x) != DType::Float32) throw Refusal{"its tensor is not float32"};
  const double order = call.number("order", 2);
  const double epsilon = call.number("epsilon", row.class_name == "L2Normalize" ? 1e-12 : 1e-7);
  std::vector<std::size_t> axes = call.axes("axis", call.rank_of(x));
  std::sort(axes.begin(), axes.end());
  Function reduction;
  reduction.axes = std::move(axes);
  reduction.keep_dims = true;
  if (order == 2) {
    const ValueId sum = call.add("sum", call.add("square", x), reduction);
    const ValueId bounded = call.add("maximum", {{sum}, {scalar(epsilon, false)}}, DType::Float32);
    return {call.add("multiply", {{x}, {call.add("rsqrt", bounded)}}, DType::Float32)};
  }
  reduction.numbers = {order};
  const ValueId norm = call.add("norm", x, reduction);
  const ValueId bounded = call.add("maximum", {{norm}, {scalar(epsilon, false)}}, DType::Float32);
  return {call.add("divide", {{x}, {bounded}}, DType::Float32)};
}

constexpr OperationRow rows_of_axes[] = {
    {"Argsort", "x", lower_sort, "argsort"},
    {"Cumprod", "x", lower_running, "cumprod"},
    {"Cumsum", "x", lower_running, "cumsum"},
    {"Diff", "a", lower_diff},
    {"Flip", "x", lower_flip},
    {"Fliplr", "x", lower_flip},
    {"Flipud", "x", lower_flip},
    {"L2Normalize", "x", lower_normalize},
    {"Nancumprod", "x", lower_running, "cumprod"},
    {"Nancumsum", "x", lower_running, "cumsum"},
    {"Normalize", "x", lower_normalize},
    {"Roll", "x", lower_roll},
    {"Sort", "x", lower_sort, "sort"},
    {"TopK", "x", lower_top_k},
};

}  // namespace

std::span<const OperationRow> axis_operations() { return rows_of_axes; }

}  // namespace tensorferry::keras
