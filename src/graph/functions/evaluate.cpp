#include <algorithm>

#include "graph/evaluate/array.h"
#include "graph/functions.h"
#include "graph/functions/shapes.h"

namespace tensorferry::graph {
namespace {

const FunctionValues& values_of(const Function& function) {
  for (const std::span<const FunctionRow> rows :
       {elementwise_rows(), reducing_rows(), along_axes_rows(), shape_rows(), indexing_rows(),
        product_rows(), matrix_rows(), image_rows(), signal_rows()}) {
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const FunctionRow& it) {
      return it.kind.name == function.kind->name;
    });
    if (row != rows.end()) return row->values;
  }
  refuse_operands(function.kind->name, "it has no values");
}

Array evaluate_elements(const Function& function, const Arrays& operands) {
  std::vector<Extents> shapes;
  for (const Array& operand : operands) shapes.push_back(extents_of(operand));
  const FunctionValues& values = values_of(function);
  Array result = zeros(index_of(broadcast_extents(shapes)));
  std::vector<double> at(operands.size());
  std::size_t next = 0;
  for_each_index(result.shape, [&](const Index& index) {
    for (std::size_t i = 0; i < operands.size(); ++i) at[i] = element_at(operands[i], index);
    double& value = result.data[next++];
    if (values.unary != nullptr) {
      value = values.unary(at.at(0));
    } else if (values.binary != nullptr) {
      value = values.binary(at.at(0), at.at(1));
    } else {
      value = values.element(function, at.data());
    }
  });
  return result;
}

Array evaluate_reduction(const Function& function, const Array& x) {
  const FunctionValues& values = values_of(function);
  Array result = lines_mapped(x, function.axes, 1, [&](std::vector<double>& line) {
    return std::vector<double>{values.reduction(function, line)};
  });
  result.shape = index_of(without_axes(extents_of(x), function.axes, function.keep_dims));
  return result;
}

}  // namespace

namespace {

/// As the dtype of the result holds it: what is small beside 1e9 is gone in float32, and a mask is
/// added like that.
Array rounded(const Function& function, Array array) {
  const bool is_float32 =
      !function.dtypes.empty() && function.dtypes.front() == tensor::DType::Float32;
  if (is_float32) {
    for (double& value : array.data) value = static_cast<double>(static_cast<float>(value));
  }
  return array;
}

}  // namespace

Arrays evaluate_function(const Function& function, const Arrays& inputs) {
  const Arrays operands =
      operands_of(function, inputs, [](double value) { return Array{{}, {value}}; });
  switch (function.kind->axes) {
    case AxisUse::Elementwise:
      return {rounded(function, evaluate_elements(function, operands))};
    case AxisUse::Reduces:
      return {evaluate_reduction(function, operands.at(0))};
    case AxisUse::Along:
    case AxisUse::Channels:
    case AxisUse::Fixed:
      break;
  }
  return values_of(function).evaluate(function, operands);
}

}  // namespace tensorferry::graph
