#include "tfjs/keras_calls.h"

#include <fmt/format.h>

#include <algorithm>

#include "tfjs/layers/table.h"
#include "tfjs/refusal.h"

namespace tensorferry::tfjs {
namespace {

// No, none, or a list of nothing else.
bool says_nothing(const Json& value) {
  return value.is_null() || value == false ||
         (value.is_array() && std::all_of(value.begin(), value.end(), says_nothing));
}

}  // namespace

void require_plain_call(const keras::Layer& layer, const keras::Call& call,
                        bool training_is_default) {
  const LayerKind* kind = find_layer_kind(layer.class_name);
  if (kind != nullptr && kind->is_operation) return;
  for (const auto& [name, argument] : call.keywords) {
    if ((name == "training" && training_is_default) ||
        (kind != nullptr && takes_keyword(*kind, name))) {
      continue;
    }
    if (const Json* value = std::get_if<Json>(&argument.value)) {
      if (!says_nothing(*value)) {
        throw Refusal{fmt::format("It is called with `{}={}`, which TF.js would ignore.", name,
                                  value->dump(-1, ' ', false, Json::error_handler_t::replace))};
      }
    } else if (name == "mask") {
      throw Refusal{"It is called with a mask, which TF.js would take for another tensor."};
    }
  }
  for (const keras::Argument& argument : call.arguments) {
    const Json* value = std::get_if<Json>(&argument.value);
    if (value != nullptr && !value->is_null()) {
      throw Refusal{"It is called with a constant, which TF.js cannot be told."};
    }
  }
}

std::vector<std::vector<bool>> reached_calls(const keras::Model& model) {
  std::vector<std::vector<bool>> reached;
  for (const keras::Layer& layer : model.layers) {
    reached.emplace_back(layer.calls.size(), false);
  }
  std::vector<keras::TensorHandle> open;
  for (const keras::ModelOutput& output : model.outputs) {
    open.push_back(output.tensor);
  }
  while (!open.empty()) {
    const keras::TensorHandle handle = open.back();
    open.pop_back();
    std::vector<bool>& calls = reached.at(handle.layer);
    if (handle.node < calls.size() && !calls[handle.node]) {
      calls[handle.node] = true;
      for (const keras::TensorHandle& input :
           keras::tensors_of(model.layers[handle.layer].calls[handle.node])) {
        open.push_back(input);
      }
    }
  }
  return reached;
}

std::size_t count_outputs(const keras::Model& model, std::uint32_t layer, std::uint32_t node) {
  std::size_t count = 1;
  const auto see = [&](const keras::TensorHandle& handle) {
    if (handle.layer == layer && handle.node == node) {
      count = std::max<std::size_t>(count, handle.tensor + 1);
    }
  };
  for (const keras::Layer& other : model.layers) {
    for (const keras::Call& call : other.calls) {
      for (const keras::TensorHandle& handle : keras::tensors_of(call)) see(handle);
    }
  }
  for (const keras::ModelOutput& output : model.outputs) see(output.tensor);
  return count;
}

}  // namespace tensorferry::tfjs
