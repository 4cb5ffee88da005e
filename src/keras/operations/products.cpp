#include <algorithm>
#include <map>

#include "keras/operations/operation_row.h"

namespace tensorferry::keras {

using graph::Function;
using graph::ValueId;
using tensor::DType;

namespace {

constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

std::vector<ValueId> factors(OperationCall& call, std::string_view names) {
  std::vector<Operand> operands;
  for (const std::string_view name : words_of(names)) operands.push_back(call.operand(name));
  const DType dtype = promoted(call, operands);
  if (dtype == DType::Bool) throw Refusal{"it multiplies truth values"};
  std::vector<ValueId> values;
  for (const Operand& operand : operands) values.push_back(call.tensor_of(operand, dtype));
  return values;
}

ValueId product_of(OperationCall& call, std::string_view function,
                   const std::vector<ValueId>& values, Function op = {}) {
  std::vector<Operand> operands;
  for (const ValueId value : values) operands.push_back({value});
  return call.add(function, operands, call.dtype_of(values.at(0)), std::move(op));
}

ValueId einsum(OperationCall& call, const std::vector<ValueId>& values, std::string equation) {
  Function op;
  op.text = std::move(equation);
  return product_of(call, "einsum", values, std::move(op));
}

std::vector<ValueId> lower_matmul(OperationCall& call, const OperationRow&) {
  std::vector<ValueId> values = factors(call, "x1 x2");
  const bool transposed[] = {call.flag("transpose_a", false), call.flag("transpose_b", false)};
  for (std::size_t i = 0; i < 2; ++i) {
    const std::size_t rank = call.rank_of(values[i]);
    if (rank == 0) throw Refusal{"it multiplies with a number"};
    if (!transposed[i]) continue;
    std::vector<std::size_t> axes(rank);
    for (std::size_t axis = 0; axis < rank; ++axis) axes[axis] = axis;
    std::swap(axes.at(rank - 1), axes.at(rank - 2));
    values[i] = call.add(graph::Permute{std::move(axes)}, {values[i]});
  }
  return {product_of(call, "matmul", values)};
}

/// The last axis of a with the last but one of b; vectors and matrices as in matmul.
std::vector<ValueId> lower_dot_operation(OperationCall& call, const OperationRow&) {
  const std::vector<ValueId> values = factors(call, "x1 x2");
  const std::size_t a = call.rank_of(values[0]);
  const std::size_t b = call.rank_of(values[1]);
  if (a == 0 || b == 0) return {product_of(call, "multiply", values)};
  if (b <= 2) return {product_of(call, "matmul", values)};
  if (a + b > letters.size()) throw Refusal{"its tensors have too many axes"};
  std::string left(letters.substr(0, a));
  std::string right(letters.substr(a, b));
  std::string result = left.substr(0, a - 1) + right.substr(0, b - 2) + right.substr(b - 1);
  right[b - 2] = left.back();
  return {einsum(call, values, left + "," + right + "->" + result)};
}

std::vector<ValueId> lower_inner(OperationCall& call, const OperationRow&) {
  const std::vector<ValueId> values = factors(call, "x1 x2");
  const std::size_t a = call.rank_of(values[0]);
  const std::size_t b = call.rank_of(values[1]);
  if (a == 0 || b == 0) return {product_of(call, "multiply", values)};
  std::string left(letters.substr(0, a));
  std::string right(letters.substr(a, b));
  const std::string result = left.substr(0, a - 1) + right.substr(0, b - 1);
  right.back() = left.back();
  return {einsum(call, values, left + "," + right + "->" + result)};
}

/// All axes of both, each tensor's in its order: as many letters as it has axes.
std::vector<ValueId> lower_outer(OperationCall& call, const OperationRow&) {
  std::vector<ValueId> values = factors(call, "x1 x2");
  for (ValueId& value : values) {
    Function ravel;
    ravel.integers = {graph::unknown_extent};
    if (call.rank_of(value) != 1) value = call.add("reshape", value, std::move(ravel));
  }
  return {einsum(call, values, "i,j->ij")};
}

std::vector<ValueId> lower_vdot(OperationCall& call, const OperationRow&) {
  std::vector<ValueId> values = factors(call, "x1 x2");
  for (ValueId& value : values) {
    Function ravel;
    ravel.integers = {graph::unknown_extent};
    if (call.rank_of(value) != 1) value = call.add("reshape", value, std::move(ravel));
  }
  return {einsum(call, values, "i,i->")};
}

std::vector<ValueId> lower_tensordot(OperationCall& call, const OperationRow&) {
  const std::vector<ValueId> values = factors(call, "x1 x2");
  const std::size_t a = call.rank_of(values[0]);
  const std::size_t b = call.rank_of(values[1]);
  std::vector<std::size_t> left_axes;
  std::vector<std::size_t> right_axes;
  const Json* given = call.constant("axes");
  const Json* pair = given == nullptr ? nullptr : list_items(*given);
  const std::string name = call.layer().layer().name;
  if (pair == nullptr) {
    const auto count = static_cast<std::size_t>(call.integer("axes", 2));
    if (count > a || count > b) throw Refusal{"it contracts more axes than there are"};
    for (std::size_t i = 0; i < count; ++i) {
      left_axes.push_back(a - count + i);
      right_axes.push_back(i);
    }
  } else {
    const auto read = [&](const Json& axes, std::size_t rank) {
      std::vector<std::size_t> result;
      const Json* items = list_items(axes);
      const Json single = Json::array({axes});
      for (const Json& axis : items == nullptr ? single : *items) {
        if (!axis.is_number_integer()) throw Refusal{"its axes are no whole numbers"};
        result.push_back(resolve_axis(axis.get<std::int64_t>(), rank, name));
      }
      return result;
    };
    if (pair->size() != 2) throw Refusal{"its axes are no pair"};
    left_axes = read((*pair)[0], a);
    right_axes = read((*pair)[1], b);
    if (left_axes.size() != right_axes.size())
      throw Refusal{"its axes are not as many on both sides"};
  }
  const std::string left(letters.substr(0, a));
  std::string right(letters.substr(a, b));
  for (std::size_t i = 0; i < left_axes.size(); ++i)
    right.at(right_axes[i]) = left.at(left_axes[i]);
  std::string result;
  for (const char letter : left) {
    if (right.find(letter) == std::string::npos) result += letter;
  }
  for (const char letter : right) {
    if (left.find(letter) == std::string::npos) result += letter;
  }
  return {einsum(call, values, left + "," + right + "->" + result)};
}

std::string trimmed(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c != ' ') result += c;
  }
  return result;
}

/// The equation with a letter for each axis that "..." stands for, and with its result.
std::string explicit_equation(const std::string& said, const std::vector<std::size_t>& ranks) {
  const std::size_t arrow = said.find("->");
  const std::string inputs = said.substr(0, arrow);
  std::vector<std::string> labels{""};
  for (const char c : inputs) {
    if (c == ',') {
      labels.emplace_back();
    } else {
      labels.back() += c;
    }
  }
  if (labels.size() != ranks.size()) throw Refusal{"its equation does not fit its tensors"};
  std::string free;
  for (const char letter : letters) {
    if (said.find(letter) == std::string::npos) free += letter;
  }
  std::size_t longest = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::size_t dots = labels[i].find("...");
    if (dots == std::string::npos) continue;
    if (labels[i].size() - 3 > ranks[i]) throw Refusal{"its equation does not fit its tensors"};
    longest = std::max(longest, ranks[i] - (labels[i].size() - 3));
  }
  const auto spelled_out = [&](std::string label, std::size_t count) {
    const std::size_t dots = label.find("...");
    return dots == std::string::npos ? label
                                     : label.replace(dots, 3, free.substr(longest - count, count));
  };
  std::string equation;
  std::map<char, int> counts;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::size_t own = labels[i].size();
    const bool has_dots = labels[i].find("...") != std::string::npos;
    labels[i] = spelled_out(labels[i], has_dots ? ranks[i] - (own - 3) : 0);
    if (labels[i].size() != ranks[i]) throw Refusal{"its equation does not fit its tensors"};
    equation += (i == 0 ? "" : ",") + labels[i];
    for (const char letter : labels[i]) ++counts[letter];
  }
  std::string result = free.substr(0, longest);
  if (arrow != std::string::npos) {
    result = spelled_out(said.substr(arrow + 2), longest);
  } else {
    for (const auto& [letter, count] : counts) {
      if (count == 1 && result.find(letter) == std::string::npos) result += letter;
    }
  }
  return equation + "->" + result;
}

std::vector<ValueId> lower_einsum_operation(OperationCall& call, const OperationRow&) {
  const std::vector<Operand> operands = call.operands("*");
  const DType dtype = promoted(call, operands);
  std::vector<ValueId> values;
  std::vector<std::size_t> ranks;
  for (const Operand& operand : operands) {
    values.push_back(call.tensor_of(operand, dtype));
    ranks.push_back(call.rank_of(values.back()));
  }
  const std::string equation = explicit_equation(trimmed(call.text("subscripts", "")), ranks);
  for (const char c : equation) {
    if (letters.find(c) == std::string_view::npos && c != ',' && c != '-' && c != '>') {
      throw Refusal{"its equation is not of letters"};
    }
  }
  return {einsum(call, values, equation)};
}

/// Of vectors of three along the last axes.
std::vector<ValueId> lower_cross(OperationCall& call, const OperationRow&) {
  const std::vector<ValueId> values = factors(call, "x1 x2");
  const std::size_t rank = call.rank_of(values[0]);
  const char* const names[] = {"axisa", "axisb", "axisc", "axis"};
  for (const char* name : names) {
    if (call.axis(name, rank, -1) + 1 != rank) throw Refusal{"it is not along the last axes"};
  }
  for (const ValueId value : values) {
    if (call.rank_of(value) == 0 || call.shape_of(value).back() != 3) {
      throw Refusal{"its vectors are not of three numbers"};
    }
  }
  return {product_of(call, "cross", values)};
}

ValueId square_matrix(OperationCall& call, std::string_view name) {
  const ValueId x = call.tensor(name);
  const std::size_t rank = call.rank_of(x);
  const auto& shape = call.shape_of(x);
  const bool is_square = rank >= 2 && shape[rank - 1] == shape[rank - 2];
  if (!is_square || call.dtype_of(x) != DType::Float32) {
    throw Refusal{"its tensor is not of square matrices of float32"};
  }
  return x;
}

std::vector<ValueId> lower_of_matrix(OperationCall& call, const OperationRow& row) {
  Function op;
  if (row.function == "slogdet") op.dtypes = {DType::Float32, DType::Float32};
  if (row.function == "cholesky") op.integers = {call.flag("upper", false) ? 1 : 0};
  return call.add_several(row.function, {{square_matrix(call, "x")}}, DType::Float32,
                          std::move(op));
}

std::vector<ValueId> lower_solve(OperationCall& call, const OperationRow& row) {
  const ValueId a = square_matrix(call, "a");
  const ValueId b = call.tensor("b");
  if (call.rank_of(b) != call.rank_of(a)) throw Refusal{"its right side is not of matrices"};
  Function op;
  if (row.class_name == "SolveTriangular") {
    op.text = call.flag("lower", false) ? "lower" : "upper";
  }
  return {call.add("solve", {{a}, {b}}, DType::Float32, std::move(op))};
}

constexpr OperationRow rows_of_product_operations[] = {
    {"Cholesky", "x", lower_of_matrix, "cholesky"},
    {"Cross", "x1 x2", lower_cross},
    {"Det", "x", lower_of_matrix, "det"},
    {"Dot", "x1 x2", lower_dot_operation},
    {"Einsum", "*", lower_einsum_operation},
    {"Inner", "x1 x2", lower_inner},
    {"Inv", "x", lower_of_matrix, "inv"},
    {"Logdet", "x", lower_of_matrix, "logdet"},
    {"Matmul", "x1 x2", lower_matmul},
    {"Outer", "x1 x2", lower_outer},
    {"Slogdet", "x", lower_of_matrix, "slogdet"},
    {"Solve", "a b", lower_solve},
    {"SolveTriangular", "a b", lower_solve},
    {"Tensordot", "x1 x2", lower_tensordot},
    {"Vdot", "x1 x2", lower_vdot},
};

}  // namespace

std::span<const OperationRow> product_operations() { return rows_of_product_operations; }

}  // namespace tensorferry::keras
