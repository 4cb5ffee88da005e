#include "keras/layers/reshaping.h"

#include <fmt/format.h>

#include "graph/infer.h"
#include "keras/layers/layer_call.h"

namespace tensorferry::keras {

using graph::Pad;
using graph::Upsample;

namespace {

constexpr std::string_view cropping_arguments[] = {"cropping", "data_format"};
constexpr std::string_view flatten_arguments[] = {"data_format"};
constexpr std::string_view permute_arguments[] = {"dims"};
constexpr std::string_view repeat_vector_arguments[] = {"n"};
constexpr std::string_view reshape_arguments[] = {"target_shape"};
constexpr std::string_view up_sampling_arguments[] = {"data_format", "interpolation", "size"};
constexpr std::string_view zero_padding_arguments[] = {"data_format", "padding"};

/// Keras's spelling of what lies around spatial axes: one number for all sides; one entry an axis,
/// each a number for both sides or a pair; in one dimension a pair.
std::vector<Pad> pads_of(const Arguments& arguments, std::string_view name, std::size_t count) {
  const std::string expected = fmt::format("a number or {} pairs of numbers", count);
  const Json* value = arguments.find(name);
  if (value == nullptr) return std::vector<Pad>(count, {1, 1});
  if (value->is_number_integer()) {
    const auto number = value->get<std::int64_t>();
    return std::vector<Pad>(count, {number, number});
  }
  const auto pair_of = [&](const Json& entry) -> Pad {
    if (entry.is_number_integer()) return {entry.get<std::int64_t>(), entry.get<std::int64_t>()};
    const Json* sides = list_items(entry);
    if (sides == nullptr || sides->size() != 2 || !(*sides)[0].is_number_integer() ||
        !(*sides)[1].is_number_integer()) {
      arguments.mistaken(name, expected);
    }
    return {(*sides)[0].get<std::int64_t>(), (*sides)[1].get<std::int64_t>()};
  };
  const Json* entries = list_items(*value);
  if (entries == nullptr) arguments.mistaken(name, expected);
  if (count == 1 && entries->size() == 2) return {pair_of(*entries)};
  if (entries->size() != count) arguments.mistaken(name, expected);
  std::vector<Pad> pads;
  for (const Json& entry : *entries) pads.push_back(pair_of(entry));
  return pads;
}

graph::ValueId add_pads(LayerCall& call, std::string_view argument, int sign) {
  const int spatial_rank = spatial_rank_of(call.layer().class_name);
  const std::size_t rank = static_cast<std::size_t>(spatial_rank) + 2;
  const graph::ValueId input = call.input_of_rank(rank);
  const auto pads = pads_of(call.arguments(), argument, rank - 2);
  const auto axes = graph::spatial_axes(spatial_rank, channel_axis(call.arguments(), rank));
  graph::PadAxes pad;
  pad.pads.resize(rank);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (pads[i].before < 0 || pads[i].after < 0) {
      call.arguments().mistaken(argument, "positive");
    }
    pad.pads[axes[i]] = {sign * pads[i].before, sign * pads[i].after};
  }
  return call.add(pad, {input});
}

graph::ValueId lower_cropping(LayerCall& call) { return add_pads(call, "cropping", -1); }
graph::ValueId lower_zero_padding(LayerCall& call) { return add_pads(call, "padding", 1); }

/// keras/src/layers/reshaping/flatten.py: channels first is turned to channels last before.
graph::ValueId lower_flatten(LayerCall& call) {
  graph::ValueId value = call.input();
  const std::size_t rank = call.rank(value);
  const bool channels_first = channel_axis(call.arguments(), rank) == 1 && rank > 2;
  if (channels_first) {
    graph::Permute permute;
    permute.axes.push_back(0);
    for (std::size_t axis = 2; axis < rank; ++axis) permute.axes.push_back(axis);
    permute.axes.push_back(1);
    value = call.add_step(permute, {value});
  }
  return call.add(graph::Flatten{}, {value});
}

graph::ValueId lower_permute(LayerCall& call) {
  graph::Permute permute;
  permute.axes.push_back(0);
  const auto dims = call.arguments().integer_list("dims");
  std::vector<bool> seen(dims.size() + 1, false);
  for (const std::int64_t dim : dims) {
    if (dim < 1 || dim > static_cast<std::int64_t>(dims.size()) ||
        seen[static_cast<std::size_t>(dim)]) {
      call.arguments().mistaken("dims", "an order of the axes, counted from 1");
    }
    seen[static_cast<std::size_t>(dim)] = true;
    permute.axes.push_back(static_cast<std::size_t>(dim));
  }
  return call.add(permute, {call.input_of_rank(permute.axes.size())});
}

graph::ValueId lower_repeat_vector(LayerCall& call) {
  return call.add(graph::RepeatVector{call.arguments().positive_integer("n")},
                  {call.input_of_rank(2)});
}

graph::ValueId lower_reshape(LayerCall& call) {
  const auto target = call.arguments().integer_list("target_shape");
  int free = 0;
  for (const std::int64_t extent : target) {
    if (extent < -1) call.arguments().mistaken("target_shape", "extents, -1 for one free");
    free += extent == -1 ? 1 : 0;
  }
  if (free > 1) call.arguments().mistaken("target_shape", "extents, -1 for one free");
  return call.add(graph::Reshape{target}, {call.input()});
}

/// keras/src/layers/reshaping/up_sampling2d.py; tf_keras/src/backend.py: resize_images
tensor::Interpolation interpolation_of(const LayerCall& call) {
  const std::string name = call.arguments().text("interpolation", "nearest");
  const auto found = tensor::find_interpolation(name);
  if (!found || (call.generation() == Generation::Keras3 && !tensor::is_of_keras3(*found))) {
    throw Refusal{fmt::format("its interpolation \"{}\" is not known", name)};
  }
  return tensor::enlarging(*found);
}

graph::ValueId lower_up_sampling(LayerCall& call) {
  const int spatial_rank = spatial_rank_of(call.layer().class_name);
  const auto count = static_cast<std::size_t>(spatial_rank);
  Upsample upsample;
  upsample.kind = interpolation_of(call);
  if (spatial_rank != 2 && upsample.kind != tensor::Interpolation::Nearest) {
    throw Refusal{"it interpolates in another rank than 2"};
  }
  upsample.factors = call.arguments().positive_integers("size", count, 2);
  upsample.channel_axis = channel_axis(call.arguments(), count + 2);
  return call.add(upsample, {call.input_of_rank(count + 2)});
}

}  // namespace

const LayerKind cropping_kind{cropping_arguments, no_variables, lower_cropping};
const LayerKind flatten_kind{flatten_arguments, no_variables, lower_flatten};
const LayerKind permute_kind{permute_arguments, no_variables, lower_permute};
const LayerKind repeat_vector_kind{repeat_vector_arguments, no_variables, lower_repeat_vector};
const LayerKind reshape_kind{reshape_arguments, no_variables, lower_reshape};
const LayerKind up_sampling_kind{up_sampling_arguments, no_variables, lower_up_sampling};
const LayerKind zero_padding_kind{zero_padding_arguments, no_variables, lower_zero_padding};

}  // namespace tensorferry::keras
