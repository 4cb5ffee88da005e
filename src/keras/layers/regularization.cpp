#include "keras/layers/regularization.h"

#include "keras/layers/layer_call.h"

namespace tensorferry::keras {

using graph::Dropout;

namespace {

constexpr std::string_view dropout_arguments[] = {"noise_shape", "rate"};
constexpr std::string_view gaussian_dropout_arguments[] = {"rate"};
constexpr std::string_view gaussian_noise_arguments[] = {"stddev"};
constexpr std::string_view spatial_dropout_arguments[] = {"data_format", "noise_shape", "rate"};

/// `noise_shape`, where null is the input's extent.
std::vector<std::int64_t> noise_shape_of(const Arguments& arguments) {
  const Json* value = arguments.find("noise_shape");
  if (value == nullptr) return {};
  const Json* items = list_items(*value);
  if (items == nullptr) arguments.mistaken("noise_shape", "a list of extents");
  std::vector<std::int64_t> shape;
  for (const Json& item : *items) {
    if (!item.is_null() && !item.is_number_integer()) {
      arguments.mistaken("noise_shape", "a list of extents");
    }
    shape.push_back(item.is_null() ? graph::unknown_extent : item.get<std::int64_t>());
  }
  return shape;
}

graph::ValueId add_dropout(LayerCall& call, Dropout::Kind kind, std::string_view rate) {
  Dropout dropout;
  dropout.kind = kind;
  dropout.rate = call.arguments().number(rate, 0);
  dropout.noise_shape = noise_shape_of(call.arguments());
  return call.add(dropout, {call.input()});
}

graph::ValueId lower_dropout(LayerCall& call) {
  return add_dropout(call, Dropout::Kind::Elementwise, "rate");
}
graph::ValueId lower_alpha_dropout(LayerCall& call) {
  return add_dropout(call, Dropout::Kind::Alpha, "rate");
}
graph::ValueId lower_gaussian_dropout(LayerCall& call) {
  return add_dropout(call, Dropout::Kind::Gaussian, "rate");
}
graph::ValueId lower_gaussian_noise(LayerCall& call) {
  return add_dropout(call, Dropout::Kind::GaussianNoise, "stddev");
}

graph::ValueId lower_spatial_dropout(LayerCall& call) {
  Dropout dropout;
  dropout.kind = Dropout::Kind::Channels;
  dropout.rate = call.arguments().number("rate", 0);
  dropout.spatial_rank = spatial_rank_of(call.layer().class_name);
  const std::size_t rank = static_cast<std::size_t>(dropout.spatial_rank) + 2;
  dropout.channel_axis = channel_axis(call.arguments(), rank);
  return call.add(dropout, {call.input_of_rank(rank)});
}

}  // namespace

const LayerKind alpha_dropout_kind{dropout_arguments, no_variables, lower_alpha_dropout,
                                   MaskUse::Passes};
const LayerKind dropout_kind{dropout_arguments, no_variables, lower_dropout, MaskUse::Passes};
const LayerKind gaussian_dropout_kind{gaussian_dropout_arguments, no_variables,
                                      lower_gaussian_dropout, MaskUse::Passes};
const LayerKind gaussian_noise_kind{gaussian_noise_arguments, no_variables, lower_gaussian_noise,
                                    MaskUse::Passes};
const LayerKind spatial_dropout_kind{spatial_dropout_arguments, no_variables, lower_spatial_dropout,
                                     MaskUse::Passes};

}  // namespace tensorferry::keras
