#include "torch/training/parameters.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "torch/training/settings.h"

namespace tensorferry::torch {
namespace {

std::optional<Axes> numbers_of(std::string_view text) {
  Axes axes;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    std::size_t axis = 0;
    const auto [rest, failure] = std::from_chars(at, end, axis);
    if (failure != std::errc()) return std::nullopt;
    axes.push_back(axis);
    at = rest == end ? rest : rest + 1;
  }
  return axes;
}

}  // namespace

std::vector<const NamedWeight*> parameters_of(const graph::Program& program,
                                              const std::vector<NamedWeight>& weights,
                                              std::uint32_t tensor) {
  const tensor::TensorRef& stored = program.tensors.at(tensor);
  std::vector<const NamedWeight*> found;
  std::set<std::size_t> storages;
  std::uint64_t elements = 0;
  for (const NamedWeight& entry : weights) {
    const Weight& weight = *entry.weight;
    if (weight.sources != std::vector<std::string>{stored.name}) continue;
    if (!storages.insert(entry.storage).second) continue;
    found.push_back(&entry);
    elements += tensor::element_count(weight.contiguous.shape);
  }
  if (elements != tensor::element_count(stored.shape)) return {};
  return found;
}

std::optional<Axes> keras_axes(const Weight& weight, const tensor::Shape& stored) {
  Axes axes(stored.size());
  for (std::size_t axis = 0; axis < axes.size(); ++axis) axes[axis] = axis;
  std::string_view chain = weight.contiguous.chain;
  while (!chain.empty()) {
    const std::size_t end = std::min(chain.find(" > "), chain.size());
    const std::string_view step = chain.substr(0, end);
    chain.remove_prefix(std::min(end + 3, chain.size()));
    if (step.starts_with("permute(")) {
      const auto order = numbers_of(step.substr(8, step.size() - 9));
      if (!order || order->size() != axes.size()) return std::nullopt;
      axes = *order;
    } else if (step != "identity" && !step.starts_with("gates(") && !step.starts_with("rows(") &&
               !step.starts_with("cast(")) {
      return std::nullopt;
    }
  }
  const tensor::Shape& shape = weight.contiguous.shape;
  if (shape.size() != axes.size()) return std::nullopt;
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    if (axes[axis] >= stored.size() || shape[axis] != stored[axes[axis]]) return std::nullopt;
  }
  return axes;
}

namespace {

struct Trained {
  const NamedWeight* parameter = nullptr;
  std::uint32_t tensor = 0;  ///< of Keras, the first that it is made of
};

// In the order of make_optimizer's.
std::vector<Trained> trained_parameters(const graph::Program& program,
                                        const std::vector<NamedWeight>& weights) {
  std::map<std::string, std::uint32_t> trained;
  for (const std::uint32_t tensor : program.training->trained) {
    trained.emplace(program.tensors.at(tensor).name, tensor);
  }
  std::vector<Trained> found;
  std::set<std::size_t> storages;
  for (const NamedWeight& entry : weights) {
    const std::vector<std::string>& sources = entry.weight->sources;
    const auto source = std::find_if(sources.begin(), sources.end(), [&](const std::string& name) {
      return trained.contains(name);
    });
    if (!entry.trained || source == sources.end() || !storages.insert(entry.storage).second) {
      continue;
    }
    found.push_back({&entry, trained.at(*source)});
  }
  return found;
}

SplitWeights split_weights(const std::vector<Trained>& parameters) {
  std::map<std::vector<std::string>, std::vector<std::size_t>> numbers;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    numbers[parameters[i].parameter->weight->sources].push_back(i);
  }
  SplitWeights split;
  for (const auto& [sources, own] : numbers) {
    if (own.size() > 1) split.push_back(own);
  }
  std::sort(split.begin(), split.end());
  return split;
}

bool names_embedding(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name.find("embedding") != std::string::npos;
}

// By the name of its layer or its own.
bool is_embedding(const graph::Program& program, std::uint32_t tensor) {
  for (const graph::Module& module : program.modules) {
    for (const graph::Parameter& parameter : module.parameters) {
      if (parameter.tensor != tensor) continue;
      if (names_embedding(module.layer) || names_embedding(parameter.role)) return true;
    }
  }
  return names_embedding(program.tensors.at(tensor).name);
}

// keras/src/optimizers/muon.py: _should_use_adamw.
bool is_matrix_of_muon(const graph::Program& program, const Trained& trained) {
  const graph::Settings& settings = program.training->optimizer->optimizer.settings;
  const bool takes_embeddings = !settings.empty() && !is_true(settings, "exclude_embeddings");
  return program.tensors.at(trained.tensor).shape.size() == 2 &&
         (takes_embeddings || !is_embedding(program, trained.tensor));
}

// Whether Keras's last two axes lie the other way round than in a Linear or a Conv.
std::optional<bool> is_turned(const Axes& axes) {
  const std::size_t last = axes.size() - 1;
  if (axes[0] == last && axes[1] == last - 1) return false;
  if (axes[0] == last - 1 && axes[1] == last) return true;
  return std::nullopt;
}

// None where what the optimizer goes by is not to be had of the parameter.
std::optional<bool> is_named(const graph::Program& program, const Trained& trained) {
  const Weight& weight = *trained.parameter->weight;
  const tensor::Shape& stored = program.tensors.at(trained.tensor).shape;
  const std::optional<Axes> axes = keras_axes(weight, stored);
  const std::string& optimizer = program.training->optimizer->optimizer.class_name;
  if (optimizer == "Muon") {
    const bool is_matrix = is_matrix_of_muon(program, trained);
    return is_matrix && !axes ? std::nullopt : std::optional(is_matrix);
  }
  if (stored.size() < 2 && weight.contiguous.shape.size() < 2) return false;
  return axes && axes->size() >= 2 ? is_turned(*axes) : std::nullopt;
}

}  // namespace

OptimizedParameters optimized_parameters(const graph::Program& program,
                                         const std::vector<NamedWeight>& weights) {
  const std::vector<Trained> trained = trained_parameters(program, weights);
  OptimizedParameters result;
  result.split = split_weights(trained);
  const graph::Configured& optimizer = program.training->optimizer->optimizer;
  if (optimizer.class_name != "Muon" && optimizer.class_name != "Adafactor") return result;
  // A list of names: which of the model's they are is not known.
  const bool excludes = optimizer.class_name == "Muon" && !optimizer.settings.empty() &&
                        !optimizer.settings.contains("exclude_layers");
  result.has_groups = !excludes && !trained.empty();
  for (const Trained& one : trained) {
    const std::optional<bool> named = is_named(program, one);
    if (!named) result.has_groups = false;
    if (named && *named) result.named.push_back(one.parameter->key);
  }
  return result;
}

}  // namespace tensorferry::torch
