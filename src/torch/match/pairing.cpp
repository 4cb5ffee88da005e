#include "torch/match/pairing.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "io/error.h"
#include "torch/match/places.h"

namespace tensorferry::torch {

namespace {

using Kind = TargetModule::Kind;

[[noreturn]] void refuse_mapping(const std::string& sentence) {
  throw io::Error(io::ErrorCode::OptionInvalid, sentence);
}

bool is_projection_called(const std::string& name) {
  for (const char* word : {"downsample", "shortcut", "skip"}) {
    if (name.find(word) != std::string::npos) return true;
  }
  return false;
}

/// Layers or modules of some kinds, as the alignment takes them, and which they are.
struct Listed {
  std::vector<Aligned> aligned;
  std::vector<std::size_t> indices;
};

template <class Predicate>
Listed listed_layers(const std::vector<WeightedLayer>& layers, Predicate wanted) {
  Listed list;
  std::vector<std::optional<std::size_t>> place(layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const WeightedLayer& layer = layers[i];
    if (!wanted(layer.kind)) continue;
    place[i] = list.indices.size();
    list.aligned.push_back({layer.name, signature(layer.kind, layer.entries), layer.is_projection,
                            layer.kind == Kind::BatchNorm,
                            layer.follows ? place[*layer.follows] : std::nullopt});
    list.indices.push_back(i);
  }
  return list;
}

std::string_view parent_of(std::string_view prefix) {
  const std::size_t dot = prefix.rfind('.');
  return prefix.substr(0, dot == std::string_view::npos ? 0 : dot);
}

/// The number at a name's end; none: −1.
std::int64_t number_of(std::string_view name) {
  const std::size_t last = name.find_last_not_of("0123456789");
  const std::string_view digits = name.substr(last == std::string_view::npos ? 0 : last + 1);
  return digits.empty() ? -1 : std::stoll(std::string(digits.substr(0, 9)));
}

bool is_number(std::string_view name) {
  return name.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string_view last_part(std::string_view prefix) {
  const std::size_t dot = prefix.rfind('.');
  return dot == std::string_view::npos ? prefix : prefix.substr(dot + 1);
}

std::uint64_t features_of(const TargetModule& norm) {
  const tensor::Shape shape = main_shape(norm.entries);
  return shape.empty() ? 0 : shape.front();
}

/// By their names: "bn2" of "conv2", "1" of "0" in one nn.Sequential. A convolution that takes as
/// many channels as it makes may have its BatchNorm before it as well.
bool follows_by_name(const TargetModule& norm, const TargetModule& convolution) {
  if (parent_of(norm.prefix) != parent_of(convolution.prefix)) return false;
  if (main_shape(convolution.entries).at(1) == features_of(norm)) return false;
  const std::string_view a = last_part(norm.prefix);
  const std::string_view b = last_part(convolution.prefix);
  if (is_number(a) && is_number(b)) return number_of(a) == number_of(b) + 1;
  return !is_number(a) && !is_number(b) && number_of(a) == number_of(b);
}

bool makes_features(const TargetModule& convolution, const TargetModule& norm) {
  return is_affine(convolution.kind) &&
         main_shape(convolution.entries).front() == features_of(norm);
}

/// Of a file: the convolution that a BatchNorm's name says it follows, where only one can be meant.
std::optional<std::size_t> named_convolution(const TargetModel& target, std::size_t norm) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < target.modules.size(); ++i) {
    const TargetModule& module = target.modules[i];
    if (!makes_features(module, target.modules[norm])) continue;
    if (!follows_by_name(target.modules[norm], module)) continue;
    if (found) return std::nullopt;
    found = i;
  }
  return found;
}

/// A file that sorts its tensors says nothing of what follows what.
bool is_sorted_by_name(const TargetModel& target) {
  return !target.is_built_in() && std::is_sorted(target.modules.begin(), target.modules.end(),
                                                 [](const TargetModule& a, const TargetModule& b) {
                                                   return comes_before(a.prefix, b.prefix);
                                                 });
}

template <class Predicate>
Listed listed_modules(const TargetModel& target, Predicate wanted) {
  Listed list;
  const bool is_sorted = is_sorted_by_name(target);
  std::vector<std::optional<std::size_t>> place(target.modules.size());
  for (std::size_t i = 0; i < target.modules.size(); ++i) {
    const TargetModule& module = target.modules[i];
    if (!wanted(module.kind)) continue;
    place[i] = list.indices.size();
    list.aligned.push_back({module.prefix, signature(module.kind, module.entries),
                            is_projection_called(module.prefix), module.kind == Kind::BatchNorm,
                            std::nullopt});
    list.indices.push_back(i);
  }
  for (std::size_t at = 0; at < list.indices.size(); ++at) {
    const TargetModule& module = target.modules[list.indices[at]];
    if (module.kind != Kind::BatchNorm) continue;
    const auto named =
        target.is_built_in() ? std::nullopt : named_convolution(target, list.indices[at]);
    if (named) {
      list.aligned[at].follows = place[*named];
    } else if (at > 0 && !is_sorted &&
               makes_features(target.modules[list.indices[at - 1]], module)) {
      list.aligned[at].follows = at - 1;
    }
  }
  return list;
}

/// "max 3,3 s2,2": what must be alike for two pools to be one.
std::string pool_signature(Kind kind, const std::vector<std::int64_t>& size) {
  return fmt::format("{} {}", kind == Kind::MaxPool ? "max" : "average", fmt::join(size, ","));
}

/// Of a step of the target, a function ("max 3 s2") as well; empty: no pool.
std::string pool_signature(const TargetModel& target, const Step& step) {
  if (step.holder) {
    const TargetModule& module = target.modules[*step.holder];
    return is_pool(module.kind) ? pool_signature(module.kind, module.settings->kernel_size) : "";
  }
  const std::string& text = step.operation;
  if (!text.starts_with("max ") && !text.starts_with("average ")) return "";
  const std::size_t begin = text.find(' ') + 1;
  const std::string size = text.substr(begin, text.find(' ', begin) - begin);
  const bool is_square = size.find(',') == std::string::npos;
  return text.substr(0, begin) + (is_square ? size + "," + size : size);
}

class Pairer {
 public:
  Pairer(const std::vector<WeightedLayer>& layers, const std::vector<Step>& steps,
         const TargetModel& target, const std::vector<GivenPair>& mapping)
      : layers_(layers), target_(target), mapping_(mapping) {
    if (target.is_built_in()) same_places_ = same_places(steps);
  }

  Pairing run() {
    match_weights();
    match_pools();
    find_head();
    return std::move(result_);
  }

 private:
  /// Weighted layer → module.
  std::map<std::size_t, std::size_t> same_places(std::vector<Step> steps) const {
    for (Step& step : steps) {
      if (step.holder) step.operation = called(layers_[*step.holder]);
    }
    std::vector<Step> of_target = target_.steps;
    for (Step& step : of_target) {
      const std::string pool = pool_signature(target_, step);
      if (!pool.empty()) {
        step.operation = pool;
      } else if (step.holder) {
        const TargetModule& module = target_.modules[*step.holder];
        step.operation = signature(module.kind, module.entries);
      }
    }
    return pairs_at_same_places(steps, of_target);
  }

  static std::string called(const WeightedLayer& layer) {
    if (!is_pool(layer.kind)) return signature(layer.kind, layer.entries);
    return pool_signature(layer.kind, std::get<graph::Pool>(layer.node->op).size);
  }

  /// Those of the lists that nothing is known of yet.
  void add_same_places(const std::vector<std::size_t>& layers,
                       const std::vector<std::optional<std::size_t>>& modules,
                       std::map<std::size_t, Known>& known) const {
    std::set<std::size_t> taken;
    for (const auto& [layer, about] : known) {
      if (about.module) taken.insert(*about.module);
    }
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const auto found = same_places_.find(layers[i]);
      if (found == same_places_.end()) continue;
      const auto module = std::find(modules.begin(), modules.end(), found->second);
      const auto place = static_cast<std::size_t>(module - modules.begin());
      if (module == modules.end() || !taken.insert(place).second) continue;
      known.emplace(i, Known{place, "all steps before it and those behind it are the same"});
    }
  }

  std::map<std::size_t, Known> given(const Listed& layers, const Listed& modules) const {
    std::map<std::size_t, Known> result;
    std::set<std::size_t> taken;
    for (const auto& [layer_name, module_name] : mapping_) {
      const auto layer = place_of(layers.aligned, layer_name);
      if (!layer) {
        refuse_mapping(
            fmt::format("The mapping names a layer \"{}\", which holds no weights or is "
                        "not there.",
                        layer_name));
      }
      if (result.count(*layer) != 0) {
        refuse_mapping(fmt::format("The mapping has {} twice.", layer_name));
      }
      if (!module_name) {
        result[*layer] = {std::nullopt, ""};
        continue;
      }
      const auto module = place_of(modules.aligned, *module_name);
      if (!module) {
        refuse_mapping(
            fmt::format("{} has no module \"{}\" that holds weights.", target_.name, *module_name));
      }
      const std::string& of_layer = layers.aligned[*layer].signature;
      const std::string& of_module = modules.aligned[*module].signature;
      if (of_layer != of_module) {
        refuse_mapping(fmt::format("The mapping gives {} ({}) to {} ({}).", layer_name, of_layer,
                                   *module_name, of_module));
      }
      if (!taken.insert(*module).second) {
        refuse_mapping(fmt::format("The mapping has {} twice.", *module_name));
      }
      result[*layer] = {module, "given"};
    }
    return result;
  }

  static std::optional<std::size_t> place_of(const std::vector<Aligned>& all,
                                             const std::string& name) {
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&name](const Aligned& one) { return one.name == name; });
    if (found == all.end()) return std::nullopt;
    return static_cast<std::size_t>(found - all.begin());
  }

  void match_weights() {
    const auto holds_weights = [](Kind kind) { return !is_pool(kind); };
    const Listed layers = listed_layers(layers_, holds_weights);
    const Listed modules = listed_modules(target_, holds_weights);
    std::map<std::size_t, Known> known = given(layers, modules);
    add_same_places(layers.indices, {modules.indices.begin(), modules.indices.end()}, known);
    for (const Pair& pair : align(layers.aligned, modules.aligned, known, in_order())) {
      result_.weights.push_back(
          {layers.indices[pair.layer], modules.indices[pair.module], pair.certainty, pair.reason});
    }
  }

  /// The tables are in the order of a run. A file is in the order of definitions, or sorted: what
  /// order alone tells apart there, somebody has to look at.
  double in_order() const { return target_.is_built_in() ? 0.95 : 0.8; }

  void match_pools() {
    Listed layers = listed_layers(layers_, [](Kind kind) { return is_pool(kind); });
    for (std::size_t i = 0; i < layers.aligned.size(); ++i) {
      layers.aligned[i].signature = called(layers_[layers.indices[i]]);
    }
    // Pools that are no modules have their places among them.
    std::vector<Aligned> pools;
    std::vector<std::optional<std::size_t>> modules;
    for (const Step& step : target_.steps) {
      if (const std::string signature = pool_signature(target_, step); !signature.empty()) {
        const std::string& name = step.holder ? target_.modules[*step.holder].prefix : step.prefix;
        pools.push_back({name, signature, false, false, std::nullopt});
        modules.push_back(step.holder);
      }
    }
    std::map<std::size_t, Known> known;
    add_same_places(layers.indices, modules, known);
    for (const Pair& pair : align(layers.aligned, pools, known, in_order())) {
      const auto module = modules[pair.module];
      if (module) result_.pools.push_back({layers.indices[pair.layer], *module});
    }
  }

  /// Modules that come behind the average over all places.
  std::set<std::size_t> behind_average() const {
    std::set<std::size_t> modules;
    for (std::size_t i = target_.steps.size(); i-- > 0;) {
      const std::string& operation = target_.steps[i].operation;
      if (operation == "mean" || operation.starts_with(whole)) break;
      if (target_.steps[i].holder) modules.insert(*target_.steps[i].holder);
    }
    return modules;
  }

  /// Of the classifier alone: what stands beside the module whose rows are the classes, or behind
  /// the average; timm's VGG has more before it.
  void find_head() {
    const auto classes = std::find_if(target_.modules.begin(), target_.modules.end(),
                                      [](const TargetModule& m) { return m.has_classes; });
    if (classes == target_.modules.end() || result_.weights.empty()) return;
    const std::string place = classes->prefix.substr(0, classes->prefix.find('.'));
    const std::set<std::size_t> behind = behind_average();
    for (std::size_t m = target_.modules.size(); m-- > 0;) {
      if (is_pool(target_.modules[m].kind)) continue;
      const std::string& prefix = target_.modules[m].prefix;
      const std::string own_place = prefix.substr(0, prefix.find('.'));
      const bool is_classifier =
          own_place == place || own_place == "pre_logits" || behind.count(m) != 0;
      if (result_.has_module(m) || !is_classifier) return;
      result_.head.insert(result_.head.begin(), m);
    }
  }

  const std::vector<WeightedLayer>& layers_;
  const TargetModel& target_;
  const std::vector<GivenPair>& mapping_;
  std::map<std::size_t, std::size_t> same_places_;
  Pairing result_;
};

}  // namespace

bool Pairing::has_layer(std::size_t layer) const {
  return std::any_of(weights.begin(), weights.end(),
                     [layer](const Pair& pair) { return pair.layer == layer; });
}

bool Pairing::has_module(std::size_t module) const {
  return std::any_of(weights.begin(), weights.end(),
                     [module](const Pair& pair) { return pair.module == module; });
}

bool Pairing::is_of_head(std::size_t module) const {
  return std::find(head.begin(), head.end(), module) != head.end();
}

Pairing pair_modules(const std::vector<WeightedLayer>& layers, const std::vector<Step>& steps,
                     const TargetModel& target, const std::vector<GivenPair>& mapping) {
  return Pairer(layers, steps, target, mapping).run();
}

}  // namespace tensorferry::torch
