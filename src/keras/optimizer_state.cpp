#include "keras/optimizer_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "keras/weight_order.h"

namespace tensorferry::keras {
namespace {

using graph::Settings;
using tensor::TensorRef;

/// Why the state can't be told.
struct Unknown {
  std::string reason;
};

bool is_true(const Settings& settings, const char* name) {
  const auto found = settings.find(name);
  return found != settings.end() && found->second == graph::Setting(true);
}

bool is_positive(const Settings& settings, const char* name) {
  const auto found = settings.find(name);
  const double* value = found == settings.end() ? nullptr : std::get_if<double>(&found->second);
  return value != nullptr && *value > 0;
}

/// Slots that each weight has one after the other, before the next weight's.
using Block = std::vector<const char*>;

/// What follows the iteration (and the learning rate).
struct Order {
  std::vector<const char*> first;  ///< scalars
  std::vector<Block> blocks;
  std::vector<const char*> last;  ///< scalars
};

// keras/src/optimizers, tf_keras/src/optimizers and its legacy/: `build`, `_create_slots`. By the
// names of Keras 3.
class SlotOrder {
 public:
  SlotOrder(const graph::Optimizer& optimizer, Generation generation)
      : settings_(optimizer.optimizer.settings),
        name_(optimizer.optimizer.class_name),
        is_legacy_(is_true(settings_, "is_legacy_optimizer")),
        is_keras3_(generation == Generation::Keras3) {}

  Order order() const {
    if (name_ == "SGD") return sgd();
    if (name_ == "RMSprop") return rmsprop();
    if (name_ == "Adam" || name_ == "AdamW") return adam();
    if (name_ == "Adadelta") return pair("accumulated_grad", "accumulated_delta_var");
    if (name_ == "Adamax") return pair("momentum", "norm");
    if (name_ == "Nadam") return nadam();
    if (name_ == "Lamb" || name_ == "ScheduleFreeAdamW") return pair("momentum", "velocity");
    if (name_ == "Adagrad") return {{}, {{"accumulator"}}, {}};
    if (name_ == "Ftrl") return {{}, {{"accumulator", "linear"}}, {}};
    if (name_ == "Lion") return {{}, {{"momentum"}}, {}};
    throw Unknown{fmt::format("the order of {}'s slots is not known", name_)};
  }

 private:
  Order pair(const char* first, const char* second) const {
    if (is_legacy_) return {{}, {{first}, {second}}, {}};
    return {{}, {{first, second}}, {}};
  }

  // Keras 2's has the slot whatever the momentum.
  Order sgd() const {
    const bool has_slot = is_positive(settings_, "momentum") || (!is_keras3_ && !is_legacy_);
    return has_slot ? Order{{}, {{"momentum"}}, {}} : Order{};
  }

  Order rmsprop() const {
    Order order{{}, {{"velocity"}}, {}};
    if (is_positive(settings_, "momentum")) order.blocks.push_back({"momentum"});
    if (is_true(settings_, "centered")) order.blocks.push_back({"average_gradient"});
    return order;
  }

  Order adam() const {
    Order order = pair("momentum", "velocity");
    if (is_true(settings_, "amsgrad")) order.blocks.push_back({"velocity_hat"});
    return order;
  }

  Order nadam() const {
    Order order = pair("momentum", "velocity");
    if (is_legacy_) order.first = {"u_product"};
    if (is_keras3_) order.last = {"u_product"};
    return order;
  }

  const Settings& settings_;
  std::string_view name_;
  bool is_legacy_;
  bool is_keras3_;
};

// In the order of Keras's `trainable_variables`; what is at two places, once.
std::vector<std::uint32_t> trained_weights(const Model& model) {
  std::vector<std::uint32_t> trained;
  std::set<std::uint32_t> seen;
  for (Layer layer : model.layers) {
    for (const WeightSlot& slot : weight_order(layer, model.generation)) {
      if (!slot.trainable || !slot.layer->trainable) continue;
      const std::vector<Weight>& own = slot.layer->weights;
      if (!slot.variable && own.empty()) continue;
      const auto weight = std::find_if(own.begin(), own.end(), [&](const Weight& one) {
        return slot.variable && one.role == slot.variable->role;
      });
      if (weight == own.end()) {
        throw Unknown{fmt::format("which weights of layer \"{}\" are trained is not known",
                                  slot.layer->name)};
      }
      if (seen.insert(weight->tensor).second) trained.push_back(weight->tensor);
    }
  }
  return trained;
}

class StateReader {
 public:
  StateReader(const Model& model, const graph::Optimizer& optimizer)
      : model_(model), optimizer_(optimizer), variables_(model.optimizer_variables) {}

  std::optional<graph::OptimizerState> read() {
    const Order order = SlotOrder(optimizer_, model_.generation).order();
    graph::OptimizerState state;
    for (const std::uint32_t tensor : trained_weights(model_))
      state.weights.push_back({tensor, {}});
    state.iteration = take_iteration();
    if (model_.generation == Generation::Keras3 && !optimizer_.schedule) take({}, "learning rate");
    const bool has_slots = !order.first.empty() || !order.blocks.empty();
    if (next_ == variables_.size() && has_slots) return std::nullopt;
    for (const char* name : order.first) state.scalars[name] = take({}, name);
    for (const Block& block : order.blocks) take_block(block, state);
    for (const char* name : order.last) state.scalars[name] = take({}, name);
    if (next_ != variables_.size()) {
      throw Unknown{fmt::format("{} variables of {} are not known", variables_.size() - next_,
                                variables_.size())};
    }
    return state;
  }

 private:
  // Standalone Keras calls it otherwise, and keeps what else in an order of each release.
  TensorRef take_iteration() {
    const TensorRef iteration = take({}, "iteration");
    const bool is_legacy = is_true(optimizer_.optimizer.settings, "is_legacy_optimizer");
    if (is_legacy && !iteration.name.ends_with("/iter:0")) {
      throw Unknown{"the order is that of a Keras before TensorFlow's"};
    }
    if (iteration.dtype != tensor::DType::Int64 && iteration.dtype != tensor::DType::Int32) {
      throw Unknown{"its steps are no whole number"};
    }
    return iteration;
  }

  void take_block(const Block& block, graph::OptimizerState& state) {
    for (graph::OptimizerState::OfWeight& weight : state.weights) {
      const TensorRef& stored = model_.tensors.at(weight.tensor);
      for (const char* name : block) {
        weight.slots[name] = take(stored.shape, fmt::format("{} of {}", name, stored.name));
      }
    }
  }

  TensorRef take(const tensor::Shape& shape, const std::string& what) {
    if (next_ == variables_.size() || variables_[next_].shape != shape) {
      throw Unknown{fmt::format("variable {} should be the {}, and is not", next_, what)};
    }
    return variables_[next_++];
  }

  const Model& model_;
  const graph::Optimizer& optimizer_;
  const std::vector<TensorRef>& variables_;
  std::size_t next_ = 0;
};

}  // namespace

std::vector<std::uint32_t> trained_tensors(const Model& model) {
  try {
    return trained_weights(model);
  } catch (const Unknown&) {
    return {};
  }
}

std::optional<graph::OptimizerState> read_optimizer_state(const Model& model,
                                                          const graph::Optimizer& optimizer,
                                                          io::Notes& notes) {
  if (model.optimizer_variables.empty()) return std::nullopt;
  try {
    return StateReader(model, optimizer).read();
  } catch (const Unknown& unknown) {
    notes.push_back({io::Severity::Info, "", "optimizer-state-unsupported",
                     fmt::format("The state of the optimizer is left out: {}.", unknown.reason)});
    return std::nullopt;
  }
}

}  // namespace tensorferry::keras
