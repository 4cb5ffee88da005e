#include "keras/call_order.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "io/error.h"

namespace tensorferry::keras {

namespace {

const Call& call_of(const Model& model, const CallId& id) {
  if (id.layer >= model.layers.size() || id.node >= model.layers[id.layer].calls.size()) {
    throw io::Error(io::ErrorCode::ConfigInvalid,
                    fmt::format("Model \"{}\" takes the result of a call that is not there "
                                "(layer {}, node {}).",
                                model.name, id.layer, id.node));
  }
  return model.layers[id.layer].calls[id.node];
}

std::set<CallId> reachable_calls(const Model& model) {
  std::vector<CallId> waiting;
  for (const ModelOutput& output : model.outputs) {
    waiting.push_back({output.tensor.layer, output.tensor.node});
  }
  for (const ModelOutput& input : model.inputs) {
    waiting.push_back({input.tensor.layer, input.tensor.node});
  }
  std::set<CallId> reached;
  while (!waiting.empty()) {
    const CallId id = waiting.back();
    waiting.pop_back();
    if (!reached.insert(id).second) continue;
    for (const TensorHandle& tensor : tensors_of(call_of(model, id))) {
      waiting.push_back({tensor.layer, tensor.node});
    }
  }
  return reached;
}

}  // namespace

std::vector<CallId> call_order(const Model& model) {
  const std::set<CallId> reached = reachable_calls(model);
  std::map<CallId, std::set<CallId>> missing;
  std::map<CallId, std::set<CallId>> consumers;
  std::set<CallId> ready;
  for (const CallId& id : reached) {
    for (const TensorHandle& tensor : tensors_of(call_of(model, id))) {
      const CallId producer{tensor.layer, tensor.node};
      missing[id].insert(producer);
      consumers[producer].insert(id);
    }
    if (missing[id].empty()) ready.insert(id);
  }
  std::vector<CallId> order;
  while (!ready.empty()) {
    const CallId next = *ready.begin();
    ready.erase(ready.begin());
    order.push_back(next);
    for (const CallId& consumer : consumers[next]) {
      missing[consumer].erase(next);
      if (missing[consumer].empty()) ready.insert(consumer);
    }
  }
  if (order.size() != reached.size()) {
    for (const auto& [id, producers] : missing) {
      if (!producers.empty()) {
        throw io::Error(io::ErrorCode::GraphCycle,
                        fmt::format("Layer \"{}\" of model \"{}\" is part of a cycle.",
                                    model.layers[id.layer].name, model.name));
      }
    }
  }
  return order;
}

}  // namespace tensorferry::keras
