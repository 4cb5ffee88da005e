#include <cmath>

#include "graph/functions/shapes.h"

namespace tensorferry::graph {

namespace {

/// A square matrix, row-major.
struct Matrix {
  std::size_t size = 0;
  std::vector<double> data;
  double& at(std::size_t row, std::size_t column) { return data[row * size + column]; }
};

std::vector<Matrix> matrices_of(const Array& x) {
  const std::size_t size = x.shape.back();
  std::vector<Matrix> matrices;
  for (std::size_t begin = 0; begin < x.data.size(); begin += size * size) {
    const auto first = x.data.begin() + static_cast<std::ptrdiff_t>(begin);
    matrices.push_back({size, {first, first + static_cast<std::ptrdiff_t>(size * size)}});
  }
  return matrices;
}

/// Turns (matrix | right) of `columns` right-hand columns into (1 | solution) by Gauss's
/// elimination with pivots; the determinant.
double eliminate(Matrix matrix, std::vector<double>& right, std::size_t columns) {
  const std::size_t n = matrix.size;
  double determinant = 1;
  for (std::size_t column = 0; column < n; ++column) {
    std::size_t pivot = column;
    for (std::size_t row = column + 1; row < n; ++row) {
      if (std::abs(matrix.at(row, column)) > std::abs(matrix.at(pivot, column))) pivot = row;
    }
    if (pivot != column) {
      determinant = -determinant;
      for (std::size_t k = 0; k < n; ++k) std::swap(matrix.at(pivot, k), matrix.at(column, k));
      for (std::size_t k = 0; k < columns; ++k) {
        std::swap(right[pivot * columns + k], right[column * columns + k]);
      }
    }
    const double scale = matrix.at(column, column);
    determinant *= scale;
    for (std::size_t k = 0; k < n; ++k) matrix.at(column, k) /= scale;
    for (std::size_t k = 0; k < columns; ++k) right[column * columns + k] /= scale;
    for (std::size_t row = 0; row < n; ++row) {
      const double factor = matrix.at(row, column);
      if (row == column || factor == 0) continue;
      for (std::size_t k = 0; k < n; ++k) matrix.at(row, k) -= factor * matrix.at(column, k);
      for (std::size_t k = 0; k < columns; ++k) {
        right[row * columns + k] -= factor * right[column * columns + k];
      }
    }
  }
  return determinant;
}

double determinant_of(const Matrix& matrix) {
  std::vector<double> nothing;
  return eliminate(matrix, nothing, 0);
}

std::vector<Extents> shapes_of_determinant(const Function&, const std::vector<Extents>& operands) {
  return {{operands.at(0).begin(), operands.at(0).end() - 2}};
}

/// `value` of each matrix's determinant.
template <class Value>
Array of_determinants(const Array& x, Value value) {
  Array result{{x.shape.begin(), x.shape.end() - 2}, {}};
  for (const Matrix& matrix : matrices_of(x)) result.data.push_back(value(determinant_of(matrix)));
  return result;
}

Arrays evaluate_det(const Function&, const Arrays& operands) {
  return {of_determinants(operands.at(0), [](double value) { return value; })};
}

double log_of_size(double value) { return std::log(std::abs(value)); }

Arrays evaluate_logdet(const Function&, const Arrays& operands) {
  return {of_determinants(operands.at(0), log_of_size)};
}

std::vector<Extents> shapes_of_slogdet(const Function& function,
                                       const std::vector<Extents>& operands) {
  const Extents shape = shapes_of_determinant(function, operands).at(0);
  return {shape, shape};
}

Arrays evaluate_slogdet(const Function&, const Arrays& operands) {
  return {of_determinants(operands.at(0), [](double value) { return value < 0 ? -1.0 : 1.0; }),
          of_determinants(operands.at(0), log_of_size)};
}

Arrays evaluate_inv(const Function&, const Arrays& operands) {
  Array result{operands.at(0).shape, {}};
  for (const Matrix& matrix : matrices_of(operands[0])) {
    std::vector<double> right(matrix.size * matrix.size, 0);
    for (std::size_t i = 0; i < matrix.size; ++i) right[i * matrix.size + i] = 1;
    eliminate(matrix, right, matrix.size);
    result.data.insert(result.data.end(), right.begin(), right.end());
  }
  return {result};
}

/// The lower factor; `integers[0]` 1: the upper one, its transpose.
Arrays evaluate_cholesky(const Function& function, const Arrays& operands) {
  const bool upper = function.integers.at(0) == 1;
  Array result{operands.at(0).shape, {}};
  for (Matrix& matrix : matrices_of(operands[0])) {
    const std::size_t n = matrix.size;
    Matrix factor{n, std::vector<double>(n * n, 0)};
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        double sum = matrix.at(i, j);
        for (std::size_t k = 0; k < j; ++k) sum -= factor.at(i, k) * factor.at(j, k);
        factor.at(i, j) = i == j ? std::sqrt(sum) : sum / factor.at(j, j);
      }
    }
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        result.data.push_back(upper ? factor.at(j, i) : factor.at(i, j));
      }
    }
  }
  return {result};
}

std::vector<Extents> shapes_of_solve(const Function&, const std::vector<Extents>& operands) {
  return {operands.at(1)};
}

/// a · x = b, b of matrices. `text`: "lower" or "upper" where a has a triangle only and the rest of
/// it is not looked at.
Arrays evaluate_solve(const Function& function, const Arrays& operands) {
  Array a = operands.at(0);
  std::size_t next = 0;
  for_each_index(a.shape, [&](const Index& index) {
    const std::uint64_t row = index[index.size() - 2];
    double& value = a.data[next++];
    if (function.text == "lower" && index.back() > row) value = 0;
    if (function.text == "upper" && index.back() < row) value = 0;
  });
  const Array& b = operands.at(1);
  const std::size_t columns = b.shape.back();
  Array result{b.shape, {}};
  std::size_t begin = 0;
  for (const Matrix& matrix : matrices_of(a)) {
    const auto first = b.data.begin() + static_cast<std::ptrdiff_t>(begin);
    const std::size_t count = matrix.size * columns;
    std::vector<double> right(first, first + static_cast<std::ptrdiff_t>(count));
    eliminate(matrix, right, columns);
    result.data.insert(result.data.end(), right.begin(), right.end());
    begin += count;
  }
  return {result};
}

constexpr FunctionRow rows_of_matrices[] = {
    fixed("cholesky", nullptr, evaluate_cholesky),
    fixed("det", shapes_of_determinant, evaluate_det),
    fixed("inv", nullptr, evaluate_inv),
    fixed("logdet", shapes_of_determinant, evaluate_logdet),
    fixed("slogdet", shapes_of_slogdet, evaluate_slogdet),
    fixed("solve", shapes_of_solve, evaluate_solve),
};

constexpr auto kinds_of_matrices = kinds_of(rows_of_matrices);

}  // namespace

std::span<const FunctionKind> matrix_functions() { return kinds_of_matrices; }
std::span<const FunctionRow> matrix_rows() { return rows_of_matrices; }

}  // namespace tensorferry::graph
