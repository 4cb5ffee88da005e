#include "tfjs/layers/windows.h"

#include <algorithm>

#include "tfjs/refusal.h"

namespace tensorferry::tfjs {

ConvArguments conv_arguments(const LayerCall& call, std::size_t rank) {
  const keras::Arguments& given = call.arguments();
  ConvArguments result;
  result.rank = rank;
  result.filters = given.integer("filters", 0);
  result.kernel_size = given.integers("kernel_size", rank, 1);
  result.strides = given.integers("strides", rank, 1);
  result.dilation = given.integers("dilation_rate", rank, 1);
  result.padding = given.text("padding", "valid");
  result.groups = given.integer("groups", 1);
  result.bias = given.boolean("use_bias", true);
  result.function = activation_of(call);
  return result;
}

ConvArguments twin_2d(ConvArguments arguments) {
  arguments.rank = 2;
  arguments.kernel_size.push_back(1);
  arguments.strides.push_back(1);
  arguments.dilation.push_back(1);
  return arguments;
}

bool is_dilated(const ConvArguments& arguments) {
  return std::any_of(arguments.dilation.begin(), arguments.dilation.end(),
                     [](std::int64_t dilation) { return dilation != 1; });
}

std::vector<LayerWeight> bias_weight(const LayerCall& call, const ConvArguments& arguments) {
  if (!arguments.bias) {
    return {};
  }
  const tensor::TensorRef& bias = call.stored("bias");
  return {stored_weight("bias", bias, bias.shape)};
}

Json conv_config(const ConvArguments& arguments) {
  return {{"kernel_size", arguments.kernel_size}, {"strides", arguments.strides},
          {"padding", arguments.padding},         {"dilation_rate", arguments.dilation},
          {"data_format", "channels_last"},       {"use_bias", arguments.bias}};
}

std::string fused_activation(const LayerCall& call, const ConvArguments& arguments,
                             bool final_order) {
  const std::string native = native_name(arguments.function, call.generation());
  return native.empty() || !(final_order || is_elementwise(arguments.function)) ? "linear" : native;
}

Tensor finish_activation(LayerCall& call, const ConvArguments& arguments,
                         const std::string& in_layer, const Tensor& x) {
  return in_layer == "linear" ? apply_activation(call, arguments.function, x) : x;
}

std::vector<Margin> explicit_same_padding_3d(const Tensor& x, const ConvArguments& window) {
  if (window.padding != "same") {
    return {};
  }
  std::vector<Margin> margins;
  bool negative = false;
  for (std::size_t i = 0; i < 3; ++i) {
    const std::int64_t extent = x.shape[i + 1];
    const std::int64_t reach = (window.kernel_size[i] - 1) * window.dilation[i] + 1;
    const std::int64_t stride = window.strides[i];
    if (extent == unknown && reach < stride) {
      throw Refusal{
          "TF.js pads \"same\" wrongly in 3D where a stride is larger than its window, "
          "and the size is None."};
    }
    const std::int64_t out = (extent + stride - 1) / stride;
    const std::int64_t total = (out - 1) * stride + reach - extent;
    negative = negative || (extent != unknown && total < 0);
    margins.push_back({std::max<std::int64_t>(total, 0) / 2,
                       std::max<std::int64_t>(total, 0) - std::max<std::int64_t>(total, 0) / 2});
    if (extent == unknown) {
      margins.back() = {unknown, unknown};
    }
  }
  if (!negative) {
    return {};
  }
  if (std::count(margins.begin(), margins.end(), Margin{unknown, unknown}) != 0) {
    throw Refusal{
        "TF.js pads \"same\" wrongly in 3D where a stride is larger than its window, and "
        "one of the other sizes is None."};
  }
  return margins;
}

Tensor depthwise_2d(LayerCall& call, const ConvArguments& arguments, const Tensor& x,
                    LayerWeight kernel, const std::string& function) {
  const tensor::Shape shape = kernel.value.shape;
  const std::uint64_t channels = shape[2] * shape[3];
  std::vector<LayerWeight> weights{std::move(kernel)};
  Json config = conv_config(arguments);
  config["depth_multiplier"] = shape[3];
  config["activation"] = function;
  std::string class_name = "DepthwiseConv2D";
  if (is_dilated(arguments)) {
    // TF.js's DepthwiseConv2D ignores `dilation_rate`, its SeparableConv2D does not: the pointwise
    // half passes each channel on.
    class_name = "SeparableConv2D";
    config["filters"] = channels;
    std::vector<float> identity(channels * channels, 0.0F);
    for (std::uint64_t i = 0; i < channels; ++i) {
      identity[i * channels + i] = 1.0F;
    }
    weights.push_back(constant_weight("pointwise_kernel", {1, 1, channels, channels}, identity));
  }
  for (LayerWeight& bias : bias_weight(call, arguments)) {
    weights.push_back(std::move(bias));
  }
  return call.add("", class_name, std::move(config), {x}, std::move(weights));
}

}  // namespace tensorferry::tfjs
