#include <algorithm>
#include <cmath>
#include <limits>

#include "graph/evaluate/kernels.h"

namespace tensorferry::graph {

namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }
double clip(double x, double low, double high) { return std::min(std::max(x, low), high); }
double hard_sigmoid3(double x) { return clip(x + 3, 0, 6) / 6; }

}  // namespace

double evaluate_unary(const Unary& unary, double x) {
  const double alpha = unary.alpha;
  constexpr double selu_alpha = 1.6732632423543772848170429916717;
  constexpr double selu_scale = 1.0507009873554804934193349852946;
  switch (unary.kind) {
    case UnaryKind::Abs:
      return std::abs(x);
    case UnaryKind::Celu:
      return x > 0 ? x : alpha * std::expm1(x / alpha);
    case UnaryKind::Cos:
      return std::cos(x);
    case UnaryKind::Elu:
      return x > 0 ? x : alpha * std::expm1(x);
    case UnaryKind::Exp:
      return std::exp(x);
    case UnaryKind::Erf:
      return std::erf(x);
    case UnaryKind::GeluErf:
      return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
    case UnaryKind::GeluTanh:
      return 0.5 * x * (1 + std::tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)));
    case UnaryKind::HardShrink:
      return std::abs(x) > alpha ? x : 0;
    case UnaryKind::HardSigmoid2:
      return clip(0.2 * x + 0.5, 0, 1);
    case UnaryKind::HardSigmoid3:
      return hard_sigmoid3(x);
    case UnaryKind::HardSilu:
      return x * hard_sigmoid3(x);
    case UnaryKind::HardTanh:
      return clip(x, -1, 1);
    case UnaryKind::LeakyRelu:
      return x > 0 ? x : alpha * x;
    case UnaryKind::Log:
      return std::log(x);
    case UnaryKind::LogSigmoid:
      return -softplus(-x);
    case UnaryKind::Mish:
      return x * std::tanh(softplus(x));
    case UnaryKind::Negate:
      return -x;
    case UnaryKind::Reciprocal:
      return 1 / x;
    case UnaryKind::Relu:
      return std::max(x, 0.0);
    case UnaryKind::Relu6:
      return clip(x, 0, 6);
    case UnaryKind::ReluGeneral:
      return x > unary.gamma ? std::min(x, unary.beta) : alpha * (x - unary.gamma);
    case UnaryKind::Rsqrt:
      return 1 / std::sqrt(x);
    case UnaryKind::Selu:
      return selu_scale * (x > 0 ? x : selu_alpha * std::expm1(x));
    case UnaryKind::Sigmoid:
      return sigmoid(x);
    case UnaryKind::Silu:
      return x * sigmoid(x);
    case UnaryKind::Sin:
      return std::sin(x);
    case UnaryKind::SoftShrink:
      return x > alpha ? x - alpha : (x < -alpha ? x + alpha : 0);
    case UnaryKind::Softplus:
      return softplus(x);
    case UnaryKind::Softsign:
      return x / (1 + std::abs(x));
    case UnaryKind::SparsePlus:
      return x <= -1 ? 0 : (x >= 1 ? x : 0.25 * (x + 1) * (x + 1));
    case UnaryKind::SparseSigmoid:
      return clip(0.5 * (x + 1), 0, 1);
    case UnaryKind::Sqrt:
      return std::sqrt(x);
    case UnaryKind::Square:
      return x * x;
    case UnaryKind::SquarePlus:
      return 0.5 * (x + std::sqrt(x * x + alpha));
    case UnaryKind::Tanh:
      return std::tanh(x);
    case UnaryKind::TanhShrink:
      return x - std::tanh(x);
    case UnaryKind::Threshold:
      return x > alpha ? x : unary.beta;
  }
  return x;
}

namespace {

/// Sparsemax of one list as Keras computes it on every backend (keras/src/backend/tensorflow/nn.py,
/// sparsemax): the threshold is made of the sum of all cumulative sums of the support, where
/// Martins and Astudillo (2016) take the last one.
void sparsemax(std::vector<double>& values) {
  std::vector<double> sorted = values;
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  double cumulative = 0;
  double total = 0;
  double support = 0;
  for (std::size_t k = 0; k < sorted.size(); ++k) {
    cumulative += sorted[k];
    if (sorted[k] - (cumulative - 1) / static_cast<double>(k + 1) > 0) {
      total += cumulative;
      support += 1;
    }
  }
  const double threshold = (total - 1) / support;
  for (double& value : values) value = std::max(value - threshold, 0.0);
}

void softmax(std::vector<double>& values, bool logarithm) {
  const double largest = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (const double value : values) sum += std::exp(value - largest);
  for (double& value : values) {
    const double shifted = value - largest;
    value = logarithm ? shifted - std::log(sum) : std::exp(shifted) / sum;
  }
}

}  // namespace

namespace {

/// Over several axes Keras takes exp(x − log Σ exp x) in float32, where the logarithm is nothing
/// beside numbers as far below all others as a mask makes them.
/// (keras/src/layers/activations/softmax.py: call)
void softmax_of_several_axes(std::vector<double>& values) {
  const double most = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (const double value : values) sum += std::exp(value - most);
  const auto logarithm = static_cast<double>(static_cast<float>(most + std::log(sum)));
  for (double& value : values) value = std::exp(value - logarithm);
}

}  // namespace

Array evaluate_softmax(const Softmax& op, const Array& x) {
  Index outer = x.shape;
  Index inner(x.shape.size(), 1);
  for (const std::size_t axis : op.axes) {
    inner[axis] = x.shape[axis];
    outer[axis] = 1;
  }
  const auto strides = strides_of(x.shape);
  Array result = x;
  for_each_index(outer, [&](const Index& base) {
    std::vector<std::uint64_t> offsets;
    std::vector<double> values;
    for_each_index(inner, [&](const Index& index) {
      offsets.push_back(offset_of(base, strides) + offset_of(index, strides));
      values.push_back(x.data[offsets.back()]);
    });
    switch (op.kind) {
      case Softmax::Kind::Softmax:
        if (op.axes.size() > 1) {
          softmax_of_several_axes(values);
        } else {
          softmax(values, false);
        }
        break;
      case Softmax::Kind::LogSoftmax:
        softmax(values, true);
        break;
      case Softmax::Kind::Sparsemax:
        sparsemax(values);
        break;
    }
    for (std::size_t i = 0; i < values.size(); ++i) result.data[offsets[i]] = values[i];
  });
  return result;
}

Array evaluate_glu(const Glu& glu, const Array& x) {
  Index shape = x.shape;
  shape[glu.axis] /= 2;
  Array result = zeros(shape);
  const auto strides = strides_of(x.shape);
  std::size_t next = 0;
  for_each_index(shape, [&](const Index& index) {
    const std::uint64_t offset = offset_of(index, strides);
    const double gate = x.data[offset + shape[glu.axis] * strides[glu.axis]];
    result.data[next++] = x.data[offset] * sigmoid(gate);
  });
  return result;
}

namespace {

double merged(Merge::Kind kind, double a, double b) {
  switch (kind) {
    case Merge::Kind::Add:
    case Merge::Kind::Average:
      return a + b;
    case Merge::Kind::Subtract:
      return a - b;
    case Merge::Kind::Multiply:
      return a * b;
    case Merge::Kind::Divide:
      return a / b;
    case Merge::Kind::Maximum:
      return std::max(a, b);
    case Merge::Kind::Minimum:
      return std::min(a, b);
  }
  return 0;
}

}  // namespace

Array evaluate_merge(const Merge& merge, const std::vector<Array>& inputs) {
  Index shape = inputs.at(0).shape;
  for (const Array& input : inputs) {
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      if (shape[axis] == 1) shape[axis] = input.shape.at(axis);
    }
  }
  Array result = zeros(shape);
  std::size_t next = 0;
  for_each_index(shape, [&](const Index& index) {
    double value = broadcast_at(inputs[0], index);
    for (std::size_t i = 1; i < inputs.size(); ++i) {
      value = merged(merge.kind, value, broadcast_at(inputs[i], index));
    }
    if (merge.kind == Merge::Kind::Average) value /= static_cast<double>(inputs.size());
    result.data[next++] = value;
  });
  return result;
}

namespace {

/// To the nearest number of `bits` significant bits, ties to even. Subnormals and overflow are not
/// looked at.
double rounded_to_bits(double x, int bits) {
  if (x == 0 || !std::isfinite(x)) return x;
  int exponent = 0;
  const double fraction = std::frexp(x, &exponent);
  return std::ldexp(std::nearbyint(std::ldexp(fraction, bits)), exponent - bits);
}

}  // namespace

Array evaluate_cast(const Cast& cast, const Array& x) {
  Array result = x;
  for (double& value : result.data) {
    if (cast.to == tensor::DType::Float32) value = static_cast<double>(static_cast<float>(value));
    if (cast.to == tensor::DType::Float16) value = rounded_to_bits(value, 11);
    if (cast.to == tensor::DType::BFloat16) value = rounded_to_bits(value, 8);
    if (!tensor::is_floating_point(cast.to)) value = std::trunc(value);
  }
  return result;
}

}  // namespace tensorferry::graph
