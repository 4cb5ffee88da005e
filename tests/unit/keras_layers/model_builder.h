#pragma once

#include <string>
#include <utility>
#include <vector>

#include "keras/model.h"

/// Models built by hand, as the reader makes them.
namespace tensorferry::test {

class ModelBuilder {
 public:
  explicit ModelBuilder(keras::Generation generation = keras::Generation::Keras3);

  /// Weights are (role, shape); tensors get the name "<layer>/<role>".
  using Weights = std::vector<std::pair<std::string, tensor::Shape>>;

  keras::TensorHandle input(const std::string& name, const std::string& batch_shape);
  keras::TensorHandle layer(const std::string& class_name, const std::string& name,
                            const std::string& config,
                            const std::vector<keras::TensorHandle>& inputs,
                            const Weights& weights = {});
  /// Calls a layer that is there once more.
  keras::TensorHandle call(std::uint32_t layer, const std::vector<keras::TensorHandle>& inputs);
  keras::Layer& back() { return model_.layers.back(); }
  keras::Model finish(const std::vector<keras::TensorHandle>& outputs);

 private:
  keras::Model model_;
};

/// A model of one input and one layer.
keras::Model single_layer(const std::string& class_name, const std::string& config,
                          const std::string& batch_shape, const ModelBuilder::Weights& weights = {},
                          keras::Generation generation = keras::Generation::Keras3);

}  // namespace tensorferry::test
