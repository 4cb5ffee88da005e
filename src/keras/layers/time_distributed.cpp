#include "keras/layers/time_distributed.h"

#include <algorithm>
#include <array>
#include <optional>

#include "keras/layers/layer_call.h"

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
    std::vector<ValueId> outputs = call.lower_wrapped(wrapped, {x});
    return outputs.at(0);
  }
  if (!folded) folded = Folded{call.add_step(graph::FoldTime{}, {x}), x};
  std::vector<ValueId> outputs = call.lower_wrapped(wrapped, {folded->value});
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

// What becomes of a mask is what becomes of it in the layer that is wrapped.
const LayerKind time_distributed_kind{{}, no_variables, lower_time_distributed, MaskUse::Passes};

}  // namespace tensorferry::keras
