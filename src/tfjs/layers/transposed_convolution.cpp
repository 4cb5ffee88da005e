#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "tfjs/layers/affine.h"
#include "tfjs/layers/families.h"
#include "tfjs/layers/windows.h"
#include "tfjs/refusal.h"

namespace tensorferry::tfjs {
namespace {

/// `margins[i]`: what is cut off the full result, of extent (in − 1) · stride + reach, at either
/// end of an axis; below zero: what is added (keras/src/backend/common/backend_utils.py:
/// compute_conv_transpose_output_shape; TensorFlow cuts half of it, rounded down, at the
/// beginning).
std::vector<Margin> cut_of_full_result(const LayerCall& call, const ConvArguments& arguments) {
  const bool given = call.arguments().find("output_padding") != nullptr;
  const std::vector<std::int64_t> output_padding =
      call.arguments().integers("output_padding", arguments.rank, 0);
  std::vector<Margin> margins;
  for (std::size_t i = 0; i < arguments.rank; ++i) {
    const std::int64_t reach = (arguments.kernel_size[i] - 1) * arguments.dilation[i] + 1;
    const bool same = arguments.padding == "same";
    const std::int64_t cut = given
                                 ? (same ? reach - reach % 2 : 0) - output_padding[i]
                                 : (same ? reach - arguments.strides[i]
                                         : std::min<std::int64_t>(reach - arguments.strides[i], 0));
    const std::int64_t before = std::max<std::int64_t>(cut, 0) / 2;
    margins.push_back({before, cut - before});
  }
  return margins;
}

/// The convolution that TF.js knows: "valid", or "same" without any more arguments.
Tensor transposed(LayerCall& call, const ConvArguments& arguments, const Tensor& x,
                  const std::string& format, const std::string& function) {
  const tensor::TensorRef& stored = call.stored("kernel");
  tensor::Shape shape = stored.shape;
  if (shape.size() < arguments.rank + 2) {
    shape.insert(shape.begin() + 1, 1);
  }
  std::vector<LayerWeight> weights{stored_weight("kernel", stored, shape)};
  for (LayerWeight& bias : bias_weight(call, arguments)) {
    weights.push_back(std::move(bias));
  }
  Json config = conv_config(arguments);
  config.erase("dilation_rate");
  config["filters"] = arguments.filters;
  config["data_format"] = format;
  config["activation"] = function;
  return call.add("", fmt::format("Conv{}DTranspose", arguments.rank), std::move(config), {x},
                  std::move(weights));
}

/// TF.js has neither `output_padding` nor a right "same" in 3D, so "valid" and a cut.
Tensor valid_and_cut(LayerCall& call, ConvArguments arguments, const Tensor& x,
                     const std::vector<Margin>& cut_of_full) {
  std::vector<Margin> cut;
  std::vector<Margin> added;
  for (std::size_t i = 0; i < arguments.rank; ++i) {
    // TF.js's "valid" ends where the last stride does.
    const std::int64_t surplus =
        std::max<std::int64_t>(arguments.strides[i] - arguments.kernel_size[i], 0);
    const std::int64_t after = cut_of_full[i].second + surplus;
    cut.push_back({cut_of_full[i].first, std::max<std::int64_t>(after, 0)});
    added.push_back({0, std::max<std::int64_t>(-after, 0)});
  }
  const bool bias_later = arguments.bias && !is_nothing(added);
  arguments.padding = "valid";
  arguments.bias = arguments.bias && !bias_later;
  Tensor y = transposed(call, arguments, x, "channels_last", "linear");
  y = zero_pad(call, "output_padding", crop(call, "cut", y, cut), added);
  if (!bias_later) {
    return y;
  }
  const tensor::TensorRef& bias = call.stored("bias");
  return add_to_channels(call, "bias", y, stored_weight("beta", bias, bias.shape));
}

/// A dilated transposed convolution has strides of 1, so it is a convolution by the kernel turned
/// by 180°.
Tensor turned_kernel(LayerCall& call, ConvArguments arguments, const Tensor& x,
                     const std::vector<Margin>& cut_of_full) {
  std::vector<Margin> margins;
  for (std::size_t i = 0; i < arguments.rank; ++i) {
    const std::int64_t reach = (arguments.kernel_size[i] - 1) * arguments.dilation[i];
    margins.push_back({reach - cut_of_full[i].first, reach - cut_of_full[i].second});
  }
  const tensor::TensorRef& stored = call.stored("kernel");
  tensor::Shape shape = stored.shape;
  if (shape.size() < arguments.rank + 2) {
    shape.insert(shape.begin() + 1, 1);
  }
  tensor::View view = tensor::identity_view(0, shape);
  for (std::size_t i = 0; i < arguments.rank; ++i) {
    view.offset += (static_cast<std::int64_t>(shape[i]) - 1) * view.strides[i];
    view.strides[i] = -view.strides[i];
  }
  std::swap(view.shape[arguments.rank], view.shape[arguments.rank + 1]);
  std::swap(view.strides[arguments.rank], view.strides[arguments.rank + 1]);
  const tensor::Shape turned = view.shape;
  std::vector<LayerWeight> weights{
      viewed_weight("kernel", stored, std::move(view), turned, "turn > swap(in,out)")};
  for (LayerWeight& bias : bias_weight(call, arguments)) {
    weights.push_back(std::move(bias));
  }
  arguments.padding = "valid";
  Json config = conv_config(arguments);
  config["filters"] = arguments.filters;
  config["activation"] = "linear";
  return call.add("", fmt::format("Conv{}D", arguments.rank), std::move(config),
                  {zero_pad(call, "padding", x, margins)}, std::move(weights));
}

bool is_plain(const LayerCall& call, const ConvArguments& arguments) {
  // In 3D TF.js's "same" is wrong where a stride is larger than its window.
  bool small_window = false;
  for (std::size_t i = 0; i < arguments.rank; ++i) {
    small_window = small_window || arguments.kernel_size[i] < arguments.strides[i];
  }
  return arguments.rank != 1 && !is_dilated(arguments) &&
         call.arguments().find("output_padding") == nullptr &&
         (arguments.rank != 3 || arguments.padding != "same" || !small_window);
}

Tensor lower_transposed(LayerCall& call, std::size_t rank) {
  ConvArguments arguments = conv_arguments(call, rank);
  const Tensor& input = call.input_of_rank(rank + 2);
  if (is_plain(call, arguments)) {
    const std::string function = fused_activation(call, arguments, true);
    return finish_activation(call, arguments, function,
                             transposed(call, arguments, input, data_format(call), function));
  }
  if (is_dilated(arguments) && std::any_of(arguments.strides.begin(), arguments.strides.end(),
                                           [](std::int64_t stride) { return stride != 1; })) {
    throw Refusal{"TF.js has no transposed convolution with strides and dilation."};
  }
  const bool first = is_channels_first(call);
  Tensor x = first ? to_channels_last(call, input) : input;
  std::vector<Margin> cut = cut_of_full_result(call, arguments);
  if (rank == 1) {
    arguments = twin_2d(arguments);
    cut.push_back({0, 0});
    x = to_2d(call, x);
  }
  x = is_dilated(arguments) ? turned_kernel(call, arguments, x, cut)
                            : valid_and_cut(call, arguments, x, cut);
  x = rank == 1 ? from_2d(call, x) : x;
  return apply_activation(call, arguments.function, first ? to_channels_first(call, x) : x);
}

}  // namespace

Tensor lower_conv1d_transpose(LayerCall& call) { return lower_transposed(call, 1); }
Tensor lower_conv2d_transpose(LayerCall& call) { return lower_transposed(call, 2); }
Tensor lower_conv3d_transpose(LayerCall& call) { return lower_transposed(call, 3); }

}  // namespace tensorferry::tfjs
