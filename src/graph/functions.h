#pragma once

#include <array>
#include <cstddef>
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

/// `shapes` tells the results' shapes; null: that of the first operand, or what the use of axes
/// makes of the operands. An operand that is a Scalar has no axes.
struct FunctionKind {
  std::string_view name;
  AxisUse axes = AxisUse::Fixed;
  std::vector<Extents> (*shapes)(const Function& function,
                                 const std::vector<Extents>& operands) = nullptr;
};

/// Computes the values; which one is set depends on the use of axes: `unary`, `binary` or `element`
/// of Elementwise, `reduction` of Reduces (all elements along the axes, row-major; it may change
/// them), `evaluate` of the others. Apart from the kinds, so that a program which converts and
/// never evaluates does not carry them.
struct FunctionValues {
  double (*unary)(double x) = nullptr;
  double (*binary)(double x, double y) = nullptr;
  double (*element)(const Function& function, const double* operands) = nullptr;
  double (*reduction)(const Function& function, std::vector<double>& elements) = nullptr;
  Arrays (*evaluate)(const Function& function, const Arrays& operands) = nullptr;
};

struct FunctionRow {
  FunctionKind kind;
  FunctionValues values;
};

template <std::size_t count>
constexpr std::array<FunctionKind, count> kinds_of(const FunctionRow (&rows)[count]) {
  std::array<FunctionKind, count> kinds;
  for (std::size_t i = 0; i < count; ++i) kinds[i] = rows[i].kind;
  return kinds;
}

/// All kinds, table after table.
std::vector<std::span<const FunctionKind>> function_tables();
/// Null if there is none of that name.
const FunctionKind* find_function(std::string_view name);

/// Throws io::Error{ConfigInvalid} where the inputs cannot be what the function takes.
std::vector<Value> infer_function(const Function& function, const std::vector<Value>& inputs);
Arrays evaluate_function(const Function& function, const Arrays& inputs);

// The tables.
std::span<const FunctionKind> elementwise_functions();
std::span<const FunctionRow> elementwise_rows();
std::span<const FunctionKind> reducing_functions();
std::span<const FunctionRow> reducing_rows();
std::span<const FunctionKind> functions_along_axes();
std::span<const FunctionRow> along_axes_rows();
std::span<const FunctionKind> shape_functions();
std::span<const FunctionRow> shape_rows();
std::span<const FunctionKind> indexing_functions();
std::span<const FunctionRow> indexing_rows();
std::span<const FunctionKind> product_functions();
std::span<const FunctionRow> product_rows();
std::span<const FunctionKind> matrix_functions();
std::span<const FunctionRow> matrix_rows();
std::span<const FunctionKind> image_functions();
std::span<const FunctionRow> image_rows();
std::span<const FunctionKind> signal_functions();
std::span<const FunctionRow> signal_rows();

/// Stands in `Function::integers` for a bound of a slice that is not given.
inline constexpr std::int64_t no_bound = INT64_MIN;

}  // namespace tensorferry::graph
