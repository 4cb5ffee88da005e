#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "tensor/tensor_ref.h"

namespace tensorferry::tensor {

using ReduceId = std::uint32_t;  ///< index into `Bundle::reduces`

/// A strided look at one input: element (i0, i1, …) of the view is input element
/// `offset + Σ i_k · strides[k]` (row-major index into the input's own elements). It says permute,
/// reshape, slice, flip (negative stride) and broadcast (stride 0).
struct View {
  std::uint32_t input = 0;  ///< index into `Computation::inputs`
  Shape shape;
  std::vector<std::int64_t> strides;
  std::int64_t offset = 0;

  bool operator==(const View&) const = default;
};

/// The whole input, as it lies.
View identity_view(std::uint32_t input, const Shape& shape);
/// numpy's transpose: axis k of the result is axis `axes[k]` of `view`.
View permuted(const View& view, const std::vector<std::size_t>& axes);
/// Splits or merges axes; throws if the strides do not permit it without a copy.
View reshaped(const View& view, const Shape& shape);
/// Rows [begin, begin + extent) of one axis.
View sliced(const View& view, std::size_t axis, std::uint64_t begin, std::uint64_t extent);

// Value operations, applied in order to the elements that were gathered.

/// To another dtype: round to nearest even, as numpy's astype; overflow to infinity.
struct Cast {
  DType to = DType::Float32;
  bool operator==(const Cast&) const = default;
};
/// x · factor + offset, computed in float64 and rounded once.
struct Affine {
  double factor = 1;
  double offset = 0;
  bool operator==(const Affine&) const = default;
};
/// TF.js's quantization: round((clip(x) − min) / scale) in float64, ties to even, with the nudged
/// range of `quantization_range`; zeros where all elements are equal.
/// (tensorflowjs/quantization.py: quantize_weights)
struct Quantize {
  DType to = DType::UInt8;
  ReduceId minimum = 0;
  ReduceId maximum = 0;
  bool operator==(const Quantize&) const = default;
};
/// The square root of each element: Keras 1's `running_std` is a variance by that name, other files
/// hold deviations.
struct SquareRoot {
  bool operator==(const SquareRoot&) const = default;
};
/// max(x, value), as numpy's maximum; a NaN stays. (Keras's Normalization: max(variance, epsilon))
struct AtLeast {
  double value = 0;
  bool operator==(const AtLeast&) const = default;
};

/// The lower or upper four bits of each int8, as the signed number that they are.
/// (keras/src/quantizers/quantizers.py: unpack_int4)
struct Nibble {
  bool upper = false;
  bool operator==(const Nibble&) const = default;
};

/// Where the quantized levels lie. x ≈ level · scale + minimum.
struct QuantizationRange {
  double scale = 1;
  double minimum = 0;
  double maximum = 0;
};
/// The range is nudged so that 0, where it lies inside, is a level exactly; scale is 1 where the
/// extremes are equal. (tensorflowjs/quantization.py: _get_affine_quantization_range)
QuantizationRange quantization_range(double minimum, double maximum, DType to);

using ValueOp = std::variant<Cast, Affine, Quantize, SquareRoot, AtLeast, Nibble>;

/// What is done to each element of a float32 output together with those of other inputs at the same
/// place, in float32. Each operand has as many elements as the output, in the same order; where its
/// input is smaller it has steps of 0.
struct Combination {
  enum class Kind {
    Divide,     ///< by the operand
    Multiply,   ///< by the operand
    Subtract,   ///< the operand
    AddProduct  ///< + factor · operand · second operand
  };
  Kind kind = Kind::Divide;
  std::vector<View> operands;
  double factor = 1;

  bool operator==(const Combination&) const = default;
};

/// How a tensor of an output is made of tensors of the input, such that any range of it can be
/// made by itself. The views are concatenated along `axis`: their extents before it are those of
/// `shape`; from it on they may differ in number and size, as each view's tail is taken flattened
/// (a Dense after a Flatten: (out, c, h, w) and (out, 10) → (out, c·h·w + 10)). A single view may
/// have any shape of as many elements. The value operations apply to the result.
struct Computation {
  std::vector<TensorRef> inputs;
  std::vector<View> views;
  std::size_t axis = 0;
  std::vector<ValueOp> values;
  std::vector<Combination> combinations;  ///< behind the value operations; of one view only
  DType dtype = DType::Float32;           ///< of the output
  Shape shape;                            ///< of the output, row-major
  std::string chain;  ///< the `transform` of the manifest: "permute(3,2,0,1) > cast(float16)"

  bool operator==(const Computation&) const = default;
};

/// `tensor` unchanged.
Computation identity_computation(const TensorRef& tensor);

/// Throws Error{Internal}, naming what is wrong, unless shapes, dtypes and views agree and every
/// view stays within its input.
void check_computation(const Computation& computation);

/// True if the output's bytes are one range of the input's stored bytes in their order (storage is
/// Contiguous or Inline), so a slice serves.
bool is_plain_copy(const Computation& computation);

}  // namespace tensorferry::tensor
