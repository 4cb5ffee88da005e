#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "keras/model.h"

namespace tensorferry::keras {

/// Adds tensors to the outermost model that are made of the file's: `Model::made` says how.
class MadeTensors {
 public:
  /// `source_count`: how many files were dropped.
  MadeTensors(Model& root, std::uint32_t source_count) : root_(root), source_count_(source_count) {}

  const tensor::TensorRef& tensor(std::uint32_t index) const { return root_.tensors[index]; }
  /// The index of a tensor that is the computation's output.
  std::uint32_t add(const std::string& name, tensor::Computation computation);
  /// The same of what `make` does to one tensor, once for each tensor.
  std::uint32_t made_of(std::uint32_t index,
                        const std::function<tensor::Computation(const tensor::TensorRef&)>& make);

 private:
  Model& root_;
  std::uint32_t source_count_;
  std::map<std::uint32_t, std::uint32_t> made_;
};

/// The weight of a layer by its role; null if there is none.
const Weight* find_weight(const Layer& layer, std::string_view role);

/// Calls `visit` on each layer, those of nested models and of wrappers too.
void visit_layers(Model& model, const std::function<void(Layer&)>& visit);

}  // namespace tensorferry::keras
