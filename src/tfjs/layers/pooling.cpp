#include <algorithm>

#include "tfjs/layers/families.h"
#include "tfjs/layers/masking.h"
#include "tfjs/layers/windows.h"
#include "tfjs/refusal.h"
#include "tfjs/weights.h"

namespace tensorferry::tfjs {
namespace {

/// A pooling as the window of a convolution. Keras's default stride is the window.
ConvArguments window(const LayerCall& call, std::size_t rank) {
  ConvArguments result;
  result.rank = rank;
  result.kernel_size = call.arguments().integers("pool_size", rank, 2);
  result.strides = call.arguments().find("strides") == nullptr
                       ? result.kernel_size
                       : call.arguments().integers("strides", rank, 1);
  result.dilation.assign(rank, 1);
  result.padding = call.arguments().text("padding", "valid");
  return result;
}

Tensor pool(LayerCall& call, const ConvArguments& given, const Tensor& x,
            const std::string& format) {
  return call.add("", call.layer().class_name,
                  {{"pool_size", given.kernel_size},
                   {"strides", given.strides},
                   {"padding", given.padding},
                   {"data_format", format}},
                  {x});
}

/// length / count, which makes a mean of all of those that count. By 0 Keras divides as well.
Tensor share_of(LayerCall& call, const Tensor& count, std::int64_t length) {
  std::vector<float> shares;
  for (std::int64_t i = 0; i <= length; ++i) {
    shares.push_back(static_cast<float>(length) / static_cast<float>(i));
  }
  LayerWeight table = constant_weight("embeddings", {shares.size(), 1}, shares);
  table.exact = true;
  const Tensor share =
      call.add("share", "Embedding", {{"input_dim", length + 1}, {"output_dim", 1}}, {count},
               {std::move(table)});
  return reshape(call, "share_of_vector", share, {1});
}

// keras/src/layers/pooling/global_average_pooling1d.py: of the times where the mask is on.
Tensor masked_average(LayerCall& call, const Tensor& x) {
  if (is_channels_first(call)) {
    throw Refusal{"Its mask is of another axis."};
  }
  const std::int64_t length = x.shape[1];
  if (length == unknown) {
    throw Refusal{
        "Keras hands it a mask, and for that TF.js needs to know the length, which is "
        "None."};
  }
  const Tensor mask = mask_tensor(call, *call.mask());
  const auto rows = static_cast<std::uint64_t>(length);
  const Tensor count =
      call.add("count", "Dense", {{"units", 1}, {"use_bias", false}, {"activation", "linear"}},
               {reshape(call, "mask_as_vector", mask, {length})},
               {filled_weight("kernel", {rows, 1}, 1.0F)});
  const Tensor mean = call.add("mean", "GlobalAveragePooling1D", Json::object(),
                               {zero_outside(call, "masked", x, mask)});
  return call.add("", "Multiply", Json::object(), {mean, share_of(call, count, length)});
}

}  // namespace

// TF.js's 1D poolings do not read `data_format`.
Tensor lower_pooling1d(LayerCall& call) {
  const Tensor& x = call.input_of_rank(3);
  const ConvArguments given = window(call, 1);
  if (!is_channels_first(call)) {
    return pool(call, given, x, "channels_last");
  }
  return to_channels_first(call, pool(call, given, to_channels_last(call, x), "channels_last"));
}

Tensor lower_pooling2d(LayerCall& call) {
  return pool(call, window(call, 2), call.input_of_rank(4), data_format(call));
}

Tensor lower_pooling3d(LayerCall& call) {
  ConvArguments given = window(call, 3);
  const bool first = is_channels_first(call);
  Tensor x = call.input_of_rank(5);
  if (given.padding != "same") {
    return pool(call, given, x, data_format(call));
  }
  x = first ? to_channels_last(call, x) : x;
  const std::vector<Margin> margins = explicit_same_padding_3d(x, given);
  if (!margins.empty()) {
    if (!is_nothing(margins)) {
      throw Refusal{
          "TF.js pads \"same\" wrongly in 3D where a stride is larger than its window, and "
          "zeros around a pooling are not the same."};
    }
    given.padding = "valid";
  }
  x = pool(call, given, x, "channels_last");
  return first ? to_channels_first(call, x) : x;
}

// TF.js has it for one axis (channels last) and for two, and never keeps the axes.
Tensor lower_global_pooling(LayerCall& call) {
  Tensor x = call.input();
  const std::size_t rank = x.shape.size() - 2;
  const bool first = is_channels_first(call);
  const bool maximum = call.layer().class_name.find("Max") != std::string::npos;
  const std::string class_name = maximum ? "GlobalMaxPooling" : "GlobalAveragePooling";
  if (rank == 2) {
    x = call.add("", class_name + "2D", {{"data_format", data_format(call)}}, {x});
  } else {
    x = first ? to_channels_last(call, x) : x;
    if (rank == 3) {
      const std::int64_t channels = x.shape.back();
      std::int64_t cells = 1;
      for (std::size_t axis = 1; axis <= 3; ++axis) {
        cells = x.shape[axis] == unknown || cells == unknown ? unknown : cells * x.shape[axis];
      }
      x = reshape(call, "join", x, {cells, channels});
    }
    x = call.mask() != nullptr ? masked_average(call, x)
                               : call.add("", class_name + "1D", Json::object(), {x});
  }
  if (!call.arguments().boolean("keepdims", false)) {
    return x;
  }
  Shape extents(rank + 1, 1);
  (first ? extents.front() : extents.back()) = x.shape[1];
  return reshape(call, "keepdims", x, extents);
}

}  // namespace tensorferry::tfjs
