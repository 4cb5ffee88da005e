#include "tfjs/weights.h"

#include <cstring>

namespace tensorferry::tfjs {
namespace {

std::vector<std::byte> bytes_of(const float* values, std::size_t count) {
  std::vector<std::byte> bytes(count * sizeof(float));
  if (count != 0) {
    std::memcpy(bytes.data(), values, bytes.size());
  }
  return bytes;
}

// Keras's own floats are stored in the same way; nothing is left to be cast.
void cast_to_float32(LayerWeight& weight) {
  if (weight.value.inputs.front().dtype != tensor::DType::Float32) {
    weight.value.values.push_back(tensor::Cast{tensor::DType::Float32});
    weight.value.chain += " > cast(float32)";
  }
  weight.value.dtype = tensor::DType::Float32;
}

LayerWeight made_of(const std::string& role, const tensor::Shape& shape, tensor::Storage storage,
                    std::string chain) {
  tensor::TensorRef constant;
  constant.shape = shape;
  constant.storage = std::move(storage);
  LayerWeight weight{role, tensor::identity_computation(constant), {}, false};
  weight.value.chain = std::move(chain);
  return weight;
}

}  // namespace

LayerWeight stored_weight(const std::string& role, const tensor::TensorRef& stored,
                          const tensor::Shape& shape) {
  // The bytes stay where they are, so a chunked tensor keeps its own extents and the view tells the
  // new ones.
  LayerWeight weight{role, tensor::identity_computation(stored), {stored.name}, false};
  weight.value.shape = shape;
  weight.value.chain = "identity";
  cast_to_float32(weight);
  return weight;
}

LayerWeight viewed_weight(const std::string& role, const tensor::TensorRef& stored,
                          tensor::View view, const tensor::Shape& shape, const std::string& chain) {
  LayerWeight weight{role, tensor::identity_computation(stored), {stored.name}, false};
  weight.value.views = {std::move(view)};
  weight.value.shape = shape;
  weight.value.chain = chain;
  cast_to_float32(weight);
  return weight;
}

LayerWeight constant_weight(const std::string& role, const tensor::Shape& shape,
                            const std::vector<float>& values) {
  return made_of(role, shape, tensor::Inline{bytes_of(values.data(), values.size())}, "const");
}

LayerWeight filled_weight(const std::string& role, const tensor::Shape& shape, float value) {
  return made_of(role, shape, tensor::Fill{bytes_of(&value, 1)},
                 value == 0 ? "const(0)" : "const(1)");
}

}  // namespace tensorferry::tfjs
