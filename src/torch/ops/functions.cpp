#include "torch/ops/functions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "io/error.h"

namespace tensorferry::torch {

namespace {

using graph::Function;
using python::keyword;
using python::number;

const Helper literal_module{"Literal",
                            R"(class Literal(nn.Module):
    """Numbers that stand in the model's graph."""

    def __init__(self, values, dtype=torch.float32):
        super().__init__()
        values = torch.tensor(values, dtype=dtype)
        self.register_buffer("values", values, persistent=False)

    def forward(self):
        return self.values
)"};

// A tensor of bounds cannot stand beside a number.
Expression spell_clip(const Function& function, Call& call) {
  Expression x = operand(function, call, 0);
  std::vector<Expression> arguments{x};
  bool tensors = false;
  bool numbers = false;
  for (const std::size_t i : {std::size_t{1}, std::size_t{2}}) {
    const auto& bound = function.operands.at(i);
    if (bound && std::isinf(bound->value)) continue;
    (bound ? numbers : tensors) = true;
    arguments.push_back(keyword(i == 1 ? "min" : "max", operand(function, call, i)));
  }
  if (!tensors || !numbers) return python::call("torch.clamp", arguments);
  x = python::call("torch.clamp", {arguments[0], arguments[1]});
  return python::call("torch.clamp", {x, arguments[2]});
}

Expression spell_full_like(const Function& function, Call& call) {
  const double value = function.numbers.at(0);
  const bool whole = !tensor::is_floating_point(function.dtypes.at(0));
  std::vector<Expression> arguments{call.input()};
  const std::string callee = value == 0   ? "torch.zeros_like"
                             : value == 1 ? "torch.ones_like"
                                          : "torch.full_like";
  if (value != 0 && value != 1) arguments.push_back(scalar_number({value, whole}));
  if (call.site.input().dtype != function.dtypes[0]) {
    arguments.push_back(keyword("dtype", dtype_atom(function.dtypes[0])));
  }
  return python::call(callee, arguments);
}

Expression spell_nan_to_num(const Function& function, Call& call) {
  std::vector<Expression> arguments{call.input()};
  const double largest = std::numeric_limits<float>::max();
  const double usual[] = {0, largest, -largest};
  const char* const names[] = {"nan", "posinf", "neginf"};
  for (std::size_t i = 0; i < 3; ++i) {
    if (function.numbers.at(i) == usual[i]) continue;
    arguments.push_back(keyword(names[i], number(function.numbers[i])));
  }
  return python::call("torch.nan_to_num", arguments);
}

Expression spell_round(const Function& function, Call& call) {
  std::vector<Expression> arguments{call.input()};
  if (function.integers.at(0) != 0) {
    arguments.push_back(keyword("decimals", number(function.integers[0])));
  }
  return python::call("torch.round", arguments);
}

Expression spell_isclose(const Function& function, Call& call) {
  std::vector<Expression> arguments{tensor_operand(function, call, 0),
                                    tensor_operand(function, call, 1)};
  if (function.numbers.at(0) != 1e-5)
    arguments.push_back(keyword("rtol", number(function.numbers[0])));
  if (function.numbers.at(1) != 1e-8)
    arguments.push_back(keyword("atol", number(function.numbers[1])));
  if (function.integers.at(0) == 1)
    arguments.push_back(keyword("equal_nan", python::boolean(true)));
  return python::call("torch.isclose", arguments);
}

Expression spell_power(const Function& function, Call& call) {
  const auto& exponent = function.operands.at(1);
  if (function.operands[0] || !exponent) {
    return python::call("torch.pow", {operand(function, call, 0), operand(function, call, 1)});
  }
  const std::string text = python::text_of(scalar_number(*exponent));
  return python::atom(fmt::format("{}**{}", call.name(), text));
}

// torch.maximum takes no numbers, torch.clamp does.
Expression spell_extreme(const Function& function, Call& call) {
  const bool greatest = function.kind->name == "maximum";
  for (std::size_t i = 0; i < 2; ++i) {
    if (!function.operands.at(i)) continue;
    return python::call("torch.clamp",
                        {operand(function, call, 1 - i),
                         keyword(greatest ? "min" : "max", scalar_number(*function.operands[i]))});
  }
  return python::call(greatest ? "torch.maximum" : "torch.minimum", all_operands(function, call));
}

Expression spell_floor_divide(const Function& function, Call& call) {
  return python::call("torch.div", {tensor_operand(function, call, 0), operand(function, call, 1),
                                    keyword("rounding_mode", python::string("floor"))});
}

Expression spell_cholesky(const Function& function, Call& call) {
  std::vector<Expression> arguments{call.input()};
  if (function.integers.at(0) == 1) arguments.push_back(keyword("upper", python::boolean(true)));
  return python::call("torch.linalg.cholesky", arguments);
}

Expression spell_solve(const Function& function, Call& call) {
  std::vector<Expression> arguments{call.input(0), call.input(1)};
  if (function.text.empty()) return python::call("torch.linalg.solve", arguments);
  arguments.push_back(keyword("upper", python::boolean(function.text == "upper")));
  return python::call("torch.linalg.solve_triangular", arguments);
}

Expression spell_einsum(const Function& function, Call& call) {
  std::vector<Expression> arguments{python::string(function.text)};
  for (const Expression& input : all_operands(function, call)) arguments.push_back(input);
  return python::call("torch.einsum", arguments);
}

using Form = FunctionSpelling::Form;

constexpr FunctionSpelling plain(std::string_view name, std::string_view text) {
  return {name, Form::Call, text};
}

constexpr FunctionSpelling infix(std::string_view name, std::string_view text) {
  return {name, Form::Operator, text};
}

constexpr FunctionSpelling formula_of(std::string_view name, std::string_view text) {
  return {name, Form::Formula, text};
}

constexpr FunctionSpelling own(std::string_view name, Expression (*spell)(const Function&, Call&)) {
  return {name, Form::Own, "", spell};
}

constexpr FunctionSpelling spellings[] = {
    plain("abs", "torch.abs"),
    own("adaptive_average_pool", spell_adaptive_pool),
    own("adaptive_max_pool", spell_adaptive_pool),
    infix("add", "+"),
    own("all", spell_one_by_one),
    plain("angle", "torch.angle"),
    own("any", spell_one_by_one),
    plain("arccos", "torch.acos"),
    plain("arccosh", "torch.acosh"),
    plain("arcsin", "torch.asin"),
    plain("arcsinh", "torch.asinh"),
    plain("arctan", "torch.atan"),
    plain("arctan2", "torch.atan2"),
    plain("arctanh", "torch.atanh"),
    own("argmax", spell_arg),
    own("argmin", spell_arg),
    own("argsort", spell_sort),
    own("auto_contrast", spell_auto_contrast),
    infix("bitwise_and", "&"),
    formula_of("bitwise_not", "~{0}"),
    infix("bitwise_or", "|"),
    infix("bitwise_xor", "^"),
    own("broadcast_to", spell_reshape),
    formula_of("cbrt", "torch.sign({0}) * torch.abs({0}) ** (1 / 3)"),
    plain("ceil", "torch.ceil"),
    own("cholesky", spell_cholesky),
    own("clahe", spell_clahe),
    own("clip", spell_clip),
    plain("cos", "torch.cos"),
    plain("cosh", "torch.cosh"),
    own("count_nonzero", spell_count_nonzero),
    plain("cross", "torch.linalg.cross"),
    own("cumprod", spell_along),
    own("cumsum", spell_along),
    plain("deg2rad", "torch.deg2rad"),
    plain("det", "torch.linalg.det"),
    own("diagonal", spell_diagonal),
    own("diagonal_matrix", spell_diagonal_matrix),
    own("diff", spell_diff),
    infix("divide", "/"),
    formula_of("divide_no_nan", "({0} / {1}).masked_fill({1} == 0, 0)"),
    own("einsum", spell_einsum),
    infix("equal", "=="),
    plain("erf", "torch.erf"),
    plain("erfc", "torch.erfc"),
    plain("erfinv", "torch.erfinv"),
    plain("exp", "torch.exp"),
    plain("exp2", "torch.exp2"),
    own("expand_dims", spell_expand),
    plain("expm1", "torch.expm1"),
    own("flip", spell_flip),
    plain("floor", "torch.floor"),
    own("floor_divide", spell_floor_divide),
    plain("fmax", "torch.fmax"),
    plain("fmin", "torch.fmin"),
    plain("fmod", "torch.fmod"),
    own("full_like", spell_full_like),
    plain("gcd", "torch.gcd"),
    own("get_item", spell_get_item),
    infix("greater", ">"),
    infix("greater_equal", ">="),
    plain("heaviside", "torch.heaviside"),
    plain("hypot", "torch.hypot"),
    plain("i0", "torch.i0"),
    plain("inv", "torch.linalg.inv"),
    own("isclose", spell_isclose),
    plain("isfinite", "torch.isfinite"),
    plain("isinf", "torch.isinf"),
    plain("isnan", "torch.isnan"),
    plain("isneginf", "torch.isneginf"),
    plain("isposinf", "torch.isposinf"),
    plain("lcm", "torch.lcm"),
    plain("ldexp", "torch.ldexp"),
    infix("left_shift", "<<"),
    infix("less", "<"),
    infix("less_equal", "<="),
    plain("log", "torch.log"),
    plain("log10", "torch.log10"),
    plain("log1p", "torch.log1p"),
    plain("log2", "torch.log2"),
    plain("logaddexp", "torch.logaddexp"),
    plain("logaddexp2", "torch.logaddexp2"),
    formula_of("logdet", "torch.linalg.slogdet({0})[1]"),
    plain("logical_and", "torch.logical_and"),
    plain("logical_not", "torch.logical_not"),
    plain("logical_or", "torch.logical_or"),
    plain("logical_xor", "torch.logical_xor"),
    own("logsumexp", spell_reduction),
    own("look_up", spell_look_up),
    infix("matmul", "@"),
    own("max", spell_reduction),
    own("maximum", spell_extreme),
    own("mean", spell_reduction),
    own("mask_of_all", spell_mask_of_all),
    own("meshgrid", spell_meshgrid),
    own("min", spell_reduction),
    own("minimum", spell_extreme),
    own("mirror_pad", spell_mirror_pad),
    plain("mod", "torch.remainder"),
    infix("multiply", "*"),
    own("nan_to_num", spell_nan_to_num),
    formula_of("negative", "-{0}"),
    plain("nextafter", "torch.nextafter"),
    own("norm", spell_norm),
    infix("not_equal", "!="),
    own("one_hot", spell_one_hot),
    own("power", spell_power),
    own("prod", spell_one_by_one),
    own("quantile", spell_quantile),
    plain("rad2deg", "torch.rad2deg"),
    plain("reciprocal", "torch.reciprocal"),
    own("repeat", spell_repeat),
    own("reshape", spell_reshape),
    own("resize", spell_resize),
    infix("right_shift", ">>"),
    own("roll", spell_roll),
    own("rot90", spell_rot90),
    own("round", spell_round),
    plain("rsqrt", "torch.rsqrt"),
    own("search", spell_search),
    own("shape", spell_shape),
    plain("sign", "torch.sign"),
    plain("signbit", "torch.signbit"),
    plain("sin", "torch.sin"),
    plain("sinc", "torch.sinc"),
    plain("sinh", "torch.sinh"),
    plain("slogdet", "torch.linalg.slogdet"),
    own("solve", spell_solve),
    own("sort", spell_sort),
    own("split", spell_split),
    own("spectrogram", spell_spectrogram),
    plain("sqrt", "torch.sqrt"),
    plain("square", "torch.square"),
    formula_of("squared_difference", "({0} - {1}).square()"),
    own("squeeze", spell_squeeze),
    own("stack", spell_stack),
    own("std", spell_reduction),
    infix("subtract", "-"),
    own("sum", spell_reduction),
    own("take", spell_take),
    own("take_along_axis", spell_take_along_axis),
    plain("tan", "torch.tan"),
    plain("tanh", "torch.tanh"),
    own("tile", spell_reshape),
    own("top_k", spell_top_k),
    own("tril", spell_triangle),
    own("triu", spell_triangle),
    plain("trunc", "torch.trunc"),
    own("unstack", spell_unstack),
    own("var", spell_reduction),
    plain("where", "torch.where"),
};

/// Where a number may stand in a call: torch.where takes them, and these as the second operand.
bool takes_number(std::string_view name, std::size_t i) {
  return name == "where" || (i == 1 && (name == "mod" || name == "fmod"));
}

Expression number_list(const graph::Literal& literal, std::size_t axis, std::size_t& next) {
  if (axis == literal.shape.size()) {
    const bool whole = !tensor::is_floating_point(literal.dtype);
    return scalar_number({literal.values.at(next++), whole});
  }
  std::vector<Expression> items;
  for (std::int64_t i = 0; i < literal.shape[axis]; ++i) {
    items.push_back(number_list(literal, axis + 1, next));
  }
  return python::list(items);
}

std::string formula_text(std::string_view text, const std::vector<Expression>& operands) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '{' && i + 2 < text.size() && text[i + 2] == '}') {
      result += python::text_of(operands.at(static_cast<std::size_t>(text[i + 1] - '0')));
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

}  // namespace

std::span<const FunctionSpelling> function_spellings() { return spellings; }

Expression dtype_atom(tensor::DType dtype) {
  return python::atom(fmt::format("torch.{}", tensor::dtype_name(dtype)));
}

std::vector<std::int64_t> signed_axes(const std::vector<std::size_t>& axes) {
  return {axes.begin(), axes.end()};
}

Expression scalar_number(const graph::Scalar& scalar) {
  const bool whole = scalar.whole && std::isfinite(scalar.value);
  return whole ? number(static_cast<std::int64_t>(scalar.value)) : number(scalar.value);
}

Expression operand(const Function& function, Call& call, std::size_t i) {
  const auto& given = function.operands.at(i);
  if (given) return scalar_number(*given);
  const auto before =
      std::count(function.operands.begin(),
                 function.operands.begin() + static_cast<std::ptrdiff_t>(i), std::nullopt);
  return python::atom(call.name(static_cast<std::size_t>(before)));
}

Expression tensor_operand(const Function& function, Call& call, std::size_t i) {
  const Expression value = operand(function, call, i);
  return function.operands.at(i) ? python::call("torch.tensor", {value}) : value;
}

std::vector<Expression> all_operands(const Function& function, Call& call) {
  std::vector<Expression> operands;
  for (std::size_t i = 0; i < function.operands.size(); ++i) {
    operands.push_back(operand(function, call, i));
  }
  return operands;
}

Expression call_function(const Function& function, Call& call) {
  const auto found =
      std::find_if(std::begin(spellings), std::end(spellings),
                   [&](const FunctionSpelling& row) { return row.name == function.kind->name; });
  if (found == std::end(spellings)) {
    throw io::Error(io::ErrorCode::Internal,
                    fmt::format("torch's `{}` is not known.", function.kind->name));
  }
  if (found->form == Form::Own) return found->spell(function, call);
  std::vector<Expression> operands;
  for (std::size_t i = 0; i < function.operands.size(); ++i) {
    const bool as_tensor = found->form == Form::Call && !takes_number(found->name, i);
    operands.push_back(as_tensor ? tensor_operand(function, call, i) : operand(function, call, i));
    const auto& given = function.operands[i];
    if (found->form == Form::Operator && given && given->value < 0) {
      operands.back() = python::atom("(" + python::text_of(operands.back()) + ")");
    }
  }
  switch (found->form) {
    case Form::Call:
      return python::call(std::string(found->text), operands);
    case Form::Operator:
      return python::operators(std::string(found->text), operands);
    case Form::Formula:
    case Form::Own:
      break;
  }
  return python::atom(formula_text(found->text, operands));
}

Declaration declare_literal(const graph::Literal& literal, Helpers& helpers) {
  std::size_t next = 0;
  std::vector<Expression> arguments{number_list(literal, 0, next)};
  if (literal.dtype != tensor::DType::Float32) {
    arguments.push_back(keyword("dtype", dtype_atom(literal.dtype)));
  }
  Declaration declaration;
  declaration.stock = false;
  declaration.constructor = python::call(helpers.use(literal_module), arguments);
  return declaration;
}

}  // namespace tensorferry::torch
