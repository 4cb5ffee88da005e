#pragma once

#include <vector>

#include "tensor/bundle.h"

namespace tensorferry::test {

/// A bundle of one file that holds `tensor`, seen as `shape`, with its axes in another order.
inline tensor::Bundle transposed(const tensor::TensorRef& tensor, const tensor::Shape& shape,
                                 const std::vector<std::size_t>& order) {
  tensor::Computation computation;
  computation.inputs = {tensor};
  computation.views = {permuted(tensor::identity_view(0, shape), order)};
  computation.shape = computation.views.front().shape;
  computation.dtype = tensor.dtype;
  tensor::Bundle bundle;
  bundle.files = {{"weights.bin", {}}};
  append_tensor(bundle, bundle.files[0], computation);
  return bundle;
}

}  // namespace tensorferry::test
