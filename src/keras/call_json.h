#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "keras/model.h"

namespace tensorferry::keras {

/// A tensor as a config spells it: output `tensor` of call `node` of a layer.
struct WrittenTensor {
  std::string layer;
  std::int64_t node = 0;
  std::int64_t tensor = 0;
};

/// Keras 2's [name, node, tensor] or [name, node, tensor, kwargs].
std::optional<WrittenTensor> written_tensor(const Json& value);
/// Keras 3's {"class_name": "__keras_tensor__", "config": {"keras_history": […]}}.
std::optional<WrittenTensor> written_keras_tensor(const Json& value);

/// What reading a call must know of the model around it.
struct CallContext {
  /// Throws io::Error{ConfigInvalid} where there is no such tensor.
  std::function<TensorHandle(const WrittenTensor&)> resolve;
  std::function<bool(const std::string&)> is_layer;
  /// The inputs of the layer that is called, where it is a nested model: a dict of tensors with
  /// these keys is in their order. Any other dict is in the order of its sorted keys, as Keras
  /// flattens it.
  std::vector<std::string> input_names;
};

/// One element of `inbound_nodes`, in either dialect.
Call read_call(const Json& node, const CallContext& context);

}  // namespace tensorferry::keras
