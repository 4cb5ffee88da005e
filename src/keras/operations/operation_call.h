#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "graph/functions.h"
#include "keras/layers/layer_call.h"
#include "keras/operations/shape_numbers.h"

namespace tensorferry::keras {

/// What is known of an operation's argument: a tensor of the graph, a constant, or a list of these.
struct GivenArgument {
  std::variant<graph::ValueId, Json, std::vector<GivenArgument>> value;
};

/// A call of an operation as one of Keras 3: its class there ("Add"; a TensorFlow function's is
/// that of the same meaning) and its arguments by their names.
struct NamedOperation {
  std::string class_name;
  std::map<std::string, GivenArgument> arguments;
};

/// `tensors`: what stands for each tensor of the call, in the order of `tensors_of`. Throws Refusal
/// for an operation that is not known.
NamedOperation named_operation(const Layer& layer, const Call& call,
                               const std::vector<graph::ValueId>& tensors);

/// A constant that a config or a call holds as an array: Keras 3's `__numpy__` and `__tensor__`, or
/// a list of numbers.
struct ConstantArray {
  std::optional<tensor::DType> dtype;  ///< none of a list: that of the tensors around it
  bool whole = true;                   ///< all of its numbers are
  std::vector<std::int64_t> shape;
  std::vector<double> values;
};

/// One of the tensors that an operation computes with, or what stands in its place.
struct Operand {
  std::variant<graph::ValueId, ConstantArray> value;

  bool is_tensor() const { return value.index() == 0; }
};

/// A call of an operation (`keras.ops`, or a TensorFlow function in a model of Keras 2), its
/// arguments by their names in keras.ops: those of the config, of the call by position, and of the
/// call by keyword. An argument that nothing asked for and that has a value is refused, so nothing
/// is ignored. Each accessor throws Refusal where the argument is not what it can convert.
class OperationCall {
 public:
  OperationCall(LayerCall& call, std::map<std::string, GivenArgument> arguments)
      : call_(call), arguments_(std::move(arguments)) {}

  LayerCall& layer() { return call_; }

  const GivenArgument* find(std::string_view name);
  bool has(std::string_view name) { return find(name) != nullptr; }

  Operand operand(std::string_view name);
  std::vector<Operand> operands(std::string_view name);  ///< of a list
  /// As a value of the graph, which a constant becomes by a Literal.
  graph::ValueId tensor(std::string_view name);
  graph::ValueId tensor_of(const Operand& operand, std::optional<tensor::DType> dtype = {});

  const Json* constant(std::string_view name);
  bool flag(std::string_view name, bool otherwise);
  double number(std::string_view name, double otherwise);
  std::int64_t integer(std::string_view name, std::int64_t otherwise);
  std::int64_t integer(std::string_view name);
  std::string text(std::string_view name, std::string_view otherwise);
  /// A number or a list, of constants or of what the model computes of shapes that are known.
  std::vector<std::int64_t> integers(std::string_view name);
  /// The same of extents, of which some may be known only when the model runs (null, −1).
  std::vector<ShapeNumber> extents(std::string_view name);
  std::optional<tensor::DType> dtype(std::string_view name);
  /// Axes of a tensor of `rank` axes, as they stand there; all of them where none is said.
  std::vector<std::size_t> axes(std::string_view name, std::size_t rank);
  std::size_t axis(std::string_view name, std::size_t rank, std::int64_t otherwise);

  /// Throws Refusal where an argument was given that nobody asked for.
  void require_all_read() const;

  tensor::DType dtype_of(graph::ValueId id) const { return call_.value(id).dtype; }
  const std::vector<graph::Extent>& shape_of(graph::ValueId id) const {
    return call_.value(id).shape;
  }
  std::size_t rank_of(graph::ValueId id);

  /// In that dtype; `id` itself if it has it.
  graph::ValueId cast(graph::ValueId id, tensor::DType dtype);
  /// A node of the function, its operands in `dtype`; the results are of `results`, or `dtype`.
  graph::ValueId add(std::string_view function, const std::vector<Operand>& operands,
                     tensor::DType dtype, graph::Function op = {});
  std::vector<graph::ValueId> add_several(std::string_view function,
                                          const std::vector<Operand>& operands, tensor::DType dtype,
                                          graph::Function op);
  /// A node of the function of one tensor, which keeps the dtype unless `op` tells another.
  graph::ValueId add(std::string_view function, graph::ValueId x, graph::Function op = {});
  graph::ValueId add(graph::Op op, std::vector<graph::ValueId> inputs) {
    return call_.add_step(std::move(op), std::move(inputs));
  }

 private:
  LayerCall& call_;
  std::map<std::string, GivenArgument> arguments_;
  std::set<std::string> read_;
};

/// The common dtype of operands, as Keras finds it (keras/src/backend/common/dtypes.py: JAX's
/// lattice, in which int64 with a float is float32); numbers and lists of a call are weak.
tensor::DType promoted(OperationCall& call, const std::vector<Operand>& operands);
/// The same, but floating point.
tensor::DType promoted_to_float(OperationCall& call, const std::vector<Operand>& operands);
tensor::DType as_float(tensor::DType dtype);

ConstantArray scalar(double value, bool whole);

}  // namespace tensorferry::keras
