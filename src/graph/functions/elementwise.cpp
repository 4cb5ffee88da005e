#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>

#include "graph/functions.h"

namespace tensorferry::graph {

namespace {

constexpr double pi = 3.14159265358979323846;

constexpr FunctionRow unary(std::string_view name, double (*function)(double)) {
  FunctionRow row;
  row.kind.name = name;
  row.kind.axes = AxisUse::Elementwise;
  row.values.unary = function;
  return row;
}

constexpr FunctionRow binary(std::string_view name, double (*function)(double, double)) {
  FunctionRow row;
  row.kind.name = name;
  row.kind.axes = AxisUse::Elementwise;
  row.values.binary = function;
  return row;
}

constexpr FunctionRow general(std::string_view name,
                              double (*function)(const Function&, const double*)) {
  FunctionRow row;
  row.kind.name = name;
  row.kind.axes = AxisUse::Elementwise;
  row.values.element = function;
  return row;
}

double floor_mod(double x, double y) { return x - y * std::floor(x / y); }

/// The modified Bessel function of order 0 as its series: Σ (x²/4)^k / (k!)².
double bessel_i0(double x) {
  double term = 1;
  double sum = 1;
  for (int k = 1; k < 1000 && term > sum * 1e-17; ++k) {
    term *= x * x / (4.0 * k * k);
    sum += term;
  }
  return sum;
}

/// Newton's method on erf, from Winitzki's approximation.
double inverse_erf(double y) {
  if (std::abs(y) >= 1) return y * std::numeric_limits<double>::infinity();
  const double a = 0.147;
  const double l = std::log1p(-y * y);
  const double b = 2 / (pi * a) + l / 2;
  double x = std::copysign(std::sqrt(std::sqrt(b * b - l / a) - b), y);
  for (int i = 0; i < 4; ++i) {
    x -= (std::erf(x) - y) * std::sqrt(pi) / 2 * std::exp(x * x);
  }
  return x;
}

double log_add_exp(double x, double y) {
  return std::max(x, y) + std::log1p(std::exp(-std::abs(x - y)));
}

/// What is replaced, by `numbers`: NaN, infinity, minus infinity.
double without_nan(const Function& function, const double* x) {
  if (std::isnan(x[0])) return function.numbers.at(0);
  if (std::isinf(x[0])) return function.numbers.at(x[0] > 0 ? 1 : 2);
  return x[0];
}

/// To `integers[0]` decimals, ties to even.
double rounded(const Function& function, const double* x) {
  const double scale = std::pow(10.0, static_cast<double>(function.integers.at(0)));
  return std::nearbyint(x[0] * scale) / scale;
}

/// `numbers`: relative and absolute tolerance; `integers[0]`: NaN equals NaN.
double is_close(const Function& function, const double* x) {
  if (std::isnan(x[0]) && std::isnan(x[1])) return function.integers.at(0);
  if (x[0] == x[1]) return 1;
  return std::abs(x[0] - x[1]) <= function.numbers.at(1) + function.numbers.at(0) * std::abs(x[1]);
}

std::int64_t whole(double x) { return static_cast<std::int64_t>(x); }

constexpr FunctionRow rows_of_elements[] = {
    unary("abs", [](double x) { return std::abs(x); }),
    unary("angle", [](double x) { return std::isnan(x) ? x
                                         : x < 0       ? pi
                                                       : 0; }),
    unary("arccos", [](double x) { return std::acos(x); }),
    unary("arccosh", [](double x) { return std::acosh(x); }),
    unary("arcsin", [](double x) { return std::asin(x); }),
    unary("arcsinh", [](double x) { return std::asinh(x); }),
    unary("arctan", [](double x) { return std::atan(x); }),
    unary("arctanh", [](double x) { return std::atanh(x); }),
    unary("bitwise_not", [](double x) { return static_cast<double>(~whole(x)); }),
    unary("cbrt", [](double x) { return std::cbrt(x); }),
    unary("ceil", [](double x) { return std::ceil(x); }),
    unary("cos", [](double x) { return std::cos(x); }),
    unary("cosh", [](double x) { return std::cosh(x); }),
    unary("deg2rad", [](double x) { return x * pi / 180; }),
    unary("erf", [](double x) { return std::erf(x); }),
    unary("erfc", [](double x) { return std::erfc(x); }),
    unary("erfinv", inverse_erf),
    unary("exp", [](double x) { return std::exp(x); }),
    unary("exp2", [](double x) { return std::exp2(x); }),
    unary("expm1", [](double x) { return std::expm1(x); }),
    unary("floor", [](double x) { return std::floor(x); }),
    unary("i0", bessel_i0),
    unary("isfinite", [](double x) { return std::isfinite(x) ? 1.0 : 0.0; }),
    unary("isinf", [](double x) { return std::isinf(x) ? 1.0 : 0.0; }),
    unary("isnan", [](double x) { return std::isnan(x) ? 1.0 : 0.0; }),
    unary("isneginf", [](double x) { return std::isinf(x) && x < 0 ? 1.0 : 0.0; }),
    unary("isposinf", [](double x) { return std::isinf(x) && x > 0 ? 1.0 : 0.0; }),
    unary("log", [](double x) { return std::log(x); }),
    unary("log10", [](double x) { return std::log10(x); }),
    unary("log1p", [](double x) { return std::log1p(x); }),
    unary("log2", [](double x) { return std::log2(x); }),
    unary("logical_not", [](double x) { return x == 0 ? 1.0 : 0.0; }),
    unary("negative", [](double x) { return -x; }),
    unary("rad2deg", [](double x) { return x * 180 / pi; }),
    unary("reciprocal", [](double x) { return 1 / x; }),
    unary("rsqrt", [](double x) { return 1 / std::sqrt(x); }),
    unary("sign", [](double x) { return x > 0   ? 1.0
                                        : x < 0 ? -1.0
                                                : x; }),
    unary("signbit", [](double x) { return std::signbit(x) ? 1.0 : 0.0; }),
    unary("sin", [](double x) { return std::sin(x); }),
    unary("sinc", [](double x) { return x == 0 ? 1 : std::sin(pi * x) / (pi * x); }),
    unary("sinh", [](double x) { return std::sinh(x); }),
    unary("sqrt", [](double x) { return std::sqrt(x); }),
    unary("square", [](double x) { return x * x; }),
    unary("tan", [](double x) { return std::tan(x); }),
    unary("tanh", [](double x) { return std::tanh(x); }),
    unary("trunc", [](double x) { return std::trunc(x); }),
    binary("add", [](double x, double y) { return x + y; }),
    binary("arctan2", [](double x, double y) { return std::atan2(x, y); }),
    binary("bitwise_and",
           [](double x, double y) { return static_cast<double>(whole(x) & whole(y)); }),
    binary("bitwise_or",
           [](double x, double y) { return static_cast<double>(whole(x) | whole(y)); }),
    binary("bitwise_xor",
           [](double x, double y) { return static_cast<double>(whole(x) ^ whole(y)); }),
    binary("divide", [](double x, double y) { return x / y; }),
    binary("divide_no_nan", [](double x, double y) { return y == 0 ? 0 : x / y; }),
    binary("equal", [](double x, double y) { return x == y ? 1.0 : 0.0; }),
    binary("floor_divide", [](double x, double y) { return std::floor(x / y); }),
    binary("fmax", [](double x, double y) { return std::fmax(x, y); }),
    binary("fmin", [](double x, double y) { return std::fmin(x, y); }),
    binary("fmod", [](double x, double y) { return std::fmod(x, y); }),
    binary("gcd",
           [](double x, double y) { return static_cast<double>(std::gcd(whole(x), whole(y))); }),
    binary("greater", [](double x, double y) { return x > y ? 1.0 : 0.0; }),
    binary("greater_equal", [](double x, double y) { return x >= y ? 1.0 : 0.0; }),
    binary("heaviside", [](double x, double y) { return x == 0  ? y
                                                        : x > 0 ? 1.0
                                                                : 0.0; }),
    binary("hypot", [](double x, double y) { return std::hypot(x, y); }),
    binary("lcm",
           [](double x, double y) { return static_cast<double>(std::lcm(whole(x), whole(y))); }),
    binary("ldexp", [](double x, double y) { return x * std::exp2(y); }),
    binary("left_shift",
           [](double x, double y) { return static_cast<double>(whole(x) * (1LL << whole(y))); }),
    binary("less", [](double x, double y) { return x < y ? 1.0 : 0.0; }),
    binary("less_equal", [](double x, double y) { return x <= y ? 1.0 : 0.0; }),
    binary("logaddexp", log_add_exp),
    binary("logaddexp2",
           [](double x, double y) {
             return std::max(x, y) + std::log2(1 + std::exp2(-std::abs(x - y)));
           }),
    binary("logical_and", [](double x, double y) { return x != 0 && y != 0 ? 1.0 : 0.0; }),
    binary("logical_or", [](double x, double y) { return x != 0 || y != 0 ? 1.0 : 0.0; }),
    binary("logical_xor", [](double x, double y) { return (x != 0) != (y != 0) ? 1.0 : 0.0; }),
    binary(
        "maximum",
        [](double x, double y) { return std::isnan(x) || std::isnan(y) ? x + y : std::max(x, y); }),
    binary(
        "minimum",
        [](double x, double y) { return std::isnan(x) || std::isnan(y) ? x + y : std::min(x, y); }),
    binary("mod", floor_mod),
    binary("multiply", [](double x, double y) { return x * y; }),
    binary("nextafter",
           [](double x, double y) {
             return static_cast<double>(
                 std::nextafter(static_cast<float>(x), static_cast<float>(y)));
           }),
    binary("not_equal", [](double x, double y) { return x != y ? 1.0 : 0.0; }),
    binary("power", [](double x, double y) { return std::pow(x, y); }),
    binary("right_shift",
           [](double x, double y) { return static_cast<double>(whole(x) >> whole(y)); }),
    binary("squared_difference", [](double x, double y) { return (x - y) * (x - y); }),
    binary("subtract", [](double x, double y) { return x - y; }),
    // x, least, greatest; a bound that is not there is infinite.
    general("clip",
            [](const Function&, const double* x) {
              return std::isnan(x[0]) ? x[0] : std::min(std::max(x[0], x[1]), x[2]);
            }),
    // The number that `numbers` holds, in x's shape.
    general("full_like",
            [](const Function& function, const double*) { return function.numbers.at(0); }),
    general("isclose", is_close),
    general("nan_to_num", without_nan),
    general("round", rounded),
    // condition, x, y
    general("where", [](const Function&, const double* x) { return x[0] != 0 ? x[1] : x[2]; }),
};

constexpr auto kinds_of_elements = kinds_of(rows_of_elements);

}  // namespace

std::span<const FunctionKind> elementwise_functions() { return kinds_of_elements; }
std::span<const FunctionRow> elementwise_rows() { return rows_of_elements; }

}  // namespace tensorferry::graph
