#include "torch/training/state.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>
#include <variant>

#include "torch/training/optimizers.h"

namespace tensorferry::torch {
namespace {

using graph::OptimizerState;
using tensor::Computation;
using tensor::TensorRef;

/// Why the state of a weight cannot be had.
struct Uncarried {
  std::string reason;
};

PickledValue text(std::string value) { return {std::move(value)}; }

class StateWriter {
 public:
  StateWriter(const graph::Program& program, const std::vector<NamedWeight>& weights)
      : program_(program),
        weights_(weights),
        state_(*program.training->state),
        kept_(kept_state(*program.training->optimizer)) {}

  StateDict write() {
    PickledDict states;
    PickledList numbers;
    std::set<std::size_t> storages;
    for (const NamedWeight& weight : weights_) {
      // As model.parameters() gives them: each once.
      if (!is_parameter(weight) || !storages.insert(weight.storage).second) continue;
      const std::uint64_t number = numbers.items.size();
      numbers.items.push_back({number});
      PickledDict state = state_of(weight);
      if (!state.empty()) states.push_back({{number}, {std::move(state)}});
    }
    PickledDict group = kept_.group;
    group.push_back({text("params"), {std::move(numbers)}});
    result_.counter = state_.iteration;
    result_.value = {PickledDict{{text("state"), {std::move(states)}},
                                 {text("param_groups"), {PickledList{{{std::move(group)}}}}}}};
    return std::move(result_);
  }

 private:
  const OptimizerState::OfWeight* find(const TensorRef& stored) const {
    const auto found = std::find_if(state_.weights.begin(), state_.weights.end(),
                                    [&](const OptimizerState::OfWeight& weight) {
                                      return program_.tensors.at(weight.tensor) == stored;
                                    });
    return found == state_.weights.end() ? nullptr : &*found;
  }

  // What else Keras does not train are buffers, or frozen.
  bool is_parameter(const NamedWeight& weight) const {
    const std::vector<TensorRef>& inputs = weight.weight->contiguous.inputs;
    return weight.trained && std::any_of(inputs.begin(), inputs.end(), [&](const TensorRef& input) {
             return find(input) != nullptr;
           });
  }

  PickledDict state_of(const NamedWeight& weight) {
    PickledDict state;
    if (kept_.counts_steps) state.push_back({text("step"), {PickledCounter{}}});
    // Keras 2 does not save it; its class finds it by the steps.
    const auto scalar = state_.scalars.find("u_product");
    if (!kept_.scalar.empty() && scalar != state_.scalars.end()) {
      state.push_back(
          {text(kept_.scalar), result_.add(tensor::identity_computation(scalar->second))});
    }
    for (const KeptSlot& slot : kept_.slots) {
      state.push_back({text(slot.name), result_.add(moved(weight, slot))});
    }
    return state;
  }

  // The weight's own computation, of the slots in place of the weights.
  Computation moved(const NamedWeight& weight, const KeptSlot& slot) const {
    Computation computation = weight.weight->contiguous;
    if (slot.keras.empty()) {
      return constant_weight(0, tensor::DType::Float32, computation.shape).contiguous;
    }
    const bool is_cast_only =
        std::all_of(computation.values.begin(), computation.values.end(),
                    [](const auto& value) { return std::holds_alternative<tensor::Cast>(value); });
    if (!is_cast_only || !computation.combinations.empty()) {
      throw Uncarried{fmt::format("{} is computed of Keras's weight", weight.key)};
    }
    for (TensorRef& input : computation.inputs) {
      const OptimizerState::OfWeight* own = find(input);
      if (own == nullptr || !own->slots.contains(slot.keras)) {
        throw Uncarried{fmt::format("{} is more than a weight that Keras trains", weight.key)};
      }
      input = own->slots.at(slot.keras);
      if (input.dtype != tensor::DType::Float32) {
        throw Uncarried{fmt::format("that of {} is not float32", weight.key)};
      }
    }
    computation.values.clear();
    computation.dtype = tensor::DType::Float32;
    if (slot.factor != 1 || slot.offset != 0) {
      if (!std::isfinite(slot.factor)) throw Uncarried{"its learning rate is zero"};
      computation.values.emplace_back(tensor::Affine{slot.factor, slot.offset});
    }
    return computation;
  }

  const graph::Program& program_;
  const std::vector<NamedWeight>& weights_;
  const OptimizerState& state_;
  KeptState kept_;
  StateDict result_;
};

// A state without slots and without a count of steps says nothing.
bool is_empty(const KeptState& kept) {
  return kept.slots.empty() &&
         std::none_of(kept.group.begin(), kept.group.end(), [](const auto& m) {
           return std::holds_alternative<PickledCounter>(m.value.value);
         });
}

}  // namespace

OptimizerStateDict optimizer_state_dict(const graph::Program& program,
                                        const std::vector<NamedWeight>& weights) {
  if (is_empty(kept_state(*program.training->optimizer))) return {};
  try {
    return {StateWriter(program, weights).write(), ""};
  } catch (const Uncarried& uncarried) {
    return {std::nullopt, uncarried.reason};
  }
}

}  // namespace tensorferry::torch
