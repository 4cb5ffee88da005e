#include "keras/layers/normalization.h"

#include <algorithm>

#include "keras/layers/batch_behavior.h"
#include "keras/layers/layer_call.h"

namespace tensorferry::keras {

using graph::BatchNorm;
using graph::LayerNorm;

namespace {

// `fused` chooses a kernel, `synchronized` concerns training on several devices.
constexpr std::string_view batch_arguments[] = {
    "adjustment",      "axis",         "center",
    "epsilon",         "fused",        "momentum",
    "renorm",          "scale",        "renorm_clipping",
    "renorm_momentum", "synchronized", "virtual_batch_size",
};
constexpr std::string_view group_arguments[] = {"axis", "center", "epsilon", "groups", "scale"};
constexpr std::string_view rms_arguments[] = {"axis", "epsilon"};
constexpr std::string_view unit_arguments[] = {"axis"};
constexpr std::string_view layer_arguments[] = {"axis", "center", "epsilon", "rms_scaling",
                                                "scale"};

std::vector<std::int64_t> axis_list(const Arguments& arguments) {
  return arguments.find("axis") == nullptr ? std::vector<std::int64_t>{-1}
                                           : arguments.integer_list("axis");
}

/// Those that inference needs.
std::vector<Variable> inference_variables(const Arguments& arguments) {
  std::vector<Variable> variables;
  if (arguments.boolean("scale", true)) variables.push_back(trained("gamma", {unknown}));
  if (arguments.boolean("center", true)) variables.push_back(trained("beta", {unknown}));
  variables.push_back(tracked("moving_mean", {unknown}));
  variables.push_back(tracked("moving_variance", {unknown}));
  return variables;
}

/// Of several axes, and of virtual batches, they are stored as tensors that broadcast
/// (keras/batch_statistics.h).
std::vector<Variable> batch_variables(const Layer& layer) {
  const Arguments arguments(layer.name, layer.config);
  std::vector<Variable> variables = inference_variables(arguments);
  if (arguments.boolean("renorm", false)) {
    for (const char* role : {"moving_stddev", "renorm_mean", "renorm_stddev"}) {
      variables.push_back(tracked(role, {unknown}));
    }
  }
  if (axis_list(arguments).size() > 1 || arguments.find("virtual_batch_size") != nullptr) {
    for (Variable& variable : variables) variable.shape = std::nullopt;
  }
  return variables;
}

/// A value whose axis 1 is what several axes of another one were.
struct JoinedAxes {
  graph::ValueId value = 0;
  std::vector<graph::Extent> split;  ///< the extents before they were joined, the batch left out
  std::vector<std::size_t> order;    ///< what stood where before
};

JoinedAxes join_axes(LayerCall& call, graph::ValueId x, const std::vector<std::size_t>& axes) {
  JoinedAxes joined;
  joined.order = {0};
  joined.order.insert(joined.order.end(), axes.begin(), axes.end());
  for (std::size_t axis = 1; axis < call.rank(x); ++axis) {
    if (std::find(axes.begin(), axes.end(), axis) == axes.end()) joined.order.push_back(axis);
  }
  graph::Extent features = 1;
  int unknown_extents = 0;
  for (std::size_t i = 1; i < joined.order.size(); ++i) {
    const graph::Extent extent = call.value(x).shape[joined.order[i]];
    joined.split.push_back(extent);
    const bool is_unknown = extent == graph::unknown_extent;
    unknown_extents += is_unknown ? 1 : 0;
    if (i > axes.size()) continue;
    if (is_unknown) throw Refusal{"it normalizes several axes, of which one has a size of None"};
    features *= extent;
  }
  if (unknown_extents > 1) {
    throw Refusal{"it normalizes several axes, and more than one other has a size of None"};
  }
  std::vector<std::int64_t> shape{features};
  if (axes.size() + 1 < joined.order.size()) shape.push_back(-1);
  joined.value = call.add_step(graph::Permute{joined.order}, {x});
  joined.value = call.add_step(graph::Reshape{shape}, {joined.value});
  return joined;
}

graph::ValueId split_axes(LayerCall& call, graph::ValueId value, const JoinedAxes& joined) {
  std::vector<std::int64_t> shape;
  for (const graph::Extent extent : joined.split) {
    shape.push_back(extent == graph::unknown_extent ? -1 : extent);
  }
  std::vector<std::size_t> back(joined.order.size());
  for (std::size_t i = 0; i < back.size(); ++i) back[joined.order[i]] = i;
  const graph::ValueId split = call.add_step(graph::Reshape{shape}, {value});
  return call.add_step(graph::Permute{back}, {split});
}

graph::ValueId lower_batch_normalization(LayerCall& call) {
  const Arguments& arguments = call.arguments();
  if (arguments.find("virtual_batch_size") != nullptr) {
    throw Refusal{
        "it has virtual batches (virtual_batch_size), whose files Keras itself cannot load"};
  }
  if (arguments.find("adjustment") != nullptr) throw Refusal{"it has an adjustment function"};
  const graph::ValueId input = call.input();
  for (const std::int64_t axis : axis_list(arguments)) call.assume_axis(input, axis);
  const std::size_t rank = call.rank(input);
  const auto axes = resolve_axes(axis_list(arguments), rank, call.layer().name);
  if (axes.empty() || axes.front() == 0) throw Refusal{"it normalizes the batch, or nothing"};
  const bool joins = axes.size() > 1;
  const JoinedAxes joined = joins ? join_axes(call, input, axes) : JoinedAxes{input, {}, {}};

  BatchNorm norm;
  norm.axis = joins ? 1 : axes[0];
  norm.epsilon = arguments.number("epsilon", 1e-3);
  norm.momentum = arguments.number("momentum", 0.99);
  norm.scale = arguments.boolean("scale", true);
  norm.center = arguments.boolean("center", true);
  const graph::Extent features = call.value(joined.value).shape[norm.axis];
  std::vector<ParameterRequest> parameters;
  for (const Variable& variable : inference_variables(arguments)) {
    parameters.push_back({variable.role, variable.role, {"channels"}, {features}});
  }
  const graph::ModuleId module = call.module("", parameters);
  norm.features = call.variable_shape("moving_mean").at(0);
  std::string warning =
      batch_epsilon_warning(call.layer(), call.generation(), call.keras_version(), rank, axes);
  if (!warning.empty()) call.note(io::Severity::Warning, "fused-epsilon", std::move(warning));
  const std::string_view note = batch_training_note(arguments);
  if (!note.empty()) call.note(io::Severity::Info, "training-only", std::string(note));
  const graph::ValueId result = call.add(norm, {joined.value}, module);
  return joins ? split_axes(call, result, joined) : result;
}

std::vector<Variable> layer_variables(const Layer& layer) {
  const Arguments arguments(layer.name, layer.config);
  const bool rms = arguments.boolean("rms_scaling", false);
  const Shape shape(axis_list(arguments).size(), unknown);
  std::vector<Variable> variables;
  if (arguments.boolean("scale", true) || rms) variables.push_back(trained("gamma", shape));
  if (arguments.boolean("center", true) && !rms) variables.push_back(trained("beta", shape));
  return variables;
}

graph::ValueId lower_layer_normalization(LayerCall& call) {
  const Arguments& arguments = call.arguments();
  const graph::ValueId input = call.input();
  for (const std::int64_t axis : axis_list(arguments)) call.assume_axis(input, axis);
  LayerNorm norm;
  norm.axes = resolve_axes(axis_list(arguments), call.rank(input), call.layer().name);
  norm.epsilon = arguments.number("epsilon", 1e-3);
  const bool rms = arguments.boolean("rms_scaling", false);
  if (rms) norm.kind = LayerNorm::Kind::Deviation;
  norm.scale = arguments.boolean("scale", true) || rms;
  norm.center = arguments.boolean("center", true) && !rms;
  for (const std::size_t axis : norm.axes) {
    norm.extents.push_back(call.value(input).shape[axis]);
  }
  const std::vector<Variable> variables = layer_variables(call.layer());
  std::vector<ParameterRequest> parameters;
  for (const Variable& variable : variables) {
    parameters.push_back(
        {variable.role, variable.role, numbered_axis_names(norm.axes), norm.extents});
  }
  const graph::ModuleId module = call.module("", parameters);
  if (!parameters.empty()) norm.extents = call.variable_shape(parameters[0].variable);
  return call.add(norm, {input}, module);
}

std::vector<Variable> group_variables(const Layer& layer) {
  const Arguments arguments(layer.name, layer.config);
  std::vector<Variable> variables;
  if (arguments.boolean("scale", true)) variables.push_back(trained("gamma", {unknown}));
  if (arguments.boolean("center", true)) variables.push_back(trained("beta", {unknown}));
  return variables;
}

/// keras/src/layers/normalization/group_normalization.py: the groups are of neighbours along the
/// axis; -1 groups are as many as channels. Keras 2 weighs the moments by a mask.
graph::ValueId lower_group_normalization(LayerCall& call) {
  const Arguments& arguments = call.arguments();
  const graph::ValueId input = call.input();
  if (call.mask_of(0) && call.generation() != Generation::Keras3) {
    throw Refusal{"it weighs by its mask"};
  }
  const std::int64_t axis = arguments.integer("axis", -1);
  call.assume_axis(input, axis);
  graph::GroupNorm norm;
  norm.axis = resolve_axis(axis, call.rank(input), call.layer().name);
  if (norm.axis == 0) throw Refusal{"it groups the batch"};
  norm.epsilon = arguments.number("epsilon", 1e-3);
  norm.scale = arguments.boolean("scale", true);
  norm.center = arguments.boolean("center", true);
  norm.features = call.value(input).shape[norm.axis];
  const std::vector<Variable> variables = group_variables(call.layer());
  std::vector<ParameterRequest> parameters;
  for (const Variable& variable : variables) {
    parameters.push_back({variable.role, variable.role, {"channels"}, {norm.features}});
  }
  const graph::ModuleId module = call.module("", parameters);
  if (!parameters.empty()) norm.features = call.variable_shape(parameters[0].variable).at(0);
  if (norm.features == graph::unknown_extent) {
    throw Refusal{"the number of its channels is not known"};
  }
  norm.groups = arguments.integer("groups", 32);
  if (norm.groups == -1) norm.groups = norm.features;
  if (norm.groups < 1 || norm.features % norm.groups != 0) {
    arguments.mistaken("groups", "a divisor of the number of channels");
  }
  return call.add(norm, {input}, module);
}

/// x · min(rsqrt(Σx²), 1 / 1e-12) (keras/src/ops/nn.py, _normalize); Keras 2 bounds the sum of
/// squares instead, x · rsqrt(max(Σx², 1e-12)) (tf.math.l2_normalize).
graph::ValueId lower_unit_normalization(LayerCall& call) {
  const graph::ValueId input = call.input();
  for (const std::int64_t axis : axis_list(call.arguments())) call.assume_axis(input, axis);
  graph::UnitNorm norm;
  norm.axes = resolve_axes(axis_list(call.arguments()), call.rank(input), call.layer().name);
  norm.least = call.generation() == Generation::Keras3 ? 1e-12 : 1e-6;
  return call.add(norm, {input});
}

std::vector<Variable> rms_variables(const Layer& layer) {
  const Arguments arguments(layer.name, layer.config);
  return {trained("scale", Shape(axis_list(arguments).size(), unknown))};
}

/// keras/src/ops/nn.py, _rms_normalization. Its scale broadcasts along the last axes, whichever are
/// normalized.
graph::ValueId lower_rms_normalization(LayerCall& call) {
  const Arguments& arguments = call.arguments();
  const graph::ValueId input = call.input();
  for (const std::int64_t axis : axis_list(arguments)) call.assume_axis(input, axis);
  const std::size_t rank = call.rank(input);
  LayerNorm norm;
  norm.kind = LayerNorm::Kind::MeanSquare;
  norm.center = false;
  norm.epsilon = arguments.number("epsilon", 1e-6);
  norm.axes = resolve_axes(axis_list(arguments), rank, call.layer().name);
  for (std::size_t i = 0; i < norm.axes.size(); ++i) {
    if (norm.axes[i] != rank - norm.axes.size() + i) {
      throw Refusal{"it normalizes axes that are not the last ones, and scales along the last"};
    }
    norm.extents.push_back(call.value(input).shape[norm.axes[i]]);
  }
  const graph::ModuleId module =
      call.module("", {{"scale", "gamma", numbered_axis_names(norm.axes), norm.extents}});
  norm.extents = call.variable_shape("scale");
  return call.add(norm, {input}, module);
}

}  // namespace

const LayerKind group_normalization_kind{group_arguments, group_variables,
                                         lower_group_normalization, MaskUse::PassesAndTakes};
const LayerKind rms_normalization_kind{rms_arguments, rms_variables, lower_rms_normalization};
const LayerKind unit_normalization_kind{unit_arguments, no_variables, lower_unit_normalization,
                                        MaskUse::Passes};
const LayerKind batch_normalization_kind{batch_arguments, batch_variables,
                                         lower_batch_normalization, MaskUse::Passes};
const LayerKind layer_normalization_kind{layer_arguments, layer_variables,
                                         lower_layer_normalization, MaskUse::Passes};

}  // namespace tensorferry::keras
