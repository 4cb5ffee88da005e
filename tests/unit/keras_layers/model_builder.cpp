#include "keras_layers/model_builder.h"

namespace tensorferry::test {

using keras::TensorHandle;

ModelBuilder::ModelBuilder(keras::Generation generation) {
  model_.generation = generation;
  model_.name = "model";
}

TensorHandle ModelBuilder::input(const std::string& name, const std::string& batch_shape) {
  const TensorHandle handle =
      layer("InputLayer", name, R"({"batch_shape": )" + batch_shape + "}", {});
  model_.inputs.push_back({handle, name});
  return handle;
}

TensorHandle ModelBuilder::layer(const std::string& class_name, const std::string& name,
                                 const std::string& config, const std::vector<TensorHandle>& inputs,
                                 const Weights& weights) {
  keras::Layer layer;
  layer.class_name = class_name;
  layer.original_class_name = class_name;
  layer.name = name;
  layer.config = keras::Json::parse(config);
  for (const auto& [role, shape] : weights) {
    tensor::TensorRef tensor;
    tensor.name = name + "/" + role;
    tensor.shape = shape;
    layer.weights.push_back({role, static_cast<std::uint32_t>(model_.tensors.size())});
    model_.tensors.push_back(tensor);
  }
  model_.layers.push_back(std::move(layer));
  return call(static_cast<std::uint32_t>(model_.layers.size() - 1), inputs);
}

TensorHandle ModelBuilder::call(std::uint32_t layer, const std::vector<TensorHandle>& inputs) {
  keras::Call call;
  for (const TensorHandle& input : inputs) call.arguments.push_back({input});
  std::vector<keras::Call>& calls = model_.layers.at(layer).calls;
  calls.push_back(std::move(call));
  return {layer, static_cast<std::uint32_t>(calls.size() - 1), 0};
}

keras::Model ModelBuilder::finish(const std::vector<TensorHandle>& outputs) {
  for (const TensorHandle& output : outputs) {
    model_.outputs.push_back({output, model_.layers[output.layer].name});
  }
  return model_;
}

keras::Model single_layer(const std::string& class_name, const std::string& config,
                          const std::string& batch_shape, const ModelBuilder::Weights& weights,
                          keras::Generation generation) {
  ModelBuilder builder(generation);
  const TensorHandle x = builder.input("x", batch_shape);
  return builder.finish({builder.layer(class_name, "layer", config, {x}, weights)});
}

}  // namespace tensorferry::test
