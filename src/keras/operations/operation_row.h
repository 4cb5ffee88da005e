#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "keras/operations/operation_call.h"

namespace tensorferry::keras {

/// In which dtype an operation computes, and of which its result is.
enum class DTypeRule {
  Promoted,  ///< the common dtype of its operands
  Numeric,   ///< the same; truth values are refused, as torch does not add them
  Float,     ///< the same, whole numbers as float32
  Compared,  ///< computes in the common dtype; the result is bool
  Logical,   ///< bool
};

struct OperationRow;

using LowerOperation = std::vector<graph::ValueId> (*)(OperationCall& call,
                                                       const OperationRow& row);

/// An operation of Keras 3 by its class, as files have it. `parameters`: the names of what its call
/// takes by position. What the lowering of a family does with `function`, the name in functions.h,
/// and `rule` it says itself.
struct OperationRow {
  std::string_view class_name;
  std::string_view parameters;
  LowerOperation lower;
  std::string_view function = "";
  DTypeRule rule = DTypeRule::Promoted;
};

/// Null if there is none of that class ("Log1p").
const OperationRow* find_operation(std::string_view class_name);

/// Words separated by blanks.
std::vector<std::string_view> words_of(std::string_view text);

// The tables, one file a family.
std::span<const OperationRow> elementwise_operations();
std::span<const OperationRow> activation_operations();
std::span<const OperationRow> reduction_operations();
std::span<const OperationRow> axis_operations();
std::span<const OperationRow> shape_operations();
std::span<const OperationRow> indexing_operations();
std::span<const OperationRow> product_operations();
std::span<const OperationRow> network_operations();

/// A TensorFlow function that a model of Keras 2 calls ("math.reduce_mean"), as one of Keras 3.
/// `renamed`: "theirs=ours" for each argument of another name; `first`: what the argument before
/// the keywords is called; `defaults`: "name=number" where TensorFlow's differs and is not written.
struct TensorFlowRow {
  std::string_view function;
  std::string_view class_name;
  std::string_view first;
  std::string_view renamed = "";
  std::string_view defaults = "";
};

std::span<const TensorFlowRow> tensorflow_functions();

/// A TensorFlowOpLayer's node of a graph as an operation of Keras 3. Throws Refusal.
NamedOperation named_tensorflow_node(const Layer& layer,
                                     const std::vector<graph::ValueId>& tensors);

}  // namespace tensorferry::keras
