#include <algorithm>
#include <cmath>
#include <limits>

#include "graph/functions/shapes.h"

namespace tensorferry::graph {

namespace {

using Line = std::vector<double>;

constexpr FunctionRow reducing(std::string_view name, double (*function)(const Function&, Line&)) {
  FunctionRow row;
  row.kind.name = name;
  row.kind.axes = AxisUse::Reduces;
  row.values.reduction = function;
  return row;
}

double mean_of(const Line& line) {
  double sum = 0;
  for (const double value : line) sum += value;
  return sum / static_cast<double>(line.size());
}

double variance_of(const Line& line) {
  const double mean = mean_of(line);
  double sum = 0;
  for (const double value : line) sum += (value - mean) * (value - mean);
  return sum / static_cast<double>(line.size());
}

double log_sum_exp(const Function&, Line& line) {
  const double largest = *std::max_element(line.begin(), line.end());
  double sum = 0;
  for (const double value : line) sum += std::exp(value - largest);
  return largest + std::log(sum);
}

/// Of order `numbers[0]`: numpy.linalg.norm's of vectors.
double vector_norm(const Function& function, Line& line) {
  const double order = function.numbers.at(0);
  for (double& value : line) value = std::abs(value);
  if (std::isinf(order)) {
    return order > 0 ? *std::max_element(line.begin(), line.end())
                     : *std::min_element(line.begin(), line.end());
  }
  if (order == 0) {
    return static_cast<double>(line.size()) -
           static_cast<double>(std::count(line.begin(), line.end(), 0.0));
  }
  double sum = 0;
  for (const double value : line) sum += std::pow(value, order);
  return std::pow(sum, 1 / order);
}

constexpr FunctionRow rows_of_reductions[] = {
    reducing("all",
             [](const Function&, Line& line) {
               return std::count(line.begin(), line.end(), 0.0) == 0 ? 1.0 : 0.0;
             }),
    reducing("any",
             [](const Function&, Line& line) {
               const auto zeros = std::count(line.begin(), line.end(), 0.0);
               return zeros < static_cast<std::ptrdiff_t>(line.size()) ? 1.0 : 0.0;
             }),
    reducing("count_nonzero",
             [](const Function&, Line& line) {
               return static_cast<double>(line.size()) -
                      static_cast<double>(std::count(line.begin(), line.end(), 0.0));
             }),
    reducing("logsumexp", log_sum_exp),
    reducing("max", [](const Function&,
                       Line& line) { return *std::max_element(line.begin(), line.end()); }),
    reducing("mean", [](const Function&, Line& line) { return mean_of(line); }),
    reducing("min", [](const Function&,
                       Line& line) { return *std::min_element(line.begin(), line.end()); }),
    reducing("norm", vector_norm),
    reducing("prod",
             [](const Function&, Line& line) {
               double product = 1;
               for (const double value : line) product *= value;
               return product;
             }),
    reducing("std", [](const Function&, Line& line) { return std::sqrt(variance_of(line)); }),
    reducing("sum",
             [](const Function&, Line& line) {
               double sum = 0;
               for (const double value : line) sum += value;
               return sum;
             }),
    reducing("var", [](const Function&, Line& line) { return variance_of(line); }),
};

constexpr auto kinds_of_reductions = kinds_of(rows_of_reductions);

}  // namespace

std::span<const FunctionKind> reducing_functions() { return kinds_of_reductions; }
std::span<const FunctionRow> reducing_rows() { return rows_of_reductions; }

}  // namespace tensorferry::graph
