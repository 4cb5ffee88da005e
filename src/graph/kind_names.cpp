#include "graph/kind_names.h"

namespace tensorferry::graph {

std::string_view kind_name(Pool::Kind kind) {
  switch (kind) {
    case Pool::Kind::Max:
      return "max";
    case Pool::Kind::Average:
      return "average";
  }
  return "";
}

std::string_view kind_name(ReduceAxes::Kind kind) {
  switch (kind) {
    case ReduceAxes::Kind::Max:
      return "max";
    case ReduceAxes::Kind::Mean:
      return "mean";
    case ReduceAxes::Kind::Sum:
      return "sum";
    case ReduceAxes::Kind::Min:
      return "min";
  }
  return "";
}

std::string_view kind_name(Softmax::Kind kind) {
  switch (kind) {
    case Softmax::Kind::Softmax:
      return "softmax";
    case Softmax::Kind::LogSoftmax:
      return "log_softmax";
    case Softmax::Kind::Sparsemax:
      return "sparsemax";
  }
  return "";
}

std::string_view kind_name(Merge::Kind kind) {
  switch (kind) {
    case Merge::Kind::Add:
      return "add";
    case Merge::Kind::Subtract:
      return "subtract";
    case Merge::Kind::Multiply:
      return "multiply";
    case Merge::Kind::Divide:
      return "divide";
    case Merge::Kind::Average:
      return "average";
    case Merge::Kind::Maximum:
      return "maximum";
    case Merge::Kind::Minimum:
      return "minimum";
  }
  return "";
}

std::string_view kind_name(Dropout::Kind kind) {
  switch (kind) {
    case Dropout::Kind::Elementwise:
      return "elementwise";
    case Dropout::Kind::Channels:
      return "channels";
    case Dropout::Kind::Gaussian:
      return "gaussian";
    case Dropout::Kind::Alpha:
      return "alpha";
    case Dropout::Kind::GaussianNoise:
      return "gaussian noise";
    case Dropout::Kind::StochasticDepth:
      return "stochastic depth";
  }
  return "";
}

std::string_view kind_name(UnaryKind kind) {
  switch (kind) {
    case UnaryKind::Abs:
      return "abs";
    case UnaryKind::Celu:
      return "celu";
    case UnaryKind::Cos:
      return "cos";
    case UnaryKind::Elu:
      return "elu";
    case UnaryKind::Exp:
      return "exp";
    case UnaryKind::Erf:
      return "erf";
    case UnaryKind::GeluErf:
      return "gelu_erf";
    case UnaryKind::GeluTanh:
      return "gelu_tanh";
    case UnaryKind::HardShrink:
      return "hard_shrink";
    case UnaryKind::HardSigmoid2:
      return "hard_sigmoid_2";
    case UnaryKind::HardSigmoid3:
      return "hard_sigmoid_3";
    case UnaryKind::HardSilu:
      return "hard_silu";
    case UnaryKind::HardTanh:
      return "hard_tanh";
    case UnaryKind::LeakyRelu:
      return "leaky_relu";
    case UnaryKind::Log:
      return "log";
    case UnaryKind::LogSigmoid:
      return "log_sigmoid";
    case UnaryKind::Mish:
      return "mish";
    case UnaryKind::Negate:
      return "negate";
    case UnaryKind::Reciprocal:
      return "reciprocal";
    case UnaryKind::Relu:
      return "relu";
    case UnaryKind::Relu6:
      return "relu6";
    case UnaryKind::ReluGeneral:
      return "relu_general";
    case UnaryKind::Rsqrt:
      return "rsqrt";
    case UnaryKind::Selu:
      return "selu";
    case UnaryKind::Sigmoid:
      return "sigmoid";
    case UnaryKind::Silu:
      return "silu";
    case UnaryKind::Sin:
      return "sin";
    case UnaryKind::SoftShrink:
      return "soft_shrink";
    case UnaryKind::Softplus:
      return "softplus";
    case UnaryKind::Softsign:
      return "softsign";
    case UnaryKind::SparsePlus:
      return "sparse_plus";
    case UnaryKind::SparseSigmoid:
      return "sparse_sigmoid";
    case UnaryKind::Sqrt:
      return "sqrt";
    case UnaryKind::Square:
      return "square";
    case UnaryKind::SquarePlus:
      return "square_plus";
    case UnaryKind::Tanh:
      return "tanh";
    case UnaryKind::TanhShrink:
      return "tanh_shrink";
    case UnaryKind::Threshold:
      return "threshold";
  }
  return "";
}

std::string_view kind_name(Attention::Score score) {
  switch (score) {
    case Attention::Score::Dot:
      return "dot";
    case Attention::Score::Concat:
      return "concat";
    case Attention::Score::Additive:
      return "additive";
  }
  return "";
}

std::string_view kind_name(Recurrent::Cell cell) {
  switch (cell) {
    case Recurrent::Cell::Lstm:
      return "lstm";
    case Recurrent::Cell::Gru:
      return "gru";
    case Recurrent::Cell::Simple:
      return "simple";
  }
  return "";
}

std::string_view kind_name(Recurrent::Merge merge) {
  switch (merge) {
    case Recurrent::Merge::Concatenate:
      return "concatenate";
    case Recurrent::Merge::Sum:
      return "sum";
    case Recurrent::Merge::Multiply:
      return "multiply";
    case Recurrent::Merge::Average:
      return "average";
    case Recurrent::Merge::None:
      return "none";
  }
  return "";
}

std::string_view kind_name(LocallyConnected::Kernel kernel) {
  switch (kernel) {
    case LocallyConnected::Kernel::Windows:
      return "windows";
    case LocallyConnected::Kernel::Whole:
      return "whole";
    case LocallyConnected::Kernel::Sparse:
      return "sparse";
  }
  return "";
}

}  // namespace tensorferry::graph
