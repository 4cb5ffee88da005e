#include "keras/made_tensors.h"

#include <algorithm>
#include <utility>

namespace tensorferry::keras {
namespace {

void visit_layer(Layer& layer, const std::function<void(Layer&)>& visit) {
  visit(layer);
  if (layer.model) visit_layers(*layer.model, visit);
  for (Layer& inner : layer.wrapped) visit_layer(inner, visit);
}

}  // namespace

std::uint32_t MadeTensors::add(const std::string& name, tensor::Computation computation) {
  const auto number = static_cast<std::uint32_t>(root_.made.size());
  tensor::TensorRef made;
  made.name = name;
  made.dtype = computation.dtype;
  made.shape = computation.shape;
  made.storage = tensor::Contiguous{source_count_ + number, 0};
  root_.made.push_back(std::move(computation));
  root_.tensors.push_back(std::move(made));
  return static_cast<std::uint32_t>(root_.tensors.size() - 1);
}

std::uint32_t MadeTensors::made_of(
    std::uint32_t index, const std::function<tensor::Computation(const tensor::TensorRef&)>& make) {
  const auto found = made_.find(index);
  if (found != made_.end()) return found->second;
  const std::string name = tensor(index).name;
  const std::uint32_t made = add(name, make(tensor(index)));
  made_.emplace(index, made);
  return made;
}

const Weight* find_weight(const Layer& layer, std::string_view role) {
  const auto found = std::find_if(layer.weights.begin(), layer.weights.end(),
                                  [&](const Weight& weight) { return weight.role == role; });
  return found == layer.weights.end() ? nullptr : &*found;
}

void visit_layers(Model& model, const std::function<void(Layer&)>& visit) {
  for (Layer& layer : model.layers) visit_layer(layer, visit);
}

}  // namespace tensorferry::keras
