#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/graph.h"
#include "keras/layers/arguments.h"
#include "keras/layers/layer_kind.h"
#include "keras/model.h"

namespace tensorferry::keras {

/// A layer that cannot be converted, with the reason as a sentence. Ends inside `lower`, as an
/// Unsupported node.
struct Refusal {
  std::string reason;
};

/// A parameter as the lowering of a layer asks for it: which variable ("forward_layer/kernel": of a
/// layer that it wraps), what its op calls it, its axes in stored order and their extents
/// (`unknown_extent`: any).
struct ParameterRequest {
  std::string variable;
  std::string role;
  std::vector<std::string> axes;
  std::vector<graph::Extent> shape;
};

/// Modules that have been made, so that a shared layer has one. The text is the part.
using ModuleTable = std::map<std::pair<const Layer*, std::string>, graph::ModuleId>;

/// Lowers a call of a layer that another one wraps, on these values; what it gives.
using WrappedLowering = std::function<std::vector<graph::ValueId>(
    const Layer& wrapped, std::vector<graph::ValueId> inputs, std::optional<graph::ValueId> mask)>;

/// The masks that Keras sends along with values; none: one that is not known here.
using MasksAlong = std::map<graph::ValueId, std::optional<graph::ValueId>>;

/// What wrote the file.
struct Origin {
  Generation generation = Generation::Keras3;
  std::string keras_version;
};

/// One call of one layer while it is lowered: what the layer is given, and where its nodes go.
class LayerCall {
 public:
  LayerCall(graph::Program& program, graph::Graph& graph, ModuleTable& modules,
            const Origin& origin, const Layer& layer, const Call& call,
            std::vector<graph::ValueId> inputs, WrappedLowering lower_wrapped);

  const Layer& layer() const { return layer_; }
  const Call& call() const { return call_; }
  const Arguments& arguments() const { return arguments_; }
  Generation generation() const { return origin_.generation; }
  /// As the file spells it, "2.2.4-tf"; may be empty.
  const std::string& keras_version() const { return origin_.keras_version; }
  graph::Program& program() { return program_; }

  const std::vector<graph::ValueId>& inputs() const { return inputs_; }
  /// The one tensor that the layer takes; refused if it is given another number.
  graph::ValueId input() const;
  const graph::Value& value(graph::ValueId id) const { return graph_.values[id]; }
  /// The one input as a tensor of `rank` axes. Behind a layer that was refused nothing is known, so
  /// there the rank is taken at its word.
  graph::ValueId input_of_rank(std::size_t rank);
  /// The same of tensors that are joined: those of unknown rank get that of the others.
  void agree_on_rank(const std::vector<graph::ValueId>& ids);
  /// The same of an axis that a config names: it is there.
  void assume_axis(graph::ValueId id, std::int64_t axis);
  std::size_t rank(graph::ValueId id) const { return value(id).shape.size(); }

  /// The extents of a variable as stored.
  std::vector<graph::Extent> variable_shape(std::string_view variable) const;

  /// The layer's module, or that of one of its parts, made at the first call with these parameters.
  graph::ModuleId module(std::string_view part = "",
                         const std::vector<ParameterRequest>& parameters = {});

  /// Adds a node that is the layer itself (or its part with that module).
  graph::ValueId add(graph::Op op, std::vector<graph::ValueId> inputs, graph::ModuleId module);
  graph::ValueId add(graph::Op op, std::vector<graph::ValueId> inputs);
  /// The same of an op that has several results.
  std::vector<graph::ValueId> add_several(graph::Op op, std::vector<graph::ValueId> inputs,
                                          graph::ModuleId module);
  /// Adds a node that prepares or completes the layer.
  graph::ValueId add_step(graph::Op op, std::vector<graph::ValueId> inputs);
  std::vector<graph::ValueId> add_steps(graph::Op op, std::vector<graph::ValueId> inputs);
  /// Adds numbers that the layer's config holds, as a tensor of the program: of whole numbers, or
  /// of floating-point ones.
  graph::ValueId add_constant(std::string_view part, const std::vector<std::int64_t>& values);
  graph::ValueId add_constant(std::string_view part, const std::vector<float>& values);
  graph::ValueId add_constant(std::string_view part, const std::vector<float>& values,
                              const Shape& shape);
  /// Adds a variable of the layer's as a value.
  graph::ValueId add_variable(std::string_view part, const ParameterRequest& variable);
  /// Adds an activation that was given as the layer's argument.
  graph::ValueId add_fused(graph::Op op, graph::ValueId input);

  /// The mask that comes along with the first input, for a layer that takes it; it takes none that
  /// is not `used`.
  void set_mask(std::optional<graph::ValueId> mask, bool used) {
    mask_along_ = mask;
    if (used) mask_ = mask;
  }
  /// One that holds everywhere, for a layer that has a mask at other calls; none goes along.
  void set_mask_of_all(graph::ValueId mask) { mask_ = mask; }
  std::optional<graph::ValueId> mask() const { return mask_; }
  std::optional<graph::ValueId> mask_along() const { return mask_along_; }
  /// The masks that come along with each input, for a layer that takes them.
  void set_masks(std::vector<std::optional<graph::ValueId>> masks) { masks_ = std::move(masks); }
  std::optional<graph::ValueId> mask_of(std::size_t input) const { return masks_.at(input); }
  /// The mask that goes along with what a layer has given that this one wraps. Throws Refusal where
  /// it is not known.
  void set_masks_along(const MasksAlong& masks) { masks_along_ = &masks; }
  std::optional<graph::ValueId> mask_with(graph::ValueId value) const;
  /// The mask that goes along with the first value, or the first `values`.
  void sends_mask(std::optional<graph::ValueId> mask, std::size_t values = 1) {
    sent_mask_ = mask;
    values_with_mask_ = values;
  }
  std::size_t values_with_mask() const { return values_with_mask_; }
  std::optional<graph::ValueId> sent_mask() const { return sent_mask_; }

  /// Calls a layer that this one wraps, of any class, on values of its own.
  std::vector<graph::ValueId> lower_wrapped(const Layer& wrapped,
                                            std::vector<graph::ValueId> inputs,
                                            std::optional<graph::ValueId> mask = std::nullopt) {
    return lower_wrapped_(wrapped, std::move(inputs), mask);
  }
  /// The node that makes a value, or null: an argument of the graph.
  const graph::Node* maker_of(graph::ValueId value) const;

  /// In which this layer computes. A mixed policy computes in that of its variables.
  tensor::DType compute_dtype() const { return compute_dtype_; }

  /// What the call returns behind its first value.
  void also_returns(std::vector<graph::ValueId> values) { also_returned_ = std::move(values); }
  const std::vector<graph::ValueId>& also_returned() const { return also_returned_; }

  void note(io::Severity severity, std::string_view code, std::string text);

 private:
  std::vector<graph::ValueId> append(graph::Op op, std::vector<graph::ValueId> inputs,
                                     std::optional<graph::ModuleId> module, bool fused);
  const Weight& weight(std::string_view variable) const;
  graph::ValueId append_constant(graph::ModuleId module);
  graph::ValueId add_inline(std::string_view part, tensor::TensorRef tensor);

  graph::Program& program_;
  graph::Graph& graph_;
  ModuleTable& modules_;
  Origin origin_;
  const Layer& layer_;
  const Call& call_;
  std::vector<graph::ValueId> inputs_;
  std::vector<graph::ValueId> also_returned_;
  WrappedLowering lower_wrapped_;
  std::optional<graph::ValueId> mask_;
  std::optional<graph::ValueId> mask_along_;
  std::vector<std::optional<graph::ValueId>> masks_;
  std::optional<graph::ValueId> sent_mask_;
  const MasksAlong* masks_along_ = nullptr;
  std::size_t values_with_mask_ = 1;
  Arguments arguments_;
  tensor::DType compute_dtype_;
};

/// Throws Refusal for an argument that is outside the kind's allow-list and was given a value.
void require_known_arguments(const Layer& layer, const LayerKind& kind);

/// Whether a call says `training=True`. In a model of Keras 2 that holds whatever the model is
/// called with.
bool is_called_in_training(const Call& call);

/// A Keras axis, which may be negative, in a tensor of `rank` axes. Throws
/// io::Error{ConfigInvalid}.
std::size_t resolve_axis(std::int64_t axis, std::size_t rank, std::string_view layer);
/// The same of a list or a number, ascending.
std::vector<std::size_t> resolve_axes(const std::vector<std::int64_t>& axes, std::size_t rank,
                                      std::string_view layer);

/// The axis of the channels in a tensor of `rank` axes, by the layer's `data_format`.
std::size_t channel_axis(const Arguments& arguments, std::size_t rank);

/// The number at the end of a class name: "Conv2DTranspose" has 2 spatial axes.
int spatial_rank_of(std::string_view class_name);

/// Names of the spatial axes of a kernel.
std::vector<std::string> spatial_axis_names(int spatial_rank);

/// Names of axes after their number in Keras's layout: "axis1".
std::vector<std::string> numbered_axis_names(const std::vector<std::size_t>& axes);

/// "float32" → Float32, nothing for what is no numeric dtype ("string").
std::optional<tensor::DType> dtype_from_name(std::string_view name);

}  // namespace tensorferry::keras
