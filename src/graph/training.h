#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "tensor/tensor_ref.h"

/// How a model was trained: what `compile` was told, and what its layers add to the loss. In
/// Keras's own terms, with the defaults of the Keras that wrote the file filled in; a target says
/// what it makes of each.
namespace tensorferry::graph {

/// Nothing stands for Keras's None.
using Setting = std::variant<std::monostate, bool, double, std::string, std::vector<double>>;
/// By Keras's argument names.
using Settings = std::map<std::string, Setting>;

/// An object of Keras: its class by today's name ("MeanSquaredError", "Adam"), its arguments.
struct Configured {
  std::string class_name;
  Settings settings;
};

/// What a layer's activation made of the output, where Keras's crossentropies look behind it and
/// take its logits, whatever the loss says (keras/src/backend/tensorflow/nn.py: _get_logits).
enum class EndActivation { Other, Softmax, Sigmoid };

struct OutputLoss {
  std::size_t output = 0;  ///< index of the root's outputs
  Configured loss;
  double weight = 1;
  EndActivation end = EndActivation::Other;
};

struct Optimizer {
  Configured optimizer;
  std::optional<Configured> schedule;  ///< of the learning rate, where that is no number
};

/// l1 · Σ|w| + l2 · Σw², which a regularizer of a layer adds to the loss.
struct Penalty {
  std::uint32_t tensor = 0;  ///< index into `Program::tensors`
  double l1 = 0;
  double l2 = 0;
};

/// What a weight is made after each step. Norms are those along `axes`, of Keras's tensor.
struct Constraint {
  enum class Kind { NonNegative, MaxNorm, UnitNorm, MinMaxNorm };
  Kind kind = Kind::NonNegative;
  std::uint32_t tensor = 0;  ///< index into `Program::tensors`
  std::vector<std::int64_t> axes;
  double least = 0;
  double most = 0;
  double rate = 1;
};

/// What the optimizer has gathered so far, by the names of Keras 3 ("momentum").
struct OptimizerState {
  using Slots = std::map<std::string, tensor::TensorRef>;
  struct OfWeight {
    std::uint32_t tensor = 0;  ///< index into `Program::tensors`
    Slots slots;               ///< each of the weight's shape
  };
  tensor::TensorRef iteration;    ///< a scalar of integers: the steps made
  Slots scalars;                  ///< of all weights
  std::vector<OfWeight> weights;  ///< all that are trained
};

struct Training {
  int keras = 3;                   ///< the generation that wrote the file: their losses differ
  std::vector<OutputLoss> losses;  ///< in the order of outputs; an output may have none
  std::optional<Optimizer> optimizer;
  std::optional<OptimizerState> state;  ///< where the file has the optimizer's
  std::vector<Penalty> penalties;
  std::vector<Constraint> constraints;
  std::vector<std::uint32_t> trained;  ///< the tensors that train; none: not known
};

}  // namespace tensorferry::graph
