#include "keras/layers/convolution.h"

#include <algorithm>

#include "keras/layers/activation.h"
#include "keras/layers/layer_call.h"
#include "keras/layers/spatial.h"

namespace tensorferry::keras {

using graph::Conv;
using graph::Extent;
using graph::unknown_extent;

namespace {

constexpr std::string_view convolution_arguments[] = {
    "activation",  "data_format", "dilation_rate", "filters", "groups",
    "kernel_size", "padding",     "rank",          "strides", "use_bias",
};
// Of these classes Keras 2 writes `groups` as well, and does nothing about them
// (tf_keras/src/layers/convolutional: build and call of each).
constexpr std::string_view depthwise_arguments[] = {
    "activation", "data_format", "depth_multiplier", "dilation_rate", "groups", "kernel_size",
    "padding",    "rank",        "strides",          "use_bias",
};
constexpr std::string_view separable_arguments[] = {
    "activation", "data_format", "depth_multiplier", "dilation_rate",
    "filters",    "groups",      "kernel_size",      "padding",
    "rank",       "strides",     "use_bias",
};
constexpr std::string_view transposed_arguments[] = {
    "activation",     "data_format", "dilation_rate", "filters", "groups",   "kernel_size",
    "output_padding", "padding",     "rank",          "strides", "use_bias",
};

/// The extents of a kernel by the config: the spatial ones, then two more.
Shape configured_kernel(const Layer& layer, std::int64_t third, std::int64_t last) {
  const auto count = static_cast<std::size_t>(spatial_rank_of(layer.class_name));
  Shape shape = Arguments(layer.name, layer.config).positive_integers("kernel_size", count, 1);
  shape.insert(shape.end(), {third, last});
  return shape;
}

std::vector<Variable> with_bias(const Layer& layer, std::vector<Variable> kernels,
                                std::int64_t extent) {
  if (Arguments(layer.name, layer.config).boolean("use_bias", true)) {
    kernels.push_back(trained("bias", {extent}));
  }
  return kernels;
}

std::vector<Variable> convolution_variables(const Layer& layer) {
  const std::int64_t filters = Arguments(layer.name, layer.config).positive_integer("filters");
  return with_bias(layer, {trained("kernel", configured_kernel(layer, unknown, filters))}, filters);
}

std::vector<Variable> transposed_variables(const Layer& layer) {
  const std::int64_t filters = Arguments(layer.name, layer.config).positive_integer("filters");
  return with_bias(layer, {trained("kernel", configured_kernel(layer, filters, unknown))}, filters);
}

Variable depthwise_kernel(const Layer& layer) {
  const Arguments arguments(layer.name, layer.config);
  const std::int64_t multiplier = arguments.positive_integers("depth_multiplier", 1, 1)[0];
  return trained("depthwise_kernel", configured_kernel(layer, unknown, multiplier));
}

std::vector<Variable> depthwise_variables(const Layer& layer) {
  return with_bias(layer, {depthwise_kernel(layer)}, unknown);
}

std::vector<Variable> separable_variables(const Layer& layer) {
  const std::int64_t filters = Arguments(layer.name, layer.config).positive_integer("filters");
  Shape pointwise(static_cast<std::size_t>(spatial_rank_of(layer.class_name)), 1);
  pointwise.insert(pointwise.end(), {unknown, filters});
  return with_bias(layer, {depthwise_kernel(layer), trained("pointwise_kernel", pointwise)},
                   filters);
}

/// The window of a convolution over the call's input, without channels and groups.
Conv window(LayerCall& call) {
  const Arguments& arguments = call.arguments();
  Conv conv;
  conv.spatial_rank = spatial_rank_of(call.layer().class_name);
  const auto count = static_cast<std::size_t>(conv.spatial_rank);
  const graph::ValueId input = call.input_of_rank(count + 2);
  conv.kernel_size = arguments.positive_integers("kernel_size", count, 1);
  conv.strides = arguments.positive_integers("strides", count, 1);
  conv.dilations = arguments.positive_integers("dilation_rate", count, 1);
  conv.bias = arguments.boolean("use_bias", true);
  conv.channel_axis = channel_axis(arguments, count + 2);
  conv.in_channels = call.value(input).shape[conv.channel_axis];
  return conv;
}

void pad_window(LayerCall& call, Conv& conv) {
  conv.padding = window_padding(call.arguments(), call.value(call.input()).shape, conv.channel_axis,
                                conv.kernel_size, conv.strides, conv.dilations);
}

/// The kernel's extents: the spatial ones, then two more.
std::vector<Extent> kernel_shape(const Conv& conv, Extent third, Extent last) {
  std::vector<Extent> shape(conv.kernel_size.begin(), conv.kernel_size.end());
  shape.insert(shape.end(), {third, last});
  return shape;
}

std::vector<std::string> kernel_axes(const Conv& conv, std::string_view third,
                                     std::string_view last) {
  std::vector<std::string> axes = spatial_axis_names(conv.spatial_rank);
  axes.emplace_back(third);
  axes.emplace_back(last);
  return axes;
}

/// The extent of a stored kernel at `from_end` axes before its end.
Extent kernel_extent(const LayerCall& call, std::string_view variable, std::size_t from_end) {
  const std::vector<Extent> shape = call.variable_shape(variable);
  return from_end <= shape.size() ? shape[shape.size() - from_end] : unknown_extent;
}

graph::ValueId lower_convolution(LayerCall& call) {
  Conv conv = window(call);
  pad_window(call, conv);
  conv.groups = call.arguments().integer("groups", 1);
  conv.out_channels = call.arguments().positive_integer("filters");
  const bool divides = conv.groups >= 1 && conv.out_channels % conv.groups == 0 &&
                       (conv.in_channels == unknown_extent || conv.in_channels % conv.groups == 0);
  if (!divides) throw Refusal{"its groups do not divide its channels"};
  const Extent group_channels =
      conv.in_channels == unknown_extent ? unknown_extent : conv.in_channels / conv.groups;
  std::vector<ParameterRequest> parameters{{"kernel", "kernel", kernel_axes(conv, "in", "out"),
                                            kernel_shape(conv, group_channels, conv.out_channels)}};
  if (conv.bias) parameters.push_back({"bias", "bias", {"out"}, {conv.out_channels}});
  const graph::ModuleId module = call.module("", parameters);
  conv.in_channels = kernel_extent(call, "kernel", 2) * conv.groups;
  return add_activation_argument(call, call.add(conv, {call.input()}, module));
}

/// The depthwise convolution that DepthwiseConv is and SeparableConv begins with.
graph::ValueId add_depthwise(LayerCall& call, Conv conv, std::string_view part) {
  pad_window(call, conv);
  const Extent multiplier = call.arguments().positive_integers("depth_multiplier", 1, 1)[0];
  std::vector<ParameterRequest> parameters{{"depthwise_kernel", "kernel",
                                            kernel_axes(conv, "in", "multiplier"),
                                            kernel_shape(conv, conv.in_channels, multiplier)}};
  conv.in_channels = kernel_extent(call, "depthwise_kernel", 2);
  conv.groups = conv.in_channels;
  conv.out_channels = conv.in_channels * multiplier;
  if (conv.bias) parameters.push_back({"bias", "bias", {"out"}, {conv.out_channels}});
  const graph::ModuleId module = call.module(part, parameters);
  return call.add(conv, {call.input()}, module);
}

graph::ValueId lower_depthwise(LayerCall& call) {
  return add_activation_argument(call, add_depthwise(call, window(call), ""));
}

/// keras/src/layers/convolutional/base_separable_conv.py: the window's arguments are the depthwise
/// step's, the bias is the pointwise step's.
graph::ValueId lower_separable(LayerCall& call) {
  const Conv whole = window(call);
  Conv depthwise = whole;
  depthwise.bias = false;
  const graph::ValueId between = add_depthwise(call, depthwise, "depthwise");

  Conv pointwise = whole;
  const auto count = static_cast<std::size_t>(whole.spatial_rank);
  pointwise.kernel_size.assign(count, 1);
  pointwise.strides.assign(count, 1);
  pointwise.dilations.assign(count, 1);
  pointwise.padding.pads.assign(count, {});
  pointwise.in_channels = call.value(between).shape[whole.channel_axis];
  pointwise.out_channels = call.arguments().positive_integer("filters");
  std::vector<ParameterRequest> parameters{
      {"pointwise_kernel", "kernel", kernel_axes(pointwise, "in", "out"),
       kernel_shape(pointwise, pointwise.in_channels, pointwise.out_channels)}};
  if (pointwise.bias) parameters.push_back({"bias", "bias", {"out"}, {pointwise.out_channels}});
  const graph::ModuleId module = call.module("pointwise", parameters);
  return add_activation_argument(call, call.add(pointwise, {between}, module));
}

/// What is cut off the full result of one axis. The output's extent is Keras's
/// (keras/src/backend/common/backend_utils.py, _get_output_shape_given_tf_padding); where it begins
/// in the full result is TensorFlow's, which pads the forward convolution of that extent
/// (tensorflow/core/kernels/conv_grad_shape_utils.cc).
graph::Pad transposed_cut(std::int64_t size, std::int64_t stride, std::int64_t dilation, bool same,
                          std::optional<std::int64_t> output_padding) {
  const std::int64_t reach = (size - 1) * dilation + 1;
  // Full extent less output extent, both for the same input: the input's extent cancels out.
  std::int64_t surplus = 0;
  if (same) {
    surplus = output_padding ? reach - reach % 2 - *output_padding : reach - stride;
  } else {
    surplus = output_padding ? -*output_padding : reach - std::max(reach, stride);
  }
  const std::int64_t before = same ? std::max<std::int64_t>(surplus, 0) / 2 : 0;
  return {before, surplus - before};
}

graph::ValueId lower_transposed(LayerCall& call) {
  const Arguments& arguments = call.arguments();
  Conv conv = window(call);
  conv.transposed = true;
  conv.out_channels = arguments.positive_integer("filters");
  const std::string kind = arguments.text("padding", "valid");
  if (kind != "valid" && kind != "same") arguments.mistaken("padding", "\"valid\" or \"same\"");
  const bool has_output_padding = arguments.find("output_padding") != nullptr;
  const auto count = static_cast<std::size_t>(conv.spatial_rank);
  const auto output_padding = arguments.integers("output_padding", count, 0);
  for (std::size_t i = 0; i < count; ++i) {
    conv.padding.pads.push_back(
        transposed_cut(conv.kernel_size[i], conv.strides[i], conv.dilations[i], kind == "same",
                       has_output_padding ? std::optional(output_padding[i]) : std::nullopt));
  }
  std::vector<ParameterRequest> parameters{
      {"kernel", "kernel", kernel_axes(conv, "out", "in"),
       kernel_shape(conv, conv.out_channels, conv.in_channels)}};
  if (conv.bias) parameters.push_back({"bias", "bias", {"out"}, {conv.out_channels}});
  const graph::ModuleId module = call.module("", parameters);
  conv.in_channels = kernel_extent(call, "kernel", 1);
  return add_activation_argument(call, call.add(conv, {call.input()}, module));
}

}  // namespace

const LayerKind convolution_kind{convolution_arguments, convolution_variables, lower_convolution};
const LayerKind depthwise_convolution_kind{depthwise_arguments, depthwise_variables,
                                           lower_depthwise};
const LayerKind separable_convolution_kind{separable_arguments, separable_variables,
                                           lower_separable};
const LayerKind transposed_convolution_kind{transposed_arguments, transposed_variables,
                                            lower_transposed};

}  // namespace tensorferry::keras
