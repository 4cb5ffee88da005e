#include "keras/batch_statistics.h"

#include "keras/made_tensors.h"

namespace tensorferry::keras {
namespace {

tensor::Computation flattened(const tensor::TensorRef& statistic) {
  tensor::Computation computation = tensor::identity_computation(statistic);
  const std::uint64_t features = tensor::element_count(statistic.shape);
  computation.views = {tensor::identity_view(0, {features})};
  computation.shape = {features};
  computation.chain = "flatten";
  return computation;
}

}  // namespace

void flatten_batch_statistics(Model& model, std::uint32_t source_count) {
  MadeTensors made(model, source_count);
  visit_layers(model, [&](Layer& layer) {
    if (layer.class_name != "BatchNormalization") return;
    for (Weight& weight : layer.weights) {
      if (made.tensor(weight.tensor).shape.size() < 2) continue;
      weight.tensor = made.made_of(weight.tensor, flattened);
    }
  });
}

}  // namespace tensorferry::keras
