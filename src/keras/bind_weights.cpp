#include "keras/bind_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "io/error.h"
#include "keras/weight_check.h"
#include "keras/weight_order.h"

namespace tensorferry::keras {
namespace {

using tensor::TensorRef;

// Names of variables that say which one it is. Others (`Variable:0`, `dense_1_W`) say nothing.
constexpr std::array<std::string_view, 16> telling_names = {"alpha",
                                                            "beta",
                                                            "bias",
                                                            "count",
                                                            "depthwise_kernel",
                                                            "embeddings",
                                                            "gamma",
                                                            "kernel",
                                                            "mean",
                                                            "moving_mean",
                                                            "moving_variance",
                                                            "pointwise_kernel",
                                                            "recurrent_kernel",
                                                            "running_mean",
                                                            "variance",
                                                            "vector_u"};

/// One layer of the outermost model and its group in the file.
class GroupBinding {
 public:
  GroupBinding(Layer& layer, const StoredLayer& stored, const std::vector<TensorRef>& tensors,
               Generation generation);
  void run();

 private:
  bool names_layer(const StoredWeight& weight, const Layer& layer) const;
  void bind_unknown(Layer& layer);
  void bind_known(const WeightSlot& slot);
  void check(const WeightSlot& slot, const StoredWeight& weight) const;
  void check_name(const WeightSlot& slot, const StoredWeight& weight) const;
  void share_repeated_layers();
  [[noreturn]] void report_order(const WeightSlot& slot, const StoredWeight& weight,
                                 const std::string& why) const;

  Layer& outer_;
  const StoredLayer& stored_;
  const std::vector<TensorRef>& tensors_;
  std::vector<WeightSlot> slots_;
  std::set<std::string> leaf_names_;
  std::map<const Layer*, std::vector<Layer*>>
      copies_;  ///< of a layer that stands in several nested models
  std::size_t next_ = 0;
};

GroupBinding::GroupBinding(Layer& layer, const StoredLayer& stored,
                           const std::vector<TensorRef>& tensors, Generation generation)
    : outer_(layer), stored_(stored), tensors_(tensors), slots_(weight_order(layer, generation)) {
  // In Keras 2 a weight of a layer that is wrapped is called after the wrapper.
  for (const WeightSlot& slot : slots_) {
    if (slot.layer->wrapped.empty()) leaf_names_.insert(slot.layer->name);
  }
}

// The part of a name that says the layer: "sq/dense_3" of "sq/dense_3/kernel:0".
std::string_view owner_of(std::string_view name) {
  const std::size_t slash = name.rfind('/');
  return slash == std::string_view::npos ? std::string_view{} : name.substr(0, slash);
}

bool ends_with_component(std::string_view path, std::string_view name) {
  return path == name || (path.size() > name.size() && path.ends_with(name) &&
                          path[path.size() - name.size() - 1] == '/');
}

/// "forward_lstm/lstm_cell" is the cell of a Bidirectional's `lstm`, whoever else is called so.
bool is_cell_of(std::string_view path, const std::string& name) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos || path.find("_cell", slash) == std::string_view::npos) {
    return false;
  }
  const std::string_view outer = path.substr(0, slash);
  return ends_with_component(outer, name) || ends_with_component(outer, "forward_" + name) ||
         ends_with_component(outer, "backward_" + name);
}

// True if some component (or run of them) of the weight's name is the layer's.
bool GroupBinding::names_layer(const StoredWeight& weight, const Layer& layer) const {
  const std::string path = "/" + std::string(owner_of(weight.name)) + "/";
  return path.find("/" + layer.name + "/") != std::string::npos;
}

void GroupBinding::report_order(const WeightSlot& slot, const StoredWeight& weight,
                                const std::string& why) const {
  throw io::Error(io::ErrorCode::WeightOrder,
                  fmt::format("By Keras's order the weight {} would be `{}` of {}, but {}; binding "
                              "it would be a guess.",
                              weight.path, slot.variable->role, layer_words(*slot.layer), why));
}

// "kernel" of "a/kernel:0", and of "a/kernel_1:0", which TensorFlow made unique.
std::string_view role_of(std::string_view name) {
  if (const std::size_t slash = name.rfind('/'); slash != std::string_view::npos) {
    name.remove_prefix(slash + 1);
  }
  name = name.substr(0, name.find(':'));
  const std::size_t end = name.find_last_not_of("0123456789");
  if (end != std::string_view::npos && end + 1 < name.size() && name[end] == '_') {
    name = name.substr(0, end);
  }
  return name;
}

bool is_telling(std::string_view role) {
  return std::find(telling_names.begin(), telling_names.end(), role) != telling_names.end();
}

void GroupBinding::check_name(const WeightSlot& slot, const StoredWeight& weight) const {
  const std::string_view role = role_of(weight.name);
  // Keras 3 calls a depthwise kernel plainly "kernel".
  const bool same = role == role_of(slot.variable->role) ||
                    (role == "kernel" && slot.variable->role == "depthwise_kernel");
  if (!same && is_telling(role)) {
    report_order(slot, weight, fmt::format("its name says `{}`", role));
  }
  if (!outer_.model) return;
  const std::string_view owner = owner_of(weight.name);
  if (owner.empty() || ends_with_component(owner, slot.layer->name)) return;
  if (is_cell_of(owner, slot.layer->name)) return;
  for (std::string_view rest = owner;;) {
    if (leaf_names_.count(std::string(rest)) > 0) {
      report_order(slot, weight, fmt::format("its name says the layer `{}`", rest));
    }
    const std::size_t slash = rest.find('/');
    if (slash == std::string_view::npos) return;
    rest.remove_prefix(slash + 1);
  }
}

void GroupBinding::check(const WeightSlot& slot, const StoredWeight& weight) const {
  check_name(slot, weight);
  check_weight(*slot.layer, *slot.variable, tensors_[weight.tensor], weight.path);
}

void GroupBinding::bind_known(const WeightSlot& slot) {
  if (next_ == stored_.weights.size()) {
    throw io::Error(io::ErrorCode::WeightMissing,
                    fmt::format("`{}` of {} is missing: the group of `{}` holds {} weights, and "
                                "more are expected.",
                                slot.variable->role, layer_words(*slot.layer), stored_.name,
                                stored_.weights.size()));
  }
  const StoredWeight& weight = stored_.weights[next_++];
  check(slot, weight);
  slot.layer->weights.push_back({slot.variable->role, weight.tensor});
  for (Layer* copy : copies_[slot.layer]) {
    copy->weights.push_back({slot.variable->role, weight.tensor});
  }
}

// All that follows where the group is this layer's alone; else what bears its name.
void GroupBinding::bind_unknown(Layer& layer) {
  while (next_ < stored_.weights.size()) {
    const StoredWeight& weight = stored_.weights[next_];
    if (&layer != &outer_ && !names_layer(weight, layer)) return;
    layer.weights.push_back({own_weight_name(layer.name, weight.name), weight.tensor});
    ++next_;
  }
}

// Keras stores a variable once in a group, though its layer stands in several models nested in it.
// Layers of the same name, class and config are the same object where the group would hold too few
// weights.
void GroupBinding::share_repeated_layers() {
  const auto known = static_cast<std::size_t>(
      std::count_if(slots_.begin(), slots_.end(), [](const WeightSlot& s) { return s.variable; }));
  if (known <= stored_.weights.size()) return;
  std::map<std::tuple<std::string, std::string, std::string>, Layer*> first;
  std::vector<WeightSlot> kept;
  for (WeightSlot& slot : slots_) {
    Layer& layer = *slot.layer;
    Layer*& original =
        first.try_emplace({layer.name, layer.class_name, layer.config.dump()}, &layer)
            .first->second;
    if (original == &layer) {
      kept.push_back(std::move(slot));
    } else if (auto& copies = copies_[original];
               std::find(copies.begin(), copies.end(), &layer) == copies.end()) {
      copies.push_back(&layer);
    }
  }
  slots_ = std::move(kept);
}

void GroupBinding::run() {
  share_repeated_layers();
  for (const WeightSlot& slot : slots_) {
    if (slot.variable) {
      bind_known(slot);
    } else {
      bind_unknown(*slot.layer);
    }
  }
  if (next_ == stored_.weights.size()) return;
  throw io::Error(
      io::ErrorCode::WeightOrder,
      fmt::format("The group of {} holds {} weights where {} are expected; {} belongs "
                  "to none of its variables.",
                  layer_words(outer_), stored_.weights.size(), next_, stored_.weights[next_].path));
}

bool has_variables(Layer& layer, Generation generation) {
  const std::vector<WeightSlot> slots = weight_order(layer, generation);
  return std::any_of(slots.begin(), slots.end(), [](const WeightSlot& s) { return s.variable; });
}

struct Pair {
  Layer* layer;
  const StoredLayer* stored;
};

// As Keras's load_weights: layers that have weights, in order.
std::vector<Pair> pairs_by_order(Model& model, const StoredWeights& stored) {
  std::vector<Layer*> layers;
  for (Layer& layer : model.layers) {
    if (!weight_order(layer, model.generation).empty()) layers.push_back(&layer);
  }
  std::vector<const StoredLayer*> groups;
  for (const StoredLayer& group : stored.layers) {
    if (!group.weights.empty()) groups.push_back(&group);
  }
  if (layers.size() != groups.size()) {
    throw io::Error(
        io::ErrorCode::WeightMissing,
        fmt::format("The architecture and the weights do not belong together: {} layers "
                    "have weights, the file has weights for {}, and their names "
                    "differ.",
                    layers.size(), groups.size()));
  }
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < layers.size(); ++i) pairs.push_back({layers[i], groups[i]});
  return pairs;
}

std::vector<Pair> pair_layers(Model& model, const StoredWeights& stored, LayerPairing pairing) {
  std::unordered_map<std::string_view, const StoredLayer*> groups;
  for (const StoredLayer& group : stored.layers) groups.emplace(group.name, &group);
  std::vector<Pair> pairs;
  for (Layer& layer : model.layers) {
    const auto found = groups.find(layer.name);
    if (found != groups.end()) {
      pairs.push_back({&layer, found->second});
    } else if (has_variables(layer, model.generation)) {
      if (pairing == LayerPairing::ByNameOrOrder) return pairs_by_order(model, stored);
      throw io::Error(io::ErrorCode::WeightMissing,
                      fmt::format("The file holds no weights of {}.", layer_words(layer)));
    }
  }
  return pairs;
}

}  // namespace

void bind_weights(Model& model, StoredWeights stored, LayerPairing pairing) {
  model.tensors = std::move(stored.tensors);
  std::set<const StoredLayer*> bound;
  for (const Pair& pair : pair_layers(model, stored, pairing)) {
    if (pair.layer->is_numbered) {
      pair.layer->name = pair.stored->name;
    } else if (pair.layer->name != pair.stored->name && !pair.stored->weights.empty()) {
      model.notes.push_back(
          {io::Severity::Info, pair.layer->name, "weights-by-order",
           fmt::format("The weights of `{}` are those stored as `{}`: the names differ, the order "
                       "agrees.",
                       pair.layer->name, pair.stored->name)});
    }
    GroupBinding(*pair.layer, *pair.stored, model.tensors, model.generation).run();
    bound.insert(pair.stored);
  }
  for (const StoredLayer& group : stored.layers) {
    if (bound.count(&group) > 0) continue;
    for (const StoredWeight& weight : group.weights) {
      model.unbound.push_back(weight.tensor);
      model.notes.push_back({io::Severity::Warning, group.name, "weight-unused",
                             fmt::format("{} belongs to no layer of the model.", weight.path)});
    }
  }
  model.notes.insert(model.notes.end(), std::make_move_iterator(stored.notes.begin()),
                     std::make_move_iterator(stored.notes.end()));
}

}  // namespace tensorferry::keras
