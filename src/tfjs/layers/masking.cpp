#include "tfjs/layers/masking.h"

#include "tfjs/layers/families.h"
#include "tfjs/refusal.h"
#include "tfjs/steps.h"
#include "tfjs/weights.h"

namespace tensorferry::tfjs {
namespace {

Tensor dense_of_ones(LayerCall& call, std::string_view part, const Tensor& x) {
  const auto rows = static_cast<std::uint64_t>(x.shape.back());
  return call.add(part, "Dense", {{"units", 1}, {"use_bias", false}, {"activation", "linear"}}, {x},
                  {filled_weight("kernel", {rows, 1}, 1.0F)});
}

/// 1 where any element of the last axis is another than `value`, else 0. A difference is 0 for
/// equal numbers only, and the least one that float32 has without losing digits becomes 1.
Tensor differs(LayerCall& call, const Tensor& x, double value) {
  if (x.shape.back() == unknown) {
    throw Refusal{"The number of its features is None."};
  }
  const Tensor difference = value == 0 ? x : rescale(call, "difference", x, 1, -value);
  const Tensor both = concatenate(call, "parts",
                                  {relu(call, "above", difference),
                                   relu(call, "below", rescale(call, "minus", difference, -1, 0))},
                                  x.shape.size() - 1);
  const Tensor sum = relu(call, "at_most_1", dense_of_ones(call, "any", both), 1);
  return relu(call, "is_on", rescale(call, "enlarged", sum, 1e37, 0), 1);
}

/// 0 of the index 0, 1 of all others.
Tensor is_not_zero(LayerCall& call, const Tensor& indices, std::int64_t rows) {
  const auto count = static_cast<std::uint64_t>(rows);
  LayerWeight table = filled_weight("embeddings", {count, 1}, 1.0F);
  table.value.inputs.push_back(filled_weight("", {1}, 0.0F).value.inputs.front());
  table.value.views = {{1, {1}, {0}, 0}, {0, {count - 1}, {1}, 0}};
  table.value.axis = 0;
  table.value.chain = "const";
  return call.add("mask", "Embedding", {{"input_dim", rows}, {"output_dim", 1}}, {indices},
                  {std::move(table)});
}

Tensor made_mask(LayerCall& call, const Mask& mask) {
  if (!mask.of.empty()) {
    std::vector<Tensor> tensors;
    for (const std::shared_ptr<const Mask>& one : mask.of) {
      tensors.push_back(mask_tensor(call, *one));
    }
    if (mask.parts == Mask::Parts::Joined) {
      return concatenate(call, "masks", tensors, 1);
    }
    const char* class_name = mask.parts == Mask::Parts::All ? "Multiply" : "Maximum";
    return call.add("masks", class_name, Json::object(), std::move(tensors));
  }
  return mask.rows ? is_not_zero(call, mask.source, *mask.rows)
                   : differs(call, mask.source, mask.value);
}

}  // namespace

Tensor mask_tensor(LayerCall& call, const Mask& mask) {
  if (!mask.made) {
    mask.made = std::make_shared<Tensor>(made_mask(call, mask));
  }
  return *mask.made;
}

Tensor with_mask(LayerCall& call, const Tensor& x, const Tensor& mask) {
  const Tensor both =
      concatenate(call, "and_mask", {zero_outside(call, "masked", x, mask), mask}, 2);
  return call.add("masking", "Masking", {{"mask_value", 0}}, {both});
}

Tensor without_mask(LayerCall& call, std::string_view part, const Tensor& y) {
  return call.add(part, "Reshape", {{"target_shape", without_batch(y.shape)}}, {y});
}

Tensor zero_outside(LayerCall& call, std::string_view part, const Tensor& x, const Tensor& mask) {
  return call.add(part, "Multiply", Json::object(), {x, mask});
}

LayerWeight kernel_under_mask(LayerCall& call, const std::string& role,
                              const tensor::TensorRef& kernel) {
  LayerWeight weight = stored_weight(role, kernel, kernel.shape);
  if (call.mask() != nullptr) {
    const std::uint64_t columns = kernel.shape.at(1);
    weight.value.inputs.push_back(filled_weight("", {1}, 0.0F).value.inputs.front());
    weight.value.views.push_back({1, {1, columns}, {0, 0}, 0});
    weight.value.axis = 0;
    ++weight.value.shape[0];
    weight.value.chain = "row_of_zeros" + weight.value.chain.substr(std::string("identity").size());
  }
  return weight;
}

// keras/src/layers/core/masking.py
Tensor lower_masking(LayerCall& call) {
  const Tensor& x = call.input_of_rank(3);
  const auto mask = std::make_shared<Mask>();
  mask->source = x;
  mask->value = call.arguments().number("mask_value", 0);
  Tensor y = zero_outside(call, "", x, mask_tensor(call, *mask));
  y.masked = true;
  y.mask = mask;
  return y;
}

}  // namespace tensorferry::tfjs
