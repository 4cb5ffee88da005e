#include <algorithm>
#include <cmath>
#include <limits>

#include "keras/operations/operation_row.h"

namespace tensorferry::keras {

using graph::Function;
using graph::ReduceAxes;
using graph::ValueId;
using tensor::DType;

namespace {

std::vector<std::size_t> ascending(std::vector<std::size_t> axes) {
  std::sort(axes.begin(), axes.end());
  if (std::adjacent_find(axes.begin(), axes.end()) != axes.end()) {
    throw Refusal{"it names an axis twice"};
  }
  return axes;
}

ValueId add_reduction(OperationCall& call, std::string_view function, ValueId x,
                      const std::vector<std::size_t>& axes, bool keep_dims,
                      std::vector<double> numbers = {}) {
  Function op;
  op.axes = axes;
  op.keep_dims = keep_dims;
  op.numbers = std::move(numbers);
  return call.add(function, x, std::move(op));
}

/// Sums and the like of truth values count; narrow whole numbers are summed as int32.
DType summed_in(DType dtype) {
  if (dtype == DType::UInt8) throw Refusal{"it sums uint8, which Keras does as uint32"};
  const bool narrow = dtype == DType::Bool || dtype == DType::Int8 || dtype == DType::Int16;
  return narrow ? DType::Int32 : dtype;
}

ValueId reduced_by(OperationCall& call, std::string_view function, ValueId x,
                   const std::vector<std::size_t>& axes, bool keep_dims) {
  if (axes.empty()) throw Refusal{"it reduces no axis"};
  const bool whole = axes.size() == call.rank_of(x);
  if (call.dtype_of(x) == DType::Float32 && !whole) {
    const auto kind = function == "mean"  ? ReduceAxes::Kind::Mean
                      : function == "sum" ? ReduceAxes::Kind::Sum
                      : function == "max" ? ReduceAxes::Kind::Max
                                          : ReduceAxes::Kind::Min;
    if (function == "mean" || function == "sum" || function == "max" || function == "min") {
      return call.add(ReduceAxes{kind, axes, keep_dims}, {x});
    }
  }
  return add_reduction(call, function, x, axes, keep_dims);
}

std::vector<ValueId> lower_reduction(OperationCall& call, const OperationRow& row) {
  ValueId x = call.tensor("x");
  const auto axes = ascending(call.axes("axis", call.rank_of(x)));
  const bool keep_dims = call.flag("keepdims", false);
  if (row.rule == DTypeRule::Float) x = call.cast(x, as_float(call.dtype_of(x)));
  if (row.rule == DTypeRule::Logical) x = call.cast(x, DType::Bool);
  if (row.rule == DTypeRule::Numeric) x = call.cast(x, summed_in(call.dtype_of(x)));
  if (call.find("initial") != nullptr) throw Refusal{"it starts from a number of its own"};
  if (const auto dtype = call.dtype("dtype")) x = call.cast(x, *dtype);
  return {reduced_by(call, row.function, x, axes, keep_dims)};
}

std::vector<ValueId> lower_count_nonzero(OperationCall& call, const OperationRow& row) {
  const ValueId x = call.tensor("x");
  Function op;
  op.axes = ascending(call.axes("axis", call.rank_of(x)));
  op.keep_dims = call.flag("keepdims", false);
  op.dtypes = {call.dtype("output_type").value_or(DType::Int32)};
  return {call.add(row.function, x, std::move(op))};
}

/// Greatest less least.
std::vector<ValueId> lower_ptp(OperationCall& call, const OperationRow&) {
  const ValueId x = call.tensor("x");
  const auto axes = ascending(call.axes("axis", call.rank_of(x)));
  const bool keep_dims = call.flag("keepdims", false);
  const ValueId greatest = reduced_by(call, "max", x, axes, keep_dims);
  const ValueId least = reduced_by(call, "min", x, axes, keep_dims);
  return {call.add("subtract", {{greatest}, {least}}, call.dtype_of(x))};
}

/// (keras/src/backend/tensorflow/linalg.py: norm) Of vectors, and Frobenius's of matrices.
std::vector<ValueId> lower_norm(OperationCall& call, const OperationRow&) {
  ValueId x = call.tensor("x");
  x = call.cast(x, as_float(call.dtype_of(x)));
  const bool all_axes = !call.has("axis");
  const auto axes = ascending(call.axes("axis", call.rank_of(x)));
  double order = 2;
  if (const Json* given = call.constant("ord")) {
    if (given->is_number()) {
      order = given->get<double>();
    } else if (*given == "Infinity") {
      order = INFINITY;
    } else if (*given == "-Infinity") {
      order = -INFINITY;
    } else if (*given != "fro" && *given != "euclidean") {
      throw Refusal{"its order of norm is not known"};
    }
    const bool of_vectors = axes.size() == 1;
    const bool of_all = *given == "fro" || *given == "euclidean" || (order == 2 && all_axes);
    if (!of_vectors && !of_all) throw Refusal{"it is a norm of matrices"};
    if (of_all && all_axes && *given == "fro" && axes.size() != 2) {
      throw Refusal{"it is a norm of matrices"};
    }
  }
  return {add_reduction(call, "norm", x, axes, call.flag("keepdims", false), {order})};
}

/// Mean and variance.
std::vector<ValueId> lower_moments(OperationCall& call, const OperationRow&) {
  const ValueId x = call.tensor("x");
  if (call.dtype_of(x) != DType::Float32) throw Refusal{"its tensor is not float32"};
  const auto axes = ascending(call.axes("axes", call.rank_of(x)));
  const bool keep_dims = call.flag("keepdims", false);
  return {reduced_by(call, "mean", x, axes, keep_dims),
          add_reduction(call, "var", x, axes, keep_dims)};
}

std::vector<ValueId> lower_average(OperationCall& call, const OperationRow&) {
  ValueId x = call.tensor("x");
  x = call.cast(x, as_float(call.dtype_of(x)));
  const std::size_t rank = call.rank_of(x);
  const auto axes = ascending(call.axes("axis", rank));
  if (!call.has("weights")) return {reduced_by(call, "mean", x, axes, false)};
  ValueId weights = call.tensor_of(call.operand("weights"), call.dtype_of(x));
  std::vector<std::size_t> of_weights = axes;
  if (call.rank_of(weights) != rank) {
    if (call.rank_of(weights) != 1 || axes.size() != 1) {
      throw Refusal{"its weights do not lie along one axis"};
    }
    // Along the axis: with axes of extent 1 behind it.
    Function behind;
    for (std::size_t axis = 1; axis < rank - axes[0]; ++axis) behind.axes.push_back(axis);
    if (!behind.axes.empty()) weights = call.add("expand_dims", weights, behind);
    of_weights.clear();
    for (std::size_t axis = 0; axis < call.rank_of(weights); ++axis) of_weights.push_back(axis);
  }
  const DType dtype = call.dtype_of(x);
  const ValueId weighted = call.add("multiply", {{x}, {weights}}, dtype);
  const ValueId total = reduced_by(call, "sum", weighted, axes, false);
  const ValueId sum = reduced_by(call, "sum", weights, of_weights, false);
  return {call.add("divide", {{total}, {sum}}, dtype)};
}

/// Of one axis, or of all elements as they follow one another.
std::vector<ValueId> lower_arg(OperationCall& call, const OperationRow& row) {
  const ValueId x = call.tensor("x");
  if (call.dtype_of(x) == DType::Bool) throw Refusal{"it compares truth values"};
  Function op;
  op.axes = call.axes("axis", call.rank_of(x));
  op.keep_dims = call.flag("keepdims", false);
  op.dtypes = {call.dtype("output_type").value_or(DType::Int32)};
  if (op.axes.size() != 1 && op.axes.size() != call.rank_of(x)) {
    throw Refusal{"it goes along several axes"};
  }
  return {call.add(row.function, x, std::move(op))};
}

std::vector<ValueId> lower_quantile_of(OperationCall& call, ValueId x, const ConstantArray& q,
                                       double scale) {
  x = call.cast(x, as_float(call.dtype_of(x)));
  const std::size_t rank = call.rank_of(x);
  Function op;
  op.axes = ascending(call.axes("axis", rank));
  if (op.axes.size() != 1 && op.axes.size() != rank) throw Refusal{"it goes along several axes"};
  if (q.shape.size() > 1) throw Refusal{"its quantiles are no list"};
  op.keep_dims = call.flag("keepdims", false);
  op.text = call.text("method", "linear");
  for (const double value : q.values) op.numbers.push_back(value * scale);
  op.integers = {q.shape.empty() ? 1 : 0};
  return {call.add("quantile", x, std::move(op))};
}

std::vector<ValueId> lower_quantile(OperationCall& call, const OperationRow& row) {
  const Operand q = call.operand("q");
  if (q.is_tensor()) throw Refusal{"which quantiles it takes is a tensor"};
  // keras/src/ops/numpy.py: Quantile.call leaves the method out.
  if (row.class_name == "Quantile" && call.text("method", "linear") != "linear") {
    throw Refusal{"Keras 3 takes no notice of its method in a model"};
  }
  return lower_quantile_of(call, call.tensor("x"), std::get<ConstantArray>(q.value),
                           row.class_name == "Percentile" ? 0.01 : 1);
}

std::vector<ValueId> lower_median(OperationCall& call, const OperationRow&) {
  return lower_quantile_of(call, call.tensor("x"), scalar(0.5, false), 1);
}

/// x with `value` where it is NaN.
ValueId without_nan(OperationCall& call, ValueId x, double value) {
  Function test;
  test.dtypes = {DType::Bool};
  const ValueId is_nan = call.add("isnan", x, test);
  Function choice;
  choice.kind = graph::find_function("where");
  choice.dtypes = {call.dtype_of(x)};
  choice.operands = {std::nullopt, graph::Scalar{value, false}, std::nullopt};
  return call.add(choice, {is_nan, x});
}

ValueId of_floats(OperationCall& call) {
  const ValueId x = call.tensor("x");
  if (call.dtype_of(x) != DType::Float32) throw Refusal{"its tensor is not float32"};
  return x;
}

std::vector<ValueId> lower_nan_sum(OperationCall& call, const OperationRow& row) {
  const ValueId x = of_floats(call);
  const auto axes = ascending(call.axes("axis", call.rank_of(x)));
  const bool keep_dims = call.flag("keepdims", false);
  return {reduced_by(call, row.function, without_nan(call, x, row.function == "prod" ? 1 : 0), axes,
                     keep_dims)};
}

/// How many elements are no NaN, as a float.
ValueId count_of_numbers(OperationCall& call, ValueId x, const std::vector<std::size_t>& axes,
                         bool keep_dims) {
  Function test;
  test.dtypes = {DType::Bool};
  const ValueId is_nan = call.add("isnan", x, test);
  Function negation;
  negation.dtypes = {DType::Bool};
  const ValueId is_number = call.cast(call.add("logical_not", is_nan, negation), DType::Float32);
  return reduced_by(call, "sum", is_number, axes, keep_dims);
}

ValueId nan_mean(OperationCall& call, ValueId x, const std::vector<std::size_t>& axes,
                 bool keep_dims) {
  const ValueId sum = reduced_by(call, "sum", without_nan(call, x, 0), axes, keep_dims);
  return call.add("divide", {{sum}, {count_of_numbers(call, x, axes, keep_dims)}}, DType::Float32);
}

std::vector<ValueId> lower_nan_mean(OperationCall& call, const OperationRow&) {
  const ValueId x = of_floats(call);
  const auto axes = ascending(call.axes("axis", call.rank_of(x)));
  return {nan_mean(call, x, axes, call.flag("keepdims", false))};
}

std::vector<ValueId> lower_nan_variance(OperationCall& call, const OperationRow& row) {
  const ValueId x = of_floats(call);
  const auto axes = ascending(call.axes("axis", call.rank_of(x)));
  const ValueId mean = nan_mean(call, x, axes, true);
  const ValueId distance = call.add("subtract", {{x}, {mean}}, DType::Float32);
  const ValueId square = call.add("square", distance);
  const ValueId variance = nan_mean(call, square, axes, call.flag("keepdims", false));
  return {row.class_name == "Nanstd" ? call.add("sqrt", variance) : variance};
}

/// NaN where all are.
std::vector<ValueId> lower_nan_extreme(OperationCall& call, const OperationRow& row) {
  const ValueId x = of_floats(call);
  const auto axes = ascending(call.axes("axis", call.rank_of(x)));
  const bool keep_dims = call.flag("keepdims", false);
  const double never = row.function == "max" ? -INFINITY : INFINITY;
  const ValueId extreme =
      reduced_by(call, row.function, without_nan(call, x, never), axes, keep_dims);
  Function test;
  test.dtypes = {DType::Bool};
  const ValueId is_nan = call.add("isnan", x, test);
  const ValueId nothing_else = add_reduction(call, "all", is_nan, axes, keep_dims);
  Function choice;
  choice.kind = graph::find_function("where");
  choice.dtypes = {DType::Float32};
  choice.operands = {std::nullopt, graph::Scalar{NAN, false}, std::nullopt};
  return {call.add(choice, {nothing_else, extreme})};
}

constexpr OperationRow reduction(std::string_view class_name, std::string_view function,
                                 DTypeRule rule) {
  return {class_name, "x", lower_reduction, function, rule};
}

constexpr OperationRow rows_of_reductions[] = {
    reduction("All", "all", DTypeRule::Logical),
    reduction("Amax", "max", DTypeRule::Promoted),
    reduction("Amin", "min", DTypeRule::Promoted),
    reduction("Any", "any", DTypeRule::Logical),
    {"Argmax", "x", lower_arg, "argmax"},
    {"Argmin", "x", lower_arg, "argmin"},
    {"Average", "x weights", lower_average},
    {"CountNonzero", "x", lower_count_nonzero, "count_nonzero"},
    reduction("Logsumexp", "logsumexp", DTypeRule::Float),
    reduction("Max", "max", DTypeRule::Promoted),
    reduction("Mean", "mean", DTypeRule::Float),
    {"Median", "x", lower_median},
    reduction("Min", "min", DTypeRule::Promoted),
    {"Moments", "x", lower_moments},
    {"Nanmax", "x", lower_nan_extreme, "max"},
    {"Nanmean", "x", lower_nan_mean},
    {"Nanmin", "x", lower_nan_extreme, "min"},
    {"Nanprod", "x", lower_nan_sum, "prod"},
    {"Nanstd", "x", lower_nan_variance},
    {"Nansum", "x", lower_nan_sum, "sum"},
    {"Nanvar", "x", lower_nan_variance},
    {"Norm", "x", lower_norm},
    {"Percentile", "x q", lower_quantile},
    reduction("Prod", "prod", DTypeRule::Numeric),
    {"Ptp", "x", lower_ptp},
    {"Quantile", "x q", lower_quantile},
    reduction("Std", "std", DTypeRule::Float),
    reduction("Sum", "sum", DTypeRule::Numeric),
    reduction("Var", "var", DTypeRule::Float),
};

}  // namespace

std::span<const OperationRow> reduction_operations() { return rows_of_reductions; }

}  // namespace tensorferry::keras
