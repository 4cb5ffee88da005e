#include "tfjs/shapes.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>

#include "tfjs/refusal.h"

namespace tensorferry::tfjs {
namespace {

using Extent = std::int64_t;
using Inputs = std::vector<Shape>;
using Rule = Shape (*)(const Json& config, const Inputs& inputs);

Extent known_or_unknown(bool known, Extent value) { return known ? value : unknown; }

bool channels_first(const Json& config) {
  return config.contains("data_format") && config["data_format"] == "channels_first";
}

/// The axes between the batch and the channels.
std::vector<std::size_t> spatial_axes(const Json& config, std::size_t rank) {
  std::vector<std::size_t> axes(rank - 2);
  std::iota(axes.begin(), axes.end(), channels_first(config) ? 2 : 1);
  return axes;
}

std::size_t channel_axis(const Json& config, std::size_t rank) {
  return channels_first(config) ? 1 : rank - 1;
}

void require_rank(const Shape& shape, std::size_t rank) {
  if (shape.size() != rank) {
    throw Refusal{fmt::format("It is given a tensor of rank {}, and takes one of rank {}.",
                              shape.size(), rank)};
  }
}

Shape same_shape(const Json&, const Inputs& inputs) { return inputs.at(0); }

// tfjs-layers/src/utils/conv_utils.ts: convOutputLength
Extent window_extent(Extent in, Extent window, bool same_padding, Extent stride) {
  return known_or_unknown(in != unknown,
                          (in - (same_padding ? 0 : window - 1) + stride - 1) / stride);
}

// tfjs-layers/src/utils/conv_utils.ts: deconvLength
Extent transposed_extent(Extent in, Extent window, bool same_padding, Extent stride) {
  return known_or_unknown(in != unknown,
                          in * stride + (same_padding ? 0 : std::max<Extent>(window - stride, 0)));
}

using ExtentRule = Extent (*)(Extent, Extent, bool, Extent);

Shape windowed(const Json& config, const Shape& input, const char* size, ExtentRule rule) {
  Shape result = input;
  const bool same_padding = config.at("padding") == "same";
  const std::vector<std::size_t> axes = spatial_axes(config, input.size());
  const Json& sizes = config.at(size);
  require_rank(input, sizes.size() + 2);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const Extent dilation =
        config.contains("dilation_rate") ? config["dilation_rate"].at(i).get<Extent>() : 1;
    const Extent window = (sizes.at(i).get<Extent>() - 1) * dilation + 1;
    const Extent extent =
        rule(input[axes[i]], window, same_padding, config.at("strides").at(i).get<Extent>());
    if (extent != unknown && extent <= 0) {
      throw Refusal{fmt::format("Its window of {} does not fit into an extent of {}.", window,
                                input[axes[i]])};
    }
    result[axes[i]] = extent;
  }
  return result;
}

Shape convolution_shape(const Json& config, const Inputs& inputs) {
  Shape result = windowed(config, inputs.at(0), "kernel_size", window_extent);
  result[channel_axis(config, result.size())] = config.at("filters").get<Extent>();
  return result;
}

Shape transposed_convolution_shape(const Json& config, const Inputs& inputs) {
  Shape result = windowed(config, inputs.at(0), "kernel_size", transposed_extent);
  result[channel_axis(config, result.size())] = config.at("filters").get<Extent>();
  return result;
}

Shape depthwise_convolution_shape(const Json& config, const Inputs& inputs) {
  Shape result = windowed(config, inputs.at(0), "kernel_size", window_extent);
  result[channel_axis(config, result.size())] *= config.at("depth_multiplier").get<Extent>();
  return result;
}

Shape pooling_shape(const Json& config, const Inputs& inputs) {
  return windowed(config, inputs.at(0), "pool_size", window_extent);
}

Shape global_pooling_shape(const Json& config, const Inputs& inputs) {
  const Shape& input = inputs.at(0);
  return {input[0], input[channel_axis(config, input.size())]};
}

Shape dense_shape(const Json& config, const Inputs& inputs) {
  Shape result = inputs.at(0);
  result.back() = config.at("units").get<Extent>();
  return result;
}

Shape flatten_shape(const Json&, const Inputs& inputs) {
  Extent extent = 1;
  for (std::size_t i = 1; i < inputs.at(0).size(); ++i) {
    extent = inputs[0][i] == unknown || extent == unknown ? unknown : extent * inputs[0][i];
  }
  return {inputs[0][0], extent};
}

Shape reshape_shape(const Json& config, const Inputs& inputs) {
  const Extent elements = flatten_shape(config, inputs)[1];
  Shape result{inputs[0][0]};
  Extent known = 1;
  std::size_t inferred = 0;
  for (const Json& extent : config.at("target_shape")) {
    result.push_back(extent.get<Extent>());
    if (result.back() == unknown) {
      inferred = result.size() - 1;
    } else {
      known *= result.back();
    }
  }
  if (inferred != 0 && elements != unknown && known != 0) {
    result[inferred] = elements / known;
  }
  return result;
}

Shape permute_shape(const Json& config, const Inputs& inputs) {
  require_rank(inputs.at(0), config.at("dims").size() + 1);
  Shape result{inputs[0][0]};
  for (const Json& axis : config["dims"]) {
    result.push_back(inputs[0].at(axis.get<std::size_t>()));
  }
  return result;
}

Shape repeat_vector_shape(const Json& config, const Inputs& inputs) {
  require_rank(inputs.at(0), 2);
  return {inputs[0][0], config.at("n").get<Extent>(), inputs[0][1]};
}

Shape resized_2d(const Json& config, const Shape& input, Extent (*extent)(Extent, const Json&),
                 const char* argument) {
  require_rank(input, 4);
  Shape result = input;
  const std::vector<std::size_t> axes = spatial_axes(config, 4);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    Extent& out = result[axes[i]];
    out = known_or_unknown(out != unknown, extent(out, config.at(argument).at(i)));
  }
  return result;
}

Shape zero_padding_shape(const Json& config, const Inputs& inputs) {
  return resized_2d(
      config, inputs.at(0),
      [](Extent in, const Json& pad) {
        return in + pad.at(0).get<Extent>() + pad.at(1).get<Extent>();
      },
      "padding");
}

Shape cropping_shape(const Json& config, const Inputs& inputs) {
  return resized_2d(
      config, inputs.at(0),
      [](Extent in, const Json& crop) {
        return in - crop.at(0).get<Extent>() - crop.at(1).get<Extent>();
      },
      "cropping");
}

Shape up_sampling_shape(const Json& config, const Inputs& inputs) {
  return resized_2d(
      config, inputs.at(0), [](Extent in, const Json& factor) { return in * factor.get<Extent>(); },
      "size");
}

Shape embedding_shape(const Json& config, const Inputs& inputs) {
  Shape result = inputs.at(0);
  result.push_back(config.at("output_dim").get<Extent>());
  return result;
}

// The first output; states are the lowering's.
Shape recurrent_shape(const Json& config, const Inputs& inputs) {
  require_rank(inputs.at(0), 3);
  Shape result = inputs[0];
  result.back() = config.at("units").get<Extent>();
  if (!config.at("return_sequences").get<bool>()) {
    result.erase(result.begin() + 1);
  }
  return result;
}

Shape conv_lstm_shape(const Json& config, const Inputs& inputs) {
  require_rank(inputs.at(0), 5);
  Shape map = inputs[0];
  const Extent times = map[1];
  map.erase(map.begin() + 1);
  Shape result = convolution_shape(config, {map});
  if (config.at("return_sequences").get<bool>()) result.insert(result.begin() + 1, times);
  return result;
}

Shape bidirectional_shape(const Json& config, const Inputs& inputs) {
  Shape result = recurrent_shape(config.at("layer").at("config"), inputs);
  if (config.at("merge_mode") == "concat") {
    result.back() *= 2;
  }
  return result;
}

Extent broadcast(Extent a, Extent b) {
  if (a == 1) {
    return b;
  }
  if (b == 1 || a == b) {
    return a;
  }
  if (a == unknown || b == unknown) {
    return unknown;
  }
  throw Refusal{fmt::format("Extents {} and {} do not broadcast.", a, b)};
}

// tfjs-layers/src/layers/merge.ts: a tensor of lower rank gets axes of 1 after the batch.
Shape merge_shape(const Json&, const Inputs& inputs) {
  Shape result = inputs.at(0);
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    Shape other = inputs[i];
    Shape& shorter = result.size() < other.size() ? result : other;
    shorter.insert(shorter.begin() + 1, std::max(result.size(), other.size()) - shorter.size(), 1);
    for (std::size_t k = 0; k < result.size(); ++k) {
      result[k] = broadcast(result[k], other[k]);
    }
  }
  return result;
}

Shape concatenate_shape(const Json& config, const Inputs& inputs) {
  Shape result = inputs.at(0);
  const auto axis = config.at("axis").get<std::size_t>();
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    require_rank(inputs[i], result.size());
    for (std::size_t k = 0; k < result.size(); ++k) {
      // tfjs-layers/src/layers/merge.ts compares all other extents, None included.
      if (k != axis && inputs[i][k] != result[k]) {
        throw Refusal{"TF.js joins only tensors whose other extents are equal, None included."};
      }
    }
    Extent& joined = result.at(axis);
    joined = joined == unknown || inputs[i][axis] == unknown ? unknown : joined + inputs[i][axis];
  }
  return result;
}

Shape dot_shape(const Json& config, const Inputs& inputs) {
  Shape result;
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t k = i; k < inputs.at(i).size(); ++k) {
      if (k != config.at("axes").at(i).get<std::size_t>()) {
        result.push_back(inputs[i][k]);
      }
    }
  }
  if (result.size() == 1) {
    result.push_back(1);
  }
  return result;
}

const std::map<std::string, Rule>& rules() {
  static const std::map<std::string, Rule> table = {
      {"Activation", same_shape},
      {"Add", merge_shape},
      {"AlphaDropout", same_shape},
      {"Average", merge_shape},
      {"AveragePooling1D", pooling_shape},
      {"AveragePooling2D", pooling_shape},
      {"AveragePooling3D", pooling_shape},
      {"BatchNormalization", same_shape},
      {"Bidirectional", bidirectional_shape},
      {"Concatenate", concatenate_shape},
      {"Conv1D", convolution_shape},
      {"Conv2D", convolution_shape},
      {"Conv2DTranspose", transposed_convolution_shape},
      {"Conv3D", convolution_shape},
      {"Conv3DTranspose", transposed_convolution_shape},
      {"ConvLSTM2D", conv_lstm_shape},
      {"Cropping2D", cropping_shape},
      {"Dense", dense_shape},
      {"DepthwiseConv2D", depthwise_convolution_shape},
      {"Dot", dot_shape},
      {"Dropout", same_shape},
      {"ELU", same_shape},
      {"Embedding", embedding_shape},
      {"Flatten", flatten_shape},
      {"GRU", recurrent_shape},
      {"GaussianDropout", same_shape},
      {"GaussianNoise", same_shape},
      {"GlobalAveragePooling1D", global_pooling_shape},
      {"GlobalAveragePooling2D", global_pooling_shape},
      {"GlobalMaxPooling1D", global_pooling_shape},
      {"GlobalMaxPooling2D", global_pooling_shape},
      {"LSTM", recurrent_shape},
      {"LayerNormalization", same_shape},
      {"LeakyReLU", same_shape},
      {"Masking", same_shape},
      {"MaxPooling1D", pooling_shape},
      {"MaxPooling2D", pooling_shape},
      {"MaxPooling3D", pooling_shape},
      {"Maximum", merge_shape},
      {"Minimum", merge_shape},
      {"Multiply", merge_shape},
      {"PReLU", same_shape},
      {"Permute", permute_shape},
      {"ReLU", same_shape},
      {"RepeatVector", repeat_vector_shape},
      {"Rescaling", same_shape},
      {"Reshape", reshape_shape},
      {"SeparableConv2D", convolution_shape},
      {"SimpleRNN", recurrent_shape},
      {"Softmax", same_shape},
      {"SpatialDropout1D", same_shape},
      {"ThresholdedReLU", same_shape},
      {"UpSampling2D", up_sampling_shape},
      {"ZeroPadding2D", zero_padding_shape},
  };
  return table;
}

}  // namespace

Shape output_shape(const std::string& class_name, const Json& config,
                   const std::vector<Shape>& inputs) {
  return rules().at(class_name)(config, inputs);
}

}  // namespace tensorferry::tfjs
