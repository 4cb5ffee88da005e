#pragma once

#include <string>
#include <utility>
#include <vector>

#include "keras/model.h"

/// Keras models made by hand, as the reader would give them.
namespace tensorferry::tfjs {

inline keras::Argument tensor_of(std::uint32_t layer, std::uint32_t node = 0) {
  return {keras::TensorHandle{layer, node, 0}};
}

inline keras::Layer input_layer(const std::string& name, keras::Json batch_shape) {
  keras::Layer layer;
  layer.class_name = "InputLayer";
  layer.name = name;
  layer.config = {{"batch_shape", std::move(batch_shape)}};
  layer.calls.emplace_back();
  return layer;
}

/// A layer that is called once, with the outputs of `inputs`.
inline keras::Layer layer_of(const std::string& class_name, const std::string& name,
                             keras::Json config, const std::vector<std::uint32_t>& inputs) {
  keras::Layer layer;
  layer.class_name = class_name;
  layer.name = name;
  layer.config = std::move(config);
  keras::Call call;
  for (const std::uint32_t input : inputs) {
    call.arguments.push_back(tensor_of(input));
  }
  layer.calls = {call};
  return layer;
}

/// Gives the layer a float32 weight that lies at `offset` of file 0.
inline void add_weight(keras::Model& model, keras::Layer& layer, const std::string& role,
                       tensor::Shape shape, std::uint64_t offset) {
  layer.weights.push_back({role, static_cast<std::uint32_t>(model.tensors.size())});
  model.tensors.push_back({layer.name + "/" + role, tensor::DType::Float32, std::move(shape), false,
                           tensor::Contiguous{0, offset}});
}

/// The first layer is the input, the last the output.
inline void close_model(keras::Model& model) {
  model.inputs = {{{0, 0, 0}, model.layers.front().name}};
  model.outputs = {
      {{static_cast<std::uint32_t>(model.layers.size() - 1), 0, 0}, model.layers.back().name}};
}

}  // namespace tensorferry::tfjs
