#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tensor/tensor_ref.h"

/// Ops that keep the shape, element by element for most: activations, merges, dropout.
namespace tensorferry::graph {

/// Elementwise functions of one value. Where a kind takes numbers, they are said beside it.
enum class UnaryKind {
  Abs,
  Celu,  ///< alpha
  Cos,
  Elu,  ///< alpha
  Exp,
  Erf,
  GeluErf,
  GeluTanh,
  HardShrink,    ///< alpha: threshold
  HardSigmoid2,  ///< Keras 1 and 2: clip(0.2 x + 0.5, 0, 1)
  HardSigmoid3,  ///< Keras 3: relu6(x + 3) / 6
  HardSilu,      ///< x · relu6(x + 3) / 6
  HardTanh,
  LeakyRelu,  ///< alpha: negative slope
  Log,
  LogSigmoid,
  Mish,
  Negate,
  Reciprocal,
  Relu,
  Relu6,
  ReluGeneral,  ///< alpha: negative slope, beta: max value (∞: none), gamma: threshold
  Rsqrt,
  Selu,
  Sigmoid,
  Silu,
  Sin,
  SoftShrink,  ///< alpha: threshold
  Softplus,
  Softsign,
  SparsePlus,
  SparseSigmoid,
  Sqrt,
  Square,
  SquarePlus,  ///< alpha: b
  Tanh,
  TanhShrink,
  Threshold,  ///< alpha: threshold, beta: value below it
};

struct Unary {
  UnaryKind kind = UnaryKind::Relu;
  double alpha = 0;
  double beta = 0;
  double gamma = 0;
  bool operator==(const Unary&) const = default;
};

/// exp(x) / Σ exp(x) over `axes` together (one in most models). Sparsemax is Keras's, whose
/// threshold is (Σ of the cumulative sums of the support − 1) / size of the support: not that of
/// the paper. Input: x.
struct Softmax {
  enum class Kind { Softmax, LogSoftmax, Sparsemax };
  Kind kind = Kind::Softmax;
  std::vector<std::size_t> axes;
  bool operator==(const Softmax&) const = default;
};

/// The first half along `axis` times the sigmoid of the second. Input: x.
struct Glu {
  std::size_t axis = 0;
  bool operator==(const Glu&) const = default;
};

/// max(x, 0) + alpha · min(x, 0); parameter `alpha` has the shape of the non-batch axes, 1 where
/// shared; its axes are called by their numbers in Keras's layout ("axis1"…).
struct PRelu {
  std::vector<std::int64_t> alpha_shape;  ///< without the batch
  bool operator==(const PRelu&) const = default;
};

/// Elementwise with numpy broadcasting; Add, Multiply, Maximum, Minimum, Average take two or more
/// inputs, Subtract and Divide two.
struct Merge {
  enum class Kind { Add, Subtract, Multiply, Divide, Average, Maximum, Minimum };
  Kind kind = Kind::Add;
  bool operator==(const Merge&) const = default;
};

/// Nothing at inference. Kept because a model that goes on training needs it.
struct Dropout {
  enum class Kind { Elementwise, Channels, Gaussian, Alpha, GaussianNoise, StochasticDepth };
  Kind kind = Kind::Elementwise;
  double rate = 0.5;     ///< GaussianNoise: the standard deviation
  int spatial_rank = 0;  ///< of Channels
  std::size_t channel_axis = 0;
  std::vector<std::int64_t>
      noise_shape;  ///< Elementwise: empty, or one extent an axis, −1 as the input's
  bool operator==(const Dropout&) const = default;
};

/// To another dtype: Keras casts what a layer is given to the layer's compute dtype. Input: x.
struct Cast {
  tensor::DType to = tensor::DType::Float32;
  bool operator==(const Cast&) const = default;
};

/// The value itself (ActivityRegularization, `linear`).
struct Identity {
  bool operator==(const Identity&) const = default;
};

}  // namespace tensorferry::graph
