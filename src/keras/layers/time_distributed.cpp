#include "keras/layers/time_distributed.h"

#include <algorithm>
#include <array>
#include <optional>

#include "graph/functions.h"
#include "keras/layers/categories.h"
#include "keras/layers/layer_call.h"
#include "keras/masks_along.h"

namespace tensorferry::keras {

namespace {

using graph::ValueId;

/// Layers that do the same to a value with one more axis before its last.
bool acts_on_last_axis(const Layer& layer) {
  constexpr std::array<std::string_view, 8> classes = {
      "Activation", "ActivityRegularization", "Dense", "ELU", "Embedding", "Identity", "LeakyReLU",
      "ReLU"};
  if (layer.class_name == "Dropout") {
    const auto noise = layer.config.find("noise_shape");
    return noise == layer.config.end() || noise->is_null();
  }
  return std::find(classes.begin(), classes.end(), layer.class_name) != classes.end();
}

/// A value with its times folded into the batch, and one whose first axes are batch and time.
struct Folded {
  ValueId value = 0;
  ValueId reference = 0;
};

/// What was unfolded to make the value, so that layers one after another stay folded.
std::optional<Folded> unfolded_from(const LayerCall& call, ValueId value) {
  const graph::Node* maker = call.maker_of(value);
  if (maker == nullptr || !std::holds_alternative<graph::UnfoldTime>(maker->op)) {
    return std::nullopt;
  }
  return Folded{maker->inputs.at(0), maker->inputs.size() > 1 ? maker->inputs[1] : value};
}

ValueId unfold(LayerCall& call, ValueId value, ValueId reference) {
  const graph::Extent times = call.value(reference).shape.at(1);
  std::vector<ValueId> inputs{value};
  if (times == graph::unknown_extent) inputs.push_back(reference);
  return call.add_step(graph::UnfoldTime{times}, std::move(inputs));
}

/// The mask as the layer takes it at each time, where it looks at one: of the axes behind the time
/// (keras/src/layers/rnn/time_distributed.py, tf_keras/src/layers/rnn/time_distributed.py: call).
std::optional<ValueId> mask_of_each_time(LayerCall& call, const Layer& wrapped) {
  const std::optional<ValueId> mask = call.mask();
  const bool is_keras3 = call.generation() == Generation::Keras3;
  // Keras 3 gives it to a layer whose `call` has such an argument.
  const bool depends =
      depends_on_mask(wrapped) && !(is_keras3 && wrapped.class_name == "SpectralNormalization");
  if (!mask || (!depends && is_keras3)) return std::nullopt;
  if (!is_keras3 && Arguments(wrapped.name, wrapped.config).boolean("stateful", false)) {
    throw Refusal{"its layer is stateful and has a mask"};
  }
  if (call.rank(*mask) < 3) {
    if (depends)
      throw Refusal{"its mask is of the times, and its layer takes one of what is at each"};
    return std::nullopt;
  }
  const graph::Node* maker = call.maker_of(*mask);
  const bool is_unfolded = maker != nullptr && std::holds_alternative<graph::UnfoldTime>(maker->op);
  return is_unfolded ? maker->inputs.at(0) : call.add_step(graph::FoldTime{}, {*mask});
}

/// What goes along with the result. Keras 3 sends on what it was given; Keras 2 what its layer
/// sends at each time, or else where any of that holds (compute_mask).
std::optional<ValueId> mask_of_result(LayerCall& call, ValueId output, std::optional<ValueId> inner,
                                      const std::optional<Folded>& folded) {
  const std::optional<ValueId> mask = call.mask();
  if (call.generation() == Generation::Keras3) return mask;
  const std::optional<ValueId> sent = call.mask_with(output);
  if (sent) {
    if (sent == inner || sent == mask) return mask;
    return folded ? unfold(call, *sent, folded->reference) : *sent;
  }
  if (!mask || call.rank(*mask) < 3) return mask;
  graph::Function any;
  for (std::size_t axis = 2; axis < call.rank(*mask); ++axis) any.axes.push_back(axis);
  return add_function(call, "any", {*mask}, tensor::DType::Bool, std::move(any));
}

ValueId lower_time_distributed(LayerCall& call) {
  if (call.layer().wrapped.size() != 1) throw Refusal{"its layer is not known"};
  const Layer& wrapped = call.layer().wrapped.front();
  const ValueId x = call.input();
  if (!call.value(x).rank_known) {
    throw Refusal{
        "it stands behind a layer that cannot be converted, so that nothing is known of "
        "its input"};
  }
  if (call.rank(x) < 3) throw Refusal{"its input has no time and values"};
  std::optional<Folded> folded = unfolded_from(call, x);
  if (!folded && acts_on_last_axis(wrapped)) {
    const ValueId output = call.lower_wrapped(wrapped, {x}, call.mask()).at(0);
    call.sends_mask(mask_of_result(call, output, std::nullopt, std::nullopt));
    return output;
  }
  if (!folded) folded = Folded{call.add_step(graph::FoldTime{}, {x}), x};
  const std::optional<ValueId> inner = mask_of_each_time(call, wrapped);
  std::vector<ValueId> outputs = call.lower_wrapped(wrapped, {folded->value}, inner);
  call.sends_mask(mask_of_result(call, outputs.at(0), inner, folded));
  for (ValueId& output : outputs) {
    if (!call.value(output).rank_known) {
      throw Refusal{"it wraps a layer that cannot be converted"};
    }
    output = unfold(call, output, folded->reference);
  }
  const ValueId first = outputs.at(0);
  outputs.erase(outputs.begin());
  call.also_returns(std::move(outputs));
  return first;
}

}  // namespace

const LayerKind time_distributed_kind{{}, no_variables, lower_time_distributed, MaskUse::HandsOn};

}  // namespace tensorferry::keras
