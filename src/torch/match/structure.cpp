#include "torch/match/structure.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <string_view>

namespace tensorferry::torch {

namespace {

bool is_within(const std::string& name, const std::string& owner) {
  return name.size() > owner.size() && name.starts_with(owner) && name[owner.size()] == '.';
}

std::string name_of_step(const TargetModel& target, const Step& step) {
  return step.holder ? target.modules[*step.holder].prefix : step.prefix;
}

bool is_whole(const Step& step) { return step.operation.starts_with(whole); }

/// Names of modules that are taken out, and all that are within them.
bool is_removed(const std::string& name, const std::vector<std::string>& removed) {
  return !name.empty() &&
         std::any_of(removed.begin(), removed.end(), [&name](const std::string& owner) {
           return name == owner || is_within(name, owner);
         });
}

/// Whether all steps within the owner are among the names.
bool has_all_within(const TargetModel& target, const std::string& owner,
                    const std::set<std::string>& names) {
  return std::all_of(target.steps.begin(), target.steps.end(), [&](const Step& step) {
    const std::string name = name_of_step(target, step);
    return !is_within(name, owner) || names.count(name) != 0;
  });
}

std::string name_of_kind(TargetModule::Kind kind) {
  switch (kind) {
    case TargetModule::Kind::Conv:
      return "convolution";
    case TargetModule::Kind::Linear:
      return "linear layer";
    case TargetModule::Kind::BatchNorm:
      return "BatchNorm";
    case TargetModule::Kind::Norm:
      return "LayerNorm";
    case TargetModule::Kind::Vector:
      return "scale of the channels";
    case TargetModule::Kind::MaxPool:
      return "max pool";
    case TargetModule::Kind::AveragePool:
      return "average pool";
    case TargetModule::Kind::Other:
      break;
  }
  return "module of another kind";
}

bool are_all(const std::vector<std::int64_t>& values, std::int64_t wanted) {
  return std::all_of(values.begin(), values.end(),
                     [wanted](std::int64_t value) { return value == wanted; });
}

/// A convolution that is a Dense at each place.
bool is_pointwise(const graph::Conv& conv, const Surroundings& around) {
  const bool is_padded =
      std::any_of(around.pads.begin(), around.pads.end(),
                  [](const graph::Pad& pad) { return pad.before + pad.after != 0; });
  return are_all(conv.kernel_size, 1) && are_all(conv.strides, 1) && conv.groups == 1 && !is_padded;
}

/// Whether a layer whose tensors fit does with them what the module does. Strides and padding of
/// two convolutions or pools are in differences.h.
bool computes_like(const WeightedLayer& layer, const TargetModule& module) {
  const graph::Op& op = layer.node->op;
  const auto* conv = std::get_if<graph::Conv>(&op);
  switch (module.kind) {
    case TargetModule::Kind::Conv:
      if (conv != nullptr) return !conv->transposed;
      return std::holds_alternative<graph::Dense>(op) && module.settings &&
             are_all(module.settings->strides, 1) && are_all(module.settings->paddings, 0);
    case TargetModule::Kind::Linear:
      return conv != nullptr ? !conv->transposed && is_pointwise(*conv, layer.surroundings)
                             : std::holds_alternative<graph::Dense>(op);
    case TargetModule::Kind::BatchNorm:
      return std::holds_alternative<graph::BatchNorm>(op);
    case TargetModule::Kind::Norm:
      return std::holds_alternative<graph::LayerNorm>(op);
    case TargetModule::Kind::Vector:
      return std::holds_alternative<graph::ChannelScale>(op);
    case TargetModule::Kind::MaxPool:
    case TargetModule::Kind::AveragePool:
      return std::holds_alternative<graph::Pool>(op);
    case TargetModule::Kind::Other:
      break;
  }
  return false;
}

class StructureComparison {
 public:
  StructureComparison(const std::vector<WeightedLayer>& layers, const KerasSteps& keras,
                      const TargetModel& target, const Pairing& pairing)
      : layers_(layers), keras_(keras), target_(target) {
    for (const Pair& pair : pairing.weights) layer_of_[pair.module] = pair.layer;
    for (const Match& pair : pairing.pools) layer_of_[pair.module] = pair.layer;
    for (const auto& [module, layer] : layer_of_) module_of_[layer] = module;
    removed_ = modules_of_head(target, pairing);
    averages_ = has_no_head(target, pairing);
  }

  Structure run() {
    const Run keras = run_keras();
    for (const auto& [layer, given] : keras.given) {
      result_.given[layer] = expressions_.text(given, [](const std::string& leaf) { return leaf; });
    }
    if (!target_.steps.empty()) compare_all(keras, run_target());
    return std::move(result_);
  }

 private:
  Run run_keras() {
    return run_steps(
        keras_.steps,
        [this](const Step& step, std::vector<ExpressionId> arguments) {
          if (!step.holder) return expressions_.apply(step.operation, std::move(arguments));
          const auto module = module_of_.find(*step.holder);
          if (module != module_of_.end()) {
            return expressions_.leaf(target_.modules[module->second].prefix);
          }
          const WeightedLayer& layer = layers_[*step.holder];
          return expressions_.apply(
              is_pool(layer.kind) ? pool_operation(layer) : "layer " + layer.keras_name,
              std::move(arguments));
        },
        expressions_);
  }

  Run run_target() {
    return run_steps(
        target_.steps,
        [this](const Step& step, std::vector<ExpressionId> arguments) {
          const std::string name = name_of_step(target_, step);
          if (is_removed(name, removed_)) return arguments.front();
          if (step.holder) return expressions_.leaf(name);
          if (!is_whole(step)) return expressions_.apply(step.operation, std::move(arguments));
          if (averages_) return expressions_.apply("mean", std::move(arguments));
          return flattened(step.operation.substr(whole.size()), arguments.front());
        },
        expressions_);
  }

  /// `places`: "7,7". One place is not worth a step.
  ExpressionId flattened(const std::string& places, ExpressionId x) {
    return places == "1,1" ? x : expressions_.apply("flatten " + places, {x});
  }

  /// What a module is given that takes all places of a map at once.
  ExpressionId given_to(const TargetModule& module, ExpressionId given) {
    const bool is_dense = module.kind == TargetModule::Kind::Linear && module.settings &&
                          module.settings->kernel_size.size() == 2;
    if (!is_dense) return given;
    return flattened(fmt::format("{}", fmt::join(module.settings->kernel_size, ",")), given);
  }

  void compare_all(const Run& keras, const Run& target) {
    for (const auto& [module, layer] : layer_of_) {
      compare_operation(layers_[layer], target_.modules[module]);
      compare(layers_[layer].keras_name, keras.given.at(layer),
              given_to(target_.modules[module], target.given.at(module)));
    }
    for (const std::size_t layer : keras.given_several) {
      result_.differences.push_back(
          {layers_[layer].keras_name, "It is given", "several things, one after the other", "one"});
    }
    if (keras_.result) {
      compare_results(keras.values[*keras_.result], target.values.back());
    } else {
      result_.differences.push_back({"", "There are", "several inputs or results", "one of each"});
    }
  }

  void compare_results(ExpressionId keras, ExpressionId target) {
    result_.averages_result =
        expressions_.operation(target) == "mean" && expressions_.arguments(target).front() == keras;
    if (!result_.averages_result) compare("", keras, target);
  }

  void compare_operation(const WeightedLayer& layer, const TargetModule& module) {
    if (computes_like(layer, module)) return;
    result_.differences.push_back({layer.keras_name, "It is a",
                                   std::string(graph::op_name(layer.node->op)),
                                   name_of_kind(module.kind)});
  }

  void compare(const std::string& layer, ExpressionId keras, ExpressionId target) {
    if (keras == target) return;
    const auto by_layers = [this](const std::string& leaf) {
      for (const auto& [weighted, module] : module_of_) {
        if (target_.modules[module].prefix == leaf) return layers_[weighted].keras_name;
      }
      return leaf;
    };
    const auto by_modules = [](const std::string& leaf) { return leaf; };
    result_.differences.push_back({layer, layer.empty() ? "The result is" : "It is given",
                                   expressions_.text(keras, by_layers),
                                   expressions_.text(target, by_modules)});
  }

  const std::vector<WeightedLayer>& layers_;
  const KerasSteps& keras_;
  const TargetModel& target_;
  std::map<std::size_t, std::size_t> layer_of_;
  std::map<std::size_t, std::size_t> module_of_;
  std::vector<std::string> removed_;
  bool averages_ = false;
  Expressions expressions_;
  Structure result_;
};

}  // namespace

bool has_no_head(const TargetModel& target, const Pairing& pairing) {
  for (std::size_t i = target.steps.size(); i-- > 0;) {
    const Step& step = target.steps[i];
    if (is_whole(step) || step.operation == "mean") return !pairing.head.empty();
    if (step.holder && !pairing.is_of_head(*step.holder)) return false;
  }
  return false;
}

std::vector<std::string> modules_of_head(const TargetModel& target, const Pairing& pairing) {
  std::set<std::string> names;
  std::vector<std::string> in_order;
  for (const Step& step : target.steps) {
    const bool is_head = step.holder && pairing.is_of_head(*step.holder);
    const bool is_activation = !step.holder && step.inputs.size() == 1 && !names.empty();
    const std::string name = name_of_step(target, step);
    const bool averages = step.operation == "mean" || is_whole(step);
    if (name.empty() || averages || (!is_head && !is_activation)) continue;
    if (names.insert(name).second) in_order.push_back(name);
  }
  std::vector<std::string> removed;
  for (std::string name : in_order) {
    for (std::size_t dot = name.rfind('.'); dot != std::string::npos; dot = name.rfind('.')) {
      const std::string owner = name.substr(0, dot);
      if (!has_all_within(target, owner, names)) break;
      name = owner;
    }
    if (std::find(removed.begin(), removed.end(), name) == removed.end()) removed.push_back(name);
  }
  return removed;
}

Structure compare_structure(const std::vector<WeightedLayer>& layers, const KerasSteps& keras,
                            const TargetModel& target, const Pairing& pairing) {
  return StructureComparison(layers, keras, target, pairing).run();
}

}  // namespace tensorferry::torch
