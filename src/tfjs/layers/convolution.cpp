#include <fmt/format.h>

#include <algorithm>

#include "tfjs/layers/families.h"
#include "tfjs/layers/windows.h"
#include "tfjs/refusal.h"

namespace tensorferry::tfjs {
namespace {

std::string class_of_rank(std::size_t rank) { return fmt::format("Conv{}D", rank); }

// Conv1D in TF.js moves channels-first data to the end and leaves it there; it has no causal
// padding, and no convolution has groups.
bool is_plain(const LayerCall& call, const ConvArguments& arguments, const Tensor& x) {
  if (arguments.groups != 1 || arguments.padding == "causal") {
    return false;
  }
  const bool first = is_channels_first(call);
  if (arguments.rank == 3 && arguments.padding == "same") {
    return !first && explicit_same_padding_3d(x, arguments).empty();
  }
  return arguments.rank != 1 || !first;
}

Tensor plain(LayerCall& call, const ConvArguments& arguments, const Tensor& x,
             const std::string& format, const std::string& function) {
  const tensor::TensorRef& kernel = call.stored("kernel");
  std::vector<LayerWeight> weights{stored_weight("kernel", kernel, kernel.shape)};
  for (LayerWeight& bias : bias_weight(call, arguments)) {
    weights.push_back(std::move(bias));
  }
  Json config = conv_config(arguments);
  config["filters"] = arguments.filters;
  config["data_format"] = format;
  config["activation"] = function;
  return call.add("", class_of_rank(arguments.rank), std::move(config), {x}, std::move(weights));
}

/// The part of the kernel that makes filters [begin, begin + count): a slice of the last axis.
LayerWeight filters_of(const tensor::TensorRef& stored, const tensor::Shape& shape,
                       std::uint64_t begin, std::uint64_t count) {
  tensor::View view = tensor::identity_view(0, shape);
  view = tensor::sliced(view, shape.size() - 1, begin, count);
  tensor::Shape extents = shape;
  extents.back() = count;
  return viewed_weight(shape.size() == 1 ? "bias" : "kernel", stored, std::move(view), extents,
                       fmt::format("columns({},{})", begin, begin + count));
}

/// Each group is a convolution of its own channels; the results are joined.
Tensor one_convolution_a_group(LayerCall& call, const ConvArguments& arguments, const Tensor& x,
                               const tensor::Shape& kernel_shape) {
  const std::int64_t channels = x.shape.back() / arguments.groups;
  const std::int64_t filters = arguments.filters / arguments.groups;
  Json config = conv_config(arguments);
  config["filters"] = filters;
  config["activation"] = "linear";
  std::vector<Tensor> results;
  for (std::int64_t group = 0; group < arguments.groups; ++group) {
    const std::string part = fmt::format("group{}", group + 1);
    const Tensor slice = slice_channels(call, part + "_channels", x, group * channels, channels);
    const auto first = static_cast<std::uint64_t>(group * filters);
    const auto count = static_cast<std::uint64_t>(filters);
    std::vector<LayerWeight> weights{filters_of(call.stored("kernel"), kernel_shape, first, count)};
    if (arguments.bias) {
      const tensor::TensorRef& bias = call.stored("bias");
      weights.push_back(filters_of(bias, bias.shape, first, count));
    }
    results.push_back(
        call.add(part, class_of_rank(arguments.rank), config, {slice}, std::move(weights)));
  }
  return concatenate(call, "groups", results, x.shape.size() - 1);
}

Tensor grouped(LayerCall& call, const ConvArguments& arguments, const Tensor& x) {
  tensor::Shape kernel = call.stored("kernel").shape;
  ConvArguments given = arguments;
  Tensor y = x;
  if (arguments.rank == 1) {
    given = twin_2d(arguments);
    kernel.insert(kernel.begin() + 1, 1);
    y = to_2d(call, x);
  }
  if (given.rank == 2 && given.groups == x.shape.back()) {
    // (height, width, 1, channels · multiplier) lies as (height, width, channels, multiplier) does.
    const auto channels = static_cast<std::uint64_t>(given.groups);
    y = depthwise_2d(call, given, y,
                     stored_weight("depthwise_kernel", call.stored("kernel"),
                                   {kernel[0], kernel[1], channels, kernel[3] / channels}),
                     "linear");
  } else {
    y = one_convolution_a_group(call, given, y, kernel);
  }
  return arguments.rank == 1 ? from_2d(call, y) : y;
}

/// By other layers, on channels-last data.
Tensor lowered(LayerCall& call, ConvArguments arguments, Tensor x) {
  if (arguments.padding == "causal") {
    const std::int64_t pad = (arguments.kernel_size[0] - 1) * arguments.dilation[0];
    x = zero_pad(call, "causal_padding", x, {{pad, 0}});
    arguments.padding = "valid";
  }
  if (arguments.rank == 3) {
    const std::vector<Margin> margins = explicit_same_padding_3d(x, arguments);
    if (!margins.empty()) {
      x = zero_pad(call, "same_padding", x, margins);
      arguments.padding = "valid";
    }
  }
  return arguments.groups == 1 ? plain(call, arguments, x, "channels_last", "linear")
                               : grouped(call, arguments, x);
}

Tensor lower_conv(LayerCall& call, std::size_t rank) {
  const ConvArguments arguments = conv_arguments(call, rank);
  const Tensor& x = call.input_of_rank(rank + 2);
  const bool first = is_channels_first(call);
  if (is_plain(call, arguments, x)) {
    const std::string function = fused_activation(call, arguments, true);
    return finish_activation(call, arguments, function,
                             plain(call, arguments, x, data_format(call), function));
  }
  Tensor y = lowered(call, arguments, first ? to_channels_last(call, x) : x);
  y = first ? to_channels_first(call, y) : y;
  return apply_activation(call, arguments.function, y);
}

}  // namespace

Tensor lower_conv1d(LayerCall& call) { return lower_conv(call, 1); }
Tensor lower_conv2d(LayerCall& call) { return lower_conv(call, 2); }
Tensor lower_conv3d(LayerCall& call) { return lower_conv(call, 3); }

}  // namespace tensorferry::tfjs
