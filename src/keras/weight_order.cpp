#include "keras/weight_order.h"

#include <algorithm>

#include "keras/keras1_weights.h"
#include "keras/quantized_weights.h"

namespace tensorferry::keras {
namespace {

// The layer's own flag, whatever the models around it say.
bool own_trainable(const Layer& layer) {
  const auto found = layer.config.find("trainable");
  return found == layer.config.end() || *found != false;
}

std::optional<std::vector<Variable>> variables_of(const Layer& layer, Generation generation) {
  if (generation == Generation::Keras1) return keras1_variables(layer);
  auto with_lora = lora_variables(layer);
  return with_lora ? with_lora : expected_variables(layer);
}

// What a wrapper has itself stands behind the first variable of its layer, which it has as its own
// too (keras/src/layers/normalization/spectral_normalization.py: self.kernel = self.layer.kernel).
void insert_own_slots(Layer& wrapper, std::size_t begin, std::vector<WeightSlot>& slots) {
  const auto variables = expected_variables(wrapper);
  if (!variables || slots.size() == begin) return;
  for (auto variable = variables->rbegin(); variable != variables->rend(); ++variable) {
    const bool trainable = own_trainable(wrapper) && variable->trainable;
    slots.insert(slots.begin() + static_cast<std::ptrdiff_t>(begin) + 1,
                 {&wrapper, *variable, trainable});
  }
}

// All slots in the order of creation; an unknown layer has one for each of its two kinds of
// variables.
void append_slots(Layer& layer, Generation generation, std::vector<WeightSlot>& slots) {
  const bool trainable = own_trainable(layer);
  if (layer.model) {
    for (Layer& inner : layer.model->layers) append_slots(inner, generation, slots);
  } else if (!layer.wrapped.empty()) {
    const std::size_t begin = slots.size();
    for (Layer& inner : layer.wrapped) append_slots(inner, generation, slots);
    insert_own_slots(layer, begin, slots);
  } else if (const auto variables = variables_of(layer, generation)) {
    for (const Variable& variable : *variables) {
      slots.push_back({&layer, variable, trainable && variable.trainable});
    }
  } else {
    if (trainable) slots.push_back({&layer, std::nullopt, true});
    slots.push_back({&layer, std::nullopt, false});
  }
}

// keras/src/layers/layer.py: trainable_weights, non_trainable_weights. A variable knows by itself
// whether it is frozen; only the outermost layer's own flag counts beside that.
std::vector<WeightSlot> keras3_order(Layer& layer) {
  std::vector<WeightSlot> slots;
  append_slots(layer, Generation::Keras3, slots);
  if (own_trainable(layer)) {
    std::stable_partition(slots.begin(), slots.end(),
                          [](const WeightSlot& slot) { return slot.trainable; });
  }
  return slots;
}

std::vector<WeightSlot> keras2_order(Layer& layer, Generation generation);

// tf_keras/src/engine/training.py and base_layer.py: trainable_weights, non_trainable_weights. A
// frozen model has no trainable weights, and its others are again the trainable ones of its layers
// first; a frozen Bidirectional has all of one layer before the other's, of which each knows
// whether it is frozen.
void keras2_slots(Layer& layer, Generation generation, std::vector<WeightSlot>& trainable,
                  std::vector<WeightSlot>& others) {
  const bool is_leaf = !layer.model && layer.wrapped.empty();
  if (is_leaf || layer.class_name == "SpectralNormalization") {
    std::vector<WeightSlot> slots;
    append_slots(layer, generation, slots);
    const bool frozen = !own_trainable(layer);
    for (WeightSlot& slot : slots) {
      (slot.trainable && !frozen ? trainable : others).push_back(slot);
    }
    return;
  }
  if (layer.class_name == "Bidirectional" && !own_trainable(layer)) {
    for (Layer& inner : layer.wrapped) {
      std::vector<WeightSlot> inner_slots = keras2_order(inner, generation);
      others.insert(others.end(), inner_slots.begin(), inner_slots.end());
    }
    return;
  }
  std::vector<WeightSlot> inner_trainable;
  std::vector<WeightSlot> inner_others;
  for (Layer& inner : layer.model ? layer.model->layers : layer.wrapped) {
    keras2_slots(inner, generation, inner_trainable, inner_others);
  }
  auto& first = own_trainable(layer) ? trainable : others;
  first.insert(first.end(), inner_trainable.begin(), inner_trainable.end());
  others.insert(others.end(), inner_others.begin(), inner_others.end());
}

std::vector<WeightSlot> keras2_order(Layer& layer, Generation generation) {
  std::vector<WeightSlot> slots;
  std::vector<WeightSlot> others;
  keras2_slots(layer, generation, slots, others);
  slots.insert(slots.end(), others.begin(), others.end());
  return slots;
}

}  // namespace

std::vector<WeightSlot> weight_order(Layer& layer, Generation generation) {
  return generation == Generation::Keras3 ? keras3_order(layer) : keras2_order(layer, generation);
}

}  // namespace tensorferry::keras
