#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "graph/evaluate.h"
#include "graph/graph.h"

/// The functions that a node may be besides the ops of layers: one row each, in the tables of
/// functions/, one file a family. A row says what the function makes of its operands; what Keras
/// and TensorFlow call it is in src/keras/operations, how a target spells it is the target's.
namespace tensorferry::graph {

/// What a function's `axes` are to the layout pass.
enum class AxisUse {
  Elementwise,  ///< none; the operands broadcast as numpy's
  Reduces,      ///< the set of axes that go (or stay, of extent 1)
  Along,        ///< axes of the one operand, whose order matters; all axes stay
  Channels,     ///< axes[0] is that of the channels, the others are spatial; all stay
  Fixed,        ///< the operands must lie as Keras has them
};

using Extents = std::vector<Extent>;
using Arrays = std::vector<Array>;

/// Which of the functions computes the values depends on the use of axes: `unary`, `binary` or
/// `element` of Elementwise, `reduction` of Reduces (all elements along the axes, row-major; it may
/// change them), `evaluate` of the others. `shapes` tells the results' shapes, null: that of the
/// first operand. An operand that is a Scalar has no axes.
struct FunctionKind {
  std::string_view name;
  AxisUse axes = AxisUse::Fixed;
  double (*unary)(double x) = nullptr;
  double (*binary)(double x, double y) = nullptr;
  double (*element)(const Function& function, const double* operands) = nullptr;
  double (*reduction)(const Function& function, std::vector<double>& elements) = nullptr;
  std::vector<Extents> (*shapes)(const Function& function,
                                 const std::vector<Extents>& operands) = nullptr;
  Arrays (*evaluate)(const Function& function, const Arrays& operands) = nullptr;
};

/// All rows, table after table.
std::vector<std::span<const FunctionKind>> function_tables();
/// Null if there is none of that name.
const FunctionKind* find_function(std::string_view name);

/// Throws io::Error{ConfigInvalid} where the inputs cannot be what the function takes.
std::vector<Value> infer_function(const Function& function, const std::vector<Value>& inputs);
Arrays evaluate_function(const Function& function, const Arrays& inputs);

// The tables.
std::span<const FunctionKind> elementwise_functions();
std::span<const FunctionKind> reducing_functions();
std::span<const FunctionKind> functions_along_axes();
std::span<const FunctionKind> shape_functions();
std::span<const FunctionKind> indexing_functions();
std::span<const FunctionKind> product_functions();
std::span<const FunctionKind> matrix_functions();
std::span<const FunctionKind> image_functions();

/// Stands in `Function::integers` for a bound of a slice that is not given.
inline constexpr std::int64_t no_bound = INT64_MIN;

}  // namespace tensorferry::graph
