#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "tensor/transform.h"

namespace tensorferry::torch {

/// A tensor of a state_dict. `contiguous` makes it row-major. Where Keras's bytes serve as they lie
/// (or need not be transposed), `storage` and `strides` say the same tensor as a strided look at
/// them: element (i, j…) is element Σ i_k · strides[k] of the storage.
struct Weight {
  struct Strided {
    tensor::Computation storage;
    std::vector<std::uint64_t> strides;
  };
  std::vector<std::string> sources;  ///< Keras's tensors; none for a constant
  tensor::Computation contiguous;
  std::optional<Strided> strided;
};

/// As it is stored.
Weight stored_weight(const tensor::TensorRef& tensor);
/// numpy's transpose: axis k of the result is the stored axis `axes[k]`.
Weight permuted_weight(const tensor::TensorRef& tensor, const std::vector<std::size_t>& axes);
/// The same after a reshape that needs no copy, to `shape`.
Weight permuted_weight(const tensor::TensorRef& tensor, const std::vector<std::size_t>& axes,
                       const tensor::Shape& shape);
/// The kernel (in, out) of a Dense as (out, in), its rows in the order of `runs` (empty: Keras's).
Weight linear_weight(const tensor::TensorRef& kernel, const std::vector<graph::FlattenedRun>& runs);
/// A vector in the order of `runs` (empty: Keras's).
Weight vector_weight(const tensor::TensorRef& vector, const std::vector<graph::FlattenedRun>& runs);
/// The transpose of a recurrent kernel (in, gates · units): (gates · units, in), its gates in the
/// order `gates`: numbers of Keras's blocks.
Weight gates_weight(const tensor::TensorRef& kernel, const std::vector<std::size_t>& gates);
/// The same of a kernel whose blocks lie as cuDNN has them, each transposed and flattened already.
Weight cudnn_gates_weight(const tensor::TensorRef& kernel, const std::vector<std::size_t>& gates);
/// The blocks `gates` of a recurrent layer's bias, which holds `count` blocks in all.
Weight gates_vector(const tensor::TensorRef& bias, const std::vector<std::size_t>& gates,
                    std::size_t count);
/// All elements `value`.
Weight constant_weight(double value, tensor::DType dtype, const tensor::Shape& shape);
/// The scalar that counts a BatchNorm's batches: int64 0.
Weight zero_counter();

/// The same values in another floating-point dtype; other dtypes stay.
void cast_weight(Weight& weight, tensor::DType dtype);

}  // namespace tensorferry::torch
