#include "torch/match/fit.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "io/error.h"

namespace tensorferry::torch {

namespace {

using Kind = TargetModule::Kind;

/// A kernel of 1×1 as the matrix that it is, and so any of a module that is as good as linear.
tensor::Shape as_matrix(tensor::Shape shape, Kind kind) {
  if (shape.size() <= 2) return shape;
  std::uint64_t places = 1;
  for (std::size_t axis = 2; axis < shape.size(); ++axis) places *= shape[axis];
  if (places != 1 && kind != Kind::Linear) return shape;
  return {shape[0], shape[1] * places};
}

const NamedShape* entry_called(const std::vector<NamedShape>& entries, std::string_view name) {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [name](const NamedShape& entry) { return entry.key == name; });
  return found == entries.end() ? nullptr : &*found;
}

std::string joined(const tensor::Shape& shape) { return fmt::format("{}", fmt::join(shape, ",")); }

Weight reshaped_weight(Weight weight, const tensor::Shape& shape) {
  if (weight.contiguous.shape == shape) return weight;
  weight.contiguous.shape = shape;
  if (weight.contiguous.views.size() != 1) weight.contiguous.axis = 0;
  weight.strided.reset();
  return weight;
}

class Fitter {
 public:
  Fitter(const Classes& classes, const std::vector<WeightedLayer>& layers,
         const TargetModel& target, const std::vector<Match>& matches)
      : classes_(classes), layers_(layers), target_(target) {
    for (const Match& match : matches) layer_of_[match.module] = match.layer;
    for (const Match& match : matches) module_of_[match.layer] = match.module;
  }

  Fitted run() {
    for (std::size_t m = 0; m < target_.modules.size(); ++m) {
      const auto layer = layer_of_.find(m);
      if (layer != layer_of_.end()) fit_module(layers_[layer->second], target_.modules[m]);
    }
    return std::move(result_);
  }

 private:
  const Layer& layer_of(const WeightedLayer& layer) const { return classes_.layers[layer.layer]; }

  const Weight* stored(const WeightedLayer& layer, std::string_view name) const {
    for (const State& state : layer_of(layer).declaration->state) {
      if (state.name == name) return &state.weight;
    }
    return nullptr;
  }

  void add(const TargetModule& module, const NamedShape& entry, Weight weight) {
    const std::uint64_t elements = tensor::element_count(weight.contiguous.shape);
    if (elements != tensor::element_count(entry.shape)) {
      throw io::Error(io::ErrorCode::OptionInvalid,
                      fmt::format("{} has the shape ({}) in {}, and ({}) in the Keras model.",
                                  key_of(module, entry), joined(entry.shape), target_.name,
                                  joined(weight.contiguous.shape)));
    }
    result_.weights.push_back(
        {key_of(module, entry), reshaped_weight(std::move(weight), entry.shape)});
  }

  void fit_module(const WeightedLayer& layer, const TargetModule& module) {
    if (module.kind == Kind::BatchNorm) return fit_batch_norm(layer, module);
    if (module.kind == Kind::Vector) {
      add(module, module.entries.front(), layer_of(layer).declaration->state.front().weight);
      return;
    }
    for (const NamedShape& entry : module.entries) {
      const Weight* weight = stored(layer, entry.key);
      if (weight != nullptr) {
        add(module, entry, *weight);
      } else if (entry.key == "bias") {
        add(module, entry, constant_weight(0, dtype_of(layer), {rows_of(layer)}));
      }
    }
    const bool has_bias = stored(layer, "bias") != nullptr;
    if (has_bias && entry_called(module.entries, "bias") == nullptr && !follower_of(layer)) {
      result_.notes.push_back(
          {io::Severity::Refused, layer.keras_name, "match-bias-lost",
           fmt::format("{} has no bias, and no BatchNorm follows that could take the one of {}: "
                       "what comes out is another.",
                       module.prefix, layer.name)});
    }
  }

  /// What the layer makes: channels or features.
  static std::uint64_t rows_of(const WeightedLayer& layer) {
    const auto* conv = std::get_if<graph::Conv>(&layer.node->op);
    return conv != nullptr ? static_cast<std::uint64_t>(conv->out_channels)
                           : main_shape(layer.entries).front();
  }

  tensor::DType dtype_of(const WeightedLayer& layer) const {
    return layer_of(layer).declaration->state.front().weight.contiguous.dtype;
  }

  /// The matched BatchNorm that takes this layer's result and nothing else does.
  const WeightedLayer* follower_of(const WeightedLayer& layer) const {
    const auto index = static_cast<std::size_t>(&layer - layers_.data());
    for (std::size_t i = index + 1; i < layers_.size(); ++i) {
      if (layers_[i].follows == index && layers_[i].follows_alone && module_of_.count(i) != 0) {
        return &layers_[i];
      }
    }
    return nullptr;
  }

  /// The bias of the convolution before it, where its module has none.
  const Weight* bias_to_fold(const WeightedLayer& norm) const {
    if (!norm.follows || !norm.follows_alone) return nullptr;
    const auto before = module_of_.find(*norm.follows);
    if (before == module_of_.end()) return nullptr;
    if (entry_called(target_.modules[before->second].entries, "bias") != nullptr) return nullptr;
    return stored(layers_[*norm.follows], "bias");
  }

  void fit_batch_norm(const WeightedLayer& layer, const TargetModule& module) {
    for (const NamedShape& entry : module.entries) {
      const Weight* found = stored(layer, entry.key);
      Weight weight = found != nullptr ? *found : neutral(layer, entry);
      if (entry.key == "running_mean") fold_bias(layer, weight);
      if (entry.key == "running_var") fold_epsilon(layer, module, weight);
      add(module, entry, std::move(weight));
    }
  }

  /// Of a BatchNorm without gamma and beta, which torch's mostly has.
  Weight neutral(const WeightedLayer& layer, const NamedShape& entry) const {
    if (entry.key == "num_batches_tracked") return zero_counter();
    const std::uint64_t features = main_shape(layer.entries).front();
    return constant_weight(entry.key == "weight" ? 1 : 0, dtype_of(layer), {features});
  }

  void fold_bias(const WeightedLayer& layer, Weight& mean) const {
    const Weight* bias = bias_to_fold(layer);
    if (bias == nullptr) return;
    tensor::Computation& computation = mean.contiguous;
    tensor::View operand = bias->contiguous.views.at(0);
    operand.input = static_cast<std::uint32_t>(computation.inputs.size());
    computation.inputs.push_back(bias->contiguous.inputs.at(0));
    computation.combinations.push_back({tensor::Combination::Kind::Subtract, {operand}, 1});
    computation.chain += " > fold(bias)";
    mean.sources.insert(mean.sources.end(), bias->sources.begin(), bias->sources.end());
    mean.strided.reset();
  }

  static void fold_epsilon(const WeightedLayer& layer, const TargetModule& module,
                           Weight& variance) {
    const double keras = std::get<graph::BatchNorm>(layer.node->op).epsilon;
    const double more = keras - (module.settings ? module.settings->epsilon : default_epsilon);
    if (more <= 0) return;  // a difference of the architecture: a variance may not be negative
    variance.contiguous.values.push_back(tensor::Affine{1, more});
    variance.contiguous.chain += " > fold(epsilon)";
    variance.strided.reset();
  }

  const Classes& classes_;
  const std::vector<WeightedLayer>& layers_;
  const TargetModel& target_;
  std::map<std::size_t, std::size_t> layer_of_;   // by module
  std::map<std::size_t, std::size_t> module_of_;  // by layer
  Fitted result_;
};

}  // namespace

std::string signature(Kind kind, const std::vector<NamedShape>& entries) {
  const NamedShape* weight = entry_called(entries, "weight");
  if (is_affine(kind) && weight != nullptr) {
    return fmt::format("affine {}", joined(as_matrix(weight->shape, kind)));
  }
  if (kind == Kind::BatchNorm || kind == Kind::Norm) {
    return fmt::format("{} {}", kind == Kind::Norm ? "norm" : "batchnorm",
                       joined(main_shape(entries)));
  }
  if (kind == Kind::Vector && !entries.empty()) {
    return fmt::format("vector {}", tensor::element_count(entries.front().shape));
  }
  std::set<std::string> parts;
  for (const NamedShape& entry : entries) {
    parts.insert(fmt::format("{} {}", entry.key, joined(entry.shape)));
  }
  return fmt::format("other {}", fmt::join(parts, " "));
}

Fitted fit(const Classes& classes, const std::vector<WeightedLayer>& layers,
           const TargetModel& target, const std::vector<Match>& matches) {
  return Fitter(classes, layers, target, matches).run();
}

}  // namespace tensorferry::torch
