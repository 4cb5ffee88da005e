#include "tfjs/layers/families.h"
#include "tfjs/layers/windows.h"

namespace tensorferry::tfjs {
namespace {

/// A stored 1D kernel (length, …) as that of its 2D twin (length, 1, …), or a 2D one as it is.
LayerWeight kernel_2d(const std::string& role, const tensor::TensorRef& stored, std::size_t rank) {
  tensor::Shape shape = stored.shape;
  if (rank == 1) {
    shape.insert(shape.begin() + 1, 1);
  }
  return stored_weight(role, stored, shape);
}

const tensor::TensorRef& depthwise_kernel(const LayerCall& call) {
  return call.stored("depthwise_kernel", "kernel");
}

Tensor separable_2d(LayerCall& call, const ConvArguments& arguments, const Tensor& x,
                    std::size_t stored_rank, const std::string& function) {
  std::vector<LayerWeight> weights{
      kernel_2d("depthwise_kernel", depthwise_kernel(call), stored_rank),
      kernel_2d("pointwise_kernel", call.stored("pointwise_kernel"), stored_rank)};
  Json config = conv_config(arguments);
  config["filters"] = arguments.filters;
  config["depth_multiplier"] = weights.front().value.shape[3];
  config["activation"] = function;
  for (LayerWeight& bias : bias_weight(call, arguments)) {
    weights.push_back(std::move(bias));
  }
  return call.add("", "SeparableConv2D", std::move(config), {x}, std::move(weights));
}

/// Everything on channels-last data in 2D: TF.js has no 1D layer, and its SeparableConv2D adds the
/// bias of channels-first data along the wrong axis.
Tensor lower_by_twin(LayerCall& call, std::size_t rank, bool separable) {
  ConvArguments arguments = conv_arguments(call, rank);
  const bool first = is_channels_first(call);
  Tensor x = call.input_of_rank(rank + 2);
  x = first ? to_channels_last(call, x) : x;
  if (arguments.padding == "causal") {
    x = zero_pad(call, "causal_padding", x,
                 {{(arguments.kernel_size[0] - 1) * arguments.dilation[0], 0}});
    arguments.padding = "valid";
  }
  if (rank == 1) {
    arguments = twin_2d(arguments);
    x = to_2d(call, x);
  }
  const std::string function = fused_activation(call, arguments, !first);
  Tensor y = separable ? separable_2d(call, arguments, x, rank, function)
                       : depthwise_2d(call, arguments, x,
                                      kernel_2d("depthwise_kernel", depthwise_kernel(call), rank),
                                      function);
  y = rank == 1 ? from_2d(call, y) : y;
  y = first ? to_channels_first(call, y) : y;
  return finish_activation(call, arguments, function, y);
}

}  // namespace

Tensor lower_depthwise_conv1d(LayerCall& call) { return lower_by_twin(call, 1, false); }
Tensor lower_depthwise_conv2d(LayerCall& call) { return lower_by_twin(call, 2, false); }
Tensor lower_separable_conv1d(LayerCall& call) { return lower_by_twin(call, 1, true); }
Tensor lower_separable_conv2d(LayerCall& call) { return lower_by_twin(call, 2, true); }

}  // namespace tensorferry::tfjs
