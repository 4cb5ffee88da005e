#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/ops.h"
#include "graph/training.h"
#include "io/note.h"
#include "tensor/tensor_ref.h"

namespace tensorferry::graph {

using ValueId = std::uint32_t;
using ModuleId = std::uint32_t;

/// Where an axis of a value comes from when it was flattened: runs of the axis, each the row-major
/// product of `extents` in Keras's order. In the target's value the run is stored in the order
/// `order` (numpy's transpose of the extents). A run that was never spatial has one extent.
struct FlattenedRun {
  std::vector<std::int64_t> extents;
  std::vector<std::size_t> order;
  bool operator==(const FlattenedRun&) const = default;
};

/// How the target holds a value. Axis k of the target's value is Keras's axis `axes[k]`; empty: the
/// same order. `last_axis`: runs of the last axis where its elements are in another order than
/// Keras's; empty: the same order.
struct Layout {
  std::vector<std::size_t> axes;
  std::vector<FlattenedRun> last_axis;
  bool operator==(const Layout&) const = default;
};

/// A value of the graph.
struct Value {
  std::vector<Extent> shape;  ///< in the order of the axes as they are (see `layout`); batch first
  bool rank_known = true;     ///< false after an Unsupported op
  tensor::DType dtype = tensor::DType::Float32;
  Layout layout;  ///< set by the layout pass; before it, Keras's own
};

/// A weight of a module: which stored tensor, and what its axes are called, in stored order
/// ("height", "width", "in", "out", "channels", "rows", "multiplier", "depth", "length", or
/// "axis3": Keras's number of the value's axis that it lies along).
struct Parameter {
  std::string role;          ///< what its op calls it: "kernel", "bias", "gamma"…
  std::uint32_t tensor = 0;  ///< index into `Program::tensors`
  std::vector<std::string> axes;
  /// Set by the layout pass: the runs along the axis called "in" (a Dense after a Flatten) or along
  /// the only axis (a BatchNorm on a flattened axis); empty: Keras's order.
  std::vector<FlattenedRun> runs;
};

/// One Keras layer object, or one part of it. Shared by all its calls and by all graphs that hold
/// it.
struct Module {
  std::string layer;  ///< the Keras layer's name
  std::string part;   ///< "" or the part's name: "depthwise", "pointwise"
  std::vector<Parameter> parameters;
  bool trainable = true;
  tensor::DType compute_dtype = tensor::DType::Float32;
};

struct Node {
  Op op;
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
  std::optional<ModuleId>
      module;          ///< of ops with parameters, and of any layer that is more than an argument
  std::string layer;   ///< Keras layer that it comes from; empty: put there by a pass
  bool fused = false;  ///< an activation given as the layer's argument, not a layer of its own
};

struct Port {
  std::string name;
  ValueId value = 0;
};

/// One model: the root or a nested one. Nodes are in an order in which they can run, that of the
/// config where that permits it.
struct Graph {
  std::string name;  ///< Keras name of the model
  bool sequential = false;
  std::vector<Value> values;
  std::vector<Node> nodes;
  std::vector<Port> inputs;
  std::vector<Port> outputs;
};

/// All of a Keras model as meaning. `graphs[root]` is the outermost one; a graph stands after those
/// that it calls.
struct Program {
  std::vector<Graph> graphs;
  std::uint32_t root = 0;
  std::vector<Module> modules;
  std::vector<tensor::TensorRef> tensors;
  std::optional<Training> training;  ///< where the model was compiled
  io::Notes notes;
};

/// The kind of op, for dumps and messages: "Conv".
std::string_view op_name(const Op& op);

ValueId add_value(Graph& graph, Value value);

/// The parameter of that role, or null.
const Parameter* find_parameter(const Module& module, std::string_view role);

/// For each position of the target's axis the position in Keras's axis that it holds.
std::vector<std::size_t> keras_positions(const std::vector<FlattenedRun>& runs);

}  // namespace tensorferry::graph
