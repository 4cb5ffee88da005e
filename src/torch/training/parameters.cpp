#include "torch/training/parameters.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace tensorferry::torch {

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

SplitWeights split_weights(const graph::Program& program, const std::vector<NamedWeight>& weights) {
  std::set<std::string> trained;
  for (const std::uint32_t tensor : program.training->trained) {
    trained.insert(program.tensors.at(tensor).name);
  }
  std::map<std::vector<std::string>, std::vector<std::size_t>> numbers;
  std::set<std::size_t> storages;
  std::size_t number = 0;
  for (const NamedWeight& entry : weights) {
    const std::vector<std::string>& sources = entry.weight->sources;
    const bool is_parameter =
        entry.trained && std::any_of(sources.begin(), sources.end(), [&](const std::string& name) {
          return trained.contains(name);
        });
    if (!is_parameter || !storages.insert(entry.storage).second) continue;
    numbers[sources].push_back(number++);
  }
  SplitWeights split;
  for (const auto& [sources, own] : numbers) {
    if (own.size() > 1) split.push_back(own);
  }
  std::sort(split.begin(), split.end());
  return split;
}

}  // namespace tensorferry::torch
