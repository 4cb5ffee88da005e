#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tensor/tensor_ref.h"

/// Functions of a tensor library, and the constants in their calls.
namespace tensorferry::graph {

/// Numbers that stand in a call, as an array: row-major, of any dtype. No inputs.
struct Literal {
  tensor::DType dtype = tensor::DType::Float32;
  std::vector<std::int64_t> shape;
  std::vector<double> values;
  bool operator==(const Literal&) const = default;
};

/// A number in a call in the place of a tensor. `whole`: Python's 2, which keeps an integer
/// tensor's dtype, where 2.0 does not.
struct Scalar {
  double value = 0;
  bool whole = false;
  bool operator==(const Scalar&) const = default;
};

struct FunctionKind;

/// A function of a tensor library (numpy's, for most) that is no layer: a row of the tables of
/// functions.h, which say what its axes, integers, numbers and text are. The lowering has brought
/// the operands to the dtype in which it computes. Inputs: the operands that are tensors.
struct Function {
  const FunctionKind* kind = nullptr;
  std::vector<std::optional<Scalar>> operands;  ///< in the function's order; none: the next input
  std::vector<std::size_t> axes;
  bool keep_dims = false;
  std::vector<std::int64_t> integers;
  std::vector<double> numbers;
  std::string text;
  std::vector<tensor::DType> dtypes;  ///< one for each result
  bool operator==(const Function&) const = default;
};

}  // namespace tensorferry::graph
