#include <cmath>
#include <limits>

#include "keras/operations/operation_row.h"

namespace tensorferry::keras {

using graph::Function;
using graph::Merge;
using graph::ValueId;
using tensor::DType;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::vector<Operand> operands_by(OperationCall& call, std::string_view names) {
  std::vector<Operand> operands;
  for (const std::string_view name : words_of(names)) operands.push_back(call.operand(name));
  return operands;
}

/// The dtype in which the operands are taken.
DType computed_in(OperationCall& call, const std::vector<Operand>& operands, DTypeRule rule) {
  switch (rule) {
    case DTypeRule::Promoted:
    case DTypeRule::Compared:
      return promoted(call, operands);
    case DTypeRule::Numeric: {
      const DType dtype = promoted(call, operands);
      if (dtype == DType::Bool) throw Refusal{"it computes with truth values"};
      return dtype;
    }
    case DTypeRule::Float:
      return promoted_to_float(call, operands);
    case DTypeRule::Logical:
      return DType::Bool;
  }
  return DType::Float32;
}

ValueId add_elementwise(OperationCall& call, const OperationRow& row,
                        const std::vector<Operand>& operands, Function op = {}) {
  const DType dtype = computed_in(call, operands, row.rule);
  if (row.rule == DTypeRule::Compared) op.dtypes = {DType::Bool};
  return call.add(row.function, operands, dtype, std::move(op));
}

std::vector<ValueId> lower_elementwise(OperationCall& call, const OperationRow& row) {
  return {add_elementwise(call, row, operands_by(call, row.parameters))};
}

/// What Keras's merging layers do as well: two tensors of one rank.
std::vector<ValueId> lower_arithmetic(OperationCall& call, const OperationRow& row) {
  const std::vector<Operand> operands = operands_by(call, row.parameters);
  if (!operands[0].is_tensor() || !operands[1].is_tensor()) {
    return {add_elementwise(call, row, operands)};
  }
  const ValueId a = std::get<ValueId>(operands[0].value);
  const ValueId b = std::get<ValueId>(operands[1].value);
  if (call.rank_of(a) != call.rank_of(b) || call.dtype_of(a) != DType::Float32 ||
      call.dtype_of(b) != DType::Float32) {
    return {add_elementwise(call, row, operands)};
  }
  const auto kind = row.function == "add"        ? Merge::Kind::Add
                    : row.function == "subtract" ? Merge::Kind::Subtract
                    : row.function == "multiply" ? Merge::Kind::Multiply
                    : row.function == "divide"   ? Merge::Kind::Divide
                    : row.function == "maximum"  ? Merge::Kind::Maximum
                                                 : Merge::Kind::Minimum;
  return {call.add(Merge{kind}, {a, b})};
}

/// Bit operations: of whole numbers, or of truth values.
std::vector<ValueId> lower_bitwise(OperationCall& call, const OperationRow& row) {
  const std::vector<Operand> operands = operands_by(call, row.parameters);
  if (tensor::is_floating_point(promoted(call, operands))) {
    throw Refusal{"it computes with the bits of numbers that are not whole"};
  }
  return {add_elementwise(call, row, operands)};
}

/// A value that is the same whatever it is applied to but for the dtype.
std::vector<ValueId> lower_identity(OperationCall& call, const OperationRow& row) {
  return {call.add(graph::Identity{}, {call.tensor(words_of(row.parameters).at(0))})};
}

/// Whole numbers have no fraction, infinities or NaN.
std::vector<ValueId> lower_of_fractions(OperationCall& call, const OperationRow& row) {
  const ValueId x = call.tensor("x");
  if (!tensor::is_floating_point(call.dtype_of(x))) {
    throw Refusal{"it is called with whole numbers, of which it says nothing"};
  }
  return {add_elementwise(call, row, {{x}})};
}

std::vector<ValueId> lower_round(OperationCall& call, const OperationRow& row) {
  const ValueId x = call.tensor("x");
  Function op;
  op.integers = {call.integer("decimals", 0)};
  if (!tensor::is_floating_point(call.dtype_of(x))) {
    if (op.integers[0] < 0) throw Refusal{"it rounds whole numbers"};
    return {call.add(graph::Identity{}, {x})};
  }
  return {add_elementwise(call, row, {{x}}, std::move(op))};
}

std::vector<ValueId> lower_nan_to_num(OperationCall& call, const OperationRow& row) {
  const ValueId x = call.tensor("x");
  if (call.dtype_of(x) != DType::Float32) throw Refusal{"its tensor is not float32"};
  constexpr double largest = std::numeric_limits<float>::max();
  Function op;
  op.numbers = {call.number("nan", 0), call.number("posinf", largest),
                call.number("neginf", -largest)};
  return {add_elementwise(call, row, {{x}}, std::move(op))};
}

std::vector<ValueId> lower_isclose(OperationCall& call, const OperationRow& row) {
  Function op;
  op.numbers = {call.number("rtol", 1e-5), call.number("atol", 1e-8)};
  op.integers = {call.flag("equal_nan", false) ? 1 : 0};
  return {add_elementwise(call, row, {call.operand("x1"), call.operand("x2")}, std::move(op))};
}

/// Of x's dtype; a bound that is not given is infinite.
std::vector<ValueId> lower_clip(OperationCall& call, const OperationRow& row) {
  const ValueId x = call.tensor("x");
  const DType dtype = call.dtype_of(x);
  if (dtype == DType::Bool) throw Refusal{"it computes with truth values"};
  std::vector<Operand> operands{{x}};
  for (const std::string_view name : {"x_min", "x_max"}) {
    const Operand bound = call.has(name)
                              ? call.operand(name)
                              : Operand{scalar(name == "x_min" ? -infinity : infinity, true)};
    if (promoted(call, {{x}, bound}) != dtype) throw Refusal{"a bound is of another dtype"};
    operands.push_back(bound);
  }
  return {call.add(row.function, operands, dtype)};
}

std::vector<ValueId> lower_where(OperationCall& call, const OperationRow& row) {
  if (!call.has("x1") || !call.has("x2")) {
    throw Refusal{"where it is true is a list of a length that only the numbers tell"};
  }
  const ValueId condition = call.cast(call.tensor("condition"), DType::Bool);
  const std::vector<Operand> branches{call.operand("x1"), call.operand("x2")};
  const DType dtype = promoted(call, branches);
  std::vector<Operand> operands{{condition}};
  for (const Operand& branch : branches) {
    const auto* array = std::get_if<ConstantArray>(&branch.value);
    const bool is_number = array != nullptr && array->shape.empty();
    operands.push_back(is_number ? branch : Operand{call.tensor_of(branch, dtype)});
  }
  Function op;
  op.kind = graph::find_function(row.function);
  op.dtypes = {dtype};
  std::vector<ValueId> inputs;
  for (const Operand& operand : operands) {
    if (const auto* id = std::get_if<ValueId>(&operand.value)) {
      op.operands.push_back(std::nullopt);
      inputs.push_back(*id);
    } else {
      const double value = std::get<ConstantArray>(operand.value).values.at(0);
      op.operands.push_back(graph::Scalar{value, !tensor::is_floating_point(dtype)});
    }
  }
  return {call.add(op, std::move(inputs))};
}

/// The first choice whose condition is true, from the last to the first.
std::vector<ValueId> lower_select(OperationCall& call, const OperationRow&) {
  const std::vector<Operand> conditions = call.operands("condlist");
  const std::vector<Operand> choices = call.operands("choicelist");
  if (conditions.size() != choices.size() || conditions.empty()) {
    throw Refusal{"it has not as many choices as conditions"};
  }
  Operand otherwise = call.has("default") ? call.operand("default") : Operand{scalar(0, true)};
  std::vector<Operand> all = choices;
  all.push_back(otherwise);
  const DType dtype = promoted(call, all);
  for (std::size_t i = choices.size(); i-- > 0;) {
    Function op;
    op.kind = graph::find_function("where");
    op.dtypes = {dtype};
    op.operands = {std::nullopt, std::nullopt, std::nullopt};
    std::vector<ValueId> inputs{call.tensor_of(conditions[i], DType::Bool),
                                call.tensor_of(choices[i], dtype)};
    if (otherwise.is_tensor()) {
      inputs.push_back(call.tensor_of(otherwise, dtype));
    } else {
      const auto& array = std::get<ConstantArray>(otherwise.value);
      if (!array.shape.empty()) throw Refusal{"its default is an array"};
      op.operands[2] = graph::Scalar{array.values.at(0), !tensor::is_floating_point(dtype)};
    }
    otherwise = {call.add(op, std::move(inputs))};
  }
  return {std::get<ValueId>(otherwise.value)};
}

/// A value of x's shape: of the row's number (0, 1), or of `fill_value`.
std::vector<ValueId> lower_full_like(OperationCall& call, const OperationRow& row) {
  const ValueId x = call.tensor("x");
  Function op;
  op.numbers = {row.class_name == "FullLike" ? call.number("fill_value", 0)
                                             : (row.class_name == "OnesLike" ? 1.0 : 0.0)};
  op.dtypes = {call.dtype("dtype").value_or(call.dtype_of(x))};
  return {call.add("full_like", x, std::move(op))};
}

std::vector<ValueId> lower_cast(OperationCall& call, const OperationRow&) {
  const ValueId x = call.tensor("x");
  return {call.cast(x, call.dtype("dtype").value_or(call.dtype_of(x)))};
}

/// To the nearest number that the dtype has. (keras/src/backend/tensorflow/core.py: saturate_cast)
std::vector<ValueId> lower_saturate_cast(OperationCall& call, const OperationRow&) {
  const ValueId x = call.tensor("x");
  const DType dtype = call.dtype("dtype").value_or(call.dtype_of(x));
  const auto bits = static_cast<int>(tensor::dtype_size(dtype)) * 8;
  const bool narrows = !tensor::is_floating_point(dtype) && bits < 32;
  if (!narrows || dtype == DType::Bool) throw Refusal{"its dtype is not a narrow one"};
  const double least = dtype == DType::UInt8 ? 0 : -std::ldexp(1, bits - 1);
  const double greatest = std::ldexp(1, dtype == DType::UInt8 ? bits : bits - 1) - 1;
  const ValueId clipped =
      call.add("clip", {{x}, {scalar(least, true)}, {scalar(greatest, true)}}, call.dtype_of(x));
  return {call.cast(clipped, dtype)};
}

/// Of tensors whose numbers are real.
std::vector<ValueId> lower_constant_fact(OperationCall& call, const OperationRow& row) {
  const ValueId x = call.tensor("x");
  Function op;
  op.numbers = {row.class_name == "Imag" ? 0.0 : 1.0};
  op.dtypes = {call.dtype_of(x)};
  const ValueId value = call.add("full_like", x, std::move(op));
  return {row.class_name == "Imag" ? value : call.cast(value, DType::Bool)};
}

constexpr OperationRow element(std::string_view class_name, std::string_view parameters,
                               std::string_view function, DTypeRule rule) {
  return {class_name, parameters, lower_elementwise, function, rule};
}

using enum DTypeRule;

constexpr OperationRow rows_of_elements[] = {
    element("Abs", "x", "abs", Promoted),
    element("Absolute", "x", "abs", Promoted),
    {"Add", "x1 x2", lower_arithmetic, "add", Numeric},
    element("Angle", "x", "angle", Float),
    element("Arccos", "x", "arccos", Float),
    element("Arccosh", "x", "arccosh", Float),
    element("Arcsin", "x", "arcsin", Float),
    element("Arcsinh", "x", "arcsinh", Float),
    element("Arctan", "x", "arctan", Float),
    element("Arctan2", "x1 x2", "arctan2", Float),
    element("Arctanh", "x", "arctanh", Float),
    {"BitwiseAnd", "x y", lower_bitwise, "bitwise_and"},
    {"BitwiseInvert", "x", lower_bitwise, "bitwise_not"},
    {"BitwiseLeftShift", "x y", lower_bitwise, "left_shift"},
    {"BitwiseNot", "x", lower_bitwise, "bitwise_not"},
    {"BitwiseOr", "x y", lower_bitwise, "bitwise_or"},
    {"BitwiseRightShift", "x y", lower_bitwise, "right_shift"},
    {"BitwiseXor", "x y", lower_bitwise, "bitwise_xor"},
    {"Cast", "x", lower_cast},
    element("Cbrt", "x", "cbrt", Float),
    element("Ceil", "x", "ceil", Float),
    {"Clip", "x", lower_clip, "clip", Numeric},
    {"Conj", "x", lower_identity},
    {"Conjugate", "x", lower_identity},
    {"ConvertToTensor", "x", lower_cast},
    {"Copy", "x", lower_identity},
    element("Cos", "x", "cos", Float),
    element("Cosh", "x", "cosh", Float),
    element("Deg2rad", "x", "deg2rad", Float),
    {"Divide", "x1 x2", lower_arithmetic, "divide", Float},
    element("DivideNoNan", "x1 x2", "divide_no_nan", Float),
    {"EmptyLike", "x", lower_full_like},
    element("Equal", "x1 x2", "equal", Compared),
    element("Erf", "x", "erf", Float),
    element("Erfc", "x", "erfc", Float),
    element("Erfinv", "x", "erfinv", Float),
    element("Exp", "x", "exp", Float),
    element("Exp2", "x", "exp2", Float),
    element("Expm1", "x", "expm1", Float),
    element("Fabs", "x", "abs", Float),
    element("Floor", "x", "floor", Float),
    element("FloorDivide", "x1 x2", "floor_divide", Numeric),
    element("Fmax", "x1 x2", "fmax", Numeric),
    element("Fmin", "x1 x2", "fmin", Numeric),
    element("Fmod", "x1 x2", "fmod", Numeric),
    {"FullLike", "x fill_value", lower_full_like},
    {"Gcd", "x1 x2", lower_bitwise, "gcd"},
    element("Greater", "x1 x2", "greater", Compared),
    element("GreaterEqual", "x1 x2", "greater_equal", Compared),
    element("Heaviside", "x1 x2", "heaviside", Numeric),
    element("Hypot", "x1 x2", "hypot", Float),
    element("I0", "x", "i0", Float),
    {"Imag", "x", lower_constant_fact},
    {"Isclose", "x1 x2 rtol atol", lower_isclose, "isclose", Compared},
    element("Isfinite", "x", "isfinite", Compared),
    element("Isinf", "x", "isinf", Compared),
    element("Isnan", "x", "isnan", Compared),
    element("Isneginf", "x", "isneginf", Compared),
    element("Isposinf", "x", "isposinf", Compared),
    {"Isreal", "x", lower_constant_fact},
    {"Lcm", "x1 x2", lower_bitwise, "lcm"},
    element("Ldexp", "x1 x2", "ldexp", Float),
    {"LeftShift", "x y", lower_bitwise, "left_shift"},
    element("Less", "x1 x2", "less", Compared),
    element("LessEqual", "x1 x2", "less_equal", Compared),
    element("Log", "x", "log", Float),
    element("Log10", "x", "log10", Float),
    element("Log1p", "x", "log1p", Float),
    element("Log2", "x", "log2", Float),
    element("Logaddexp", "x1 x2", "logaddexp", Float),
    element("Logaddexp2", "x1 x2", "logaddexp2", Float),
    element("LogicalAnd", "x1 x2", "logical_and", Logical),
    element("LogicalNot", "x", "logical_not", Logical),
    element("LogicalOr", "x1 x2", "logical_or", Logical),
    element("LogicalXor", "x1 x2", "logical_xor", Logical),
    {"Maximum", "x1 x2", lower_arithmetic, "maximum", Numeric},
    {"Minimum", "x1 x2", lower_arithmetic, "minimum", Numeric},
    element("Mod", "x1 x2", "mod", Numeric),
    {"Multiply", "x1 x2", lower_arithmetic, "multiply", Numeric},
    {"NanToNum", "x", lower_nan_to_num, "nan_to_num"},
    element("Negative", "x", "negative", Numeric),
    element("Nextafter", "x1 x2", "nextafter", Float),
    element("NotEqual", "x1 x2", "not_equal", Compared),
    {"OnesLike", "x", lower_full_like},
    element("Power", "x1 x2", "power", Numeric),
    element("Rad2deg", "x", "rad2deg", Float),
    {"Real", "x", lower_identity},
    element("Reciprocal", "x", "reciprocal", Float),
    {"RightShift", "x y", lower_bitwise, "right_shift"},
    {"Round", "x", lower_round, "round"},
    element("Rsqrt", "x", "rsqrt", Float),
    {"SaturateCast", "x", lower_saturate_cast},
    {"Select", "condlist choicelist default", lower_select},
    element("Sign", "x", "sign", Numeric),
    {"Signbit", "x", lower_elementwise, "signbit", Compared},
    element("Sin", "x", "sin", Float),
    element("Sinc", "x", "sinc", Float),
    element("Sinh", "x", "sinh", Float),
    element("Sqrt", "x", "sqrt", Float),
    element("Square", "x", "square", Numeric),
    element("SquaredDifference", "x1 x2", "squared_difference", Numeric),
    {"StopGradient", "variable", lower_identity},
    {"Subtract", "x1 x2", lower_arithmetic, "subtract", Numeric},
    element("Tan", "x", "tan", Float),
    element("Tanh", "x", "tanh", Float),
    {"TrueDivide", "x1 x2", lower_arithmetic, "divide", Float},
    {"Trunc", "x", lower_of_fractions, "trunc", Numeric},
    {"Where", "condition x1 x2", lower_where, "where"},
    {"ZerosLike", "x", lower_full_like},
};

}  // namespace

std::span<const OperationRow> elementwise_operations() { return rows_of_elements; }

}  // namespace tensorferry::keras
