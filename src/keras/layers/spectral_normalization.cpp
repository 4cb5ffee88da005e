#include "keras/layers/spectral_normalization.h"

#include <fmt/format.h>

#include "keras/layers/layer_call.h"

namespace tensorferry::keras {

namespace {

constexpr std::string_view spectral_normalization_arguments[] = {"power_iterations"};

/// Its layer's kernel is a variable of the layer.
std::vector<Variable> spectral_normalization_variables(const Layer&) {
  return {tracked("vector_u", {1, unknown})};
}

graph::ValueId lower_spectral_normalization(LayerCall& call) {
  if (call.layer().wrapped.size() != 1) throw Refusal{"its layer is not known"};
  const Layer& wrapped = call.layer().wrapped.front();
  if (is_called_in_training(call.call())) throw Refusal{"it is always called in training mode"};
  const graph::ValueId x = call.input();
  if (call.mask() && call.generation() != Generation::Keras3) {
    throw Refusal{"it depends on a mask"};
  }
  const std::vector<graph::ValueId> outputs = call.lower_wrapped(wrapped, {x}, call.mask());
  const graph::ValueId y = outputs.at(0);
  if (outputs.size() != 1 || !call.value(y).rank_known) {
    throw Refusal{fmt::format("it wraps a layer of class {}", wrapped.class_name)};
  }
  call.note(io::Severity::Info, "spectral-normalization",
            "Its kernel is as Keras last left it: what divides the kernel by its largest singular "
            "value in each step of training is left out.");
  const tensor::DType given = call.value(x).dtype;
  if (call.generation() != Generation::Keras3 || call.value(y).dtype == given) {
    call.sends_mask(call.mask_with(y));
    return y;
  }
  if (!tensor::is_floating_point(given)) {
    throw Refusal{"Keras 3 makes whole numbers of its result, as it is given such"};
  }
  return call.add_step(graph::Cast{given}, {y});
}

}  // namespace

const LayerKind spectral_normalization_kind{spectral_normalization_arguments,
                                            spectral_normalization_variables,
                                            lower_spectral_normalization, MaskUse::HandsOn};

}  // namespace tensorferry::keras
