#include <algorithm>

#include "graph/evaluate/kernels.h"
#include "io/overloaded.h"

namespace tensorferry::graph {

namespace {

using Vector = std::vector<double>;

Vector apply(const StepFunction& function, Vector values) {
  return std::visit(io::overloaded{
                        [&](const Identity&) { return values; },
                        [&](const Unary& unary) {
                          for (double& value : values) value = evaluate_unary(unary, value);
                          return values;
                        },
                        [&](const Softmax& softmax) {
                          Softmax last = softmax;
                          last.axes = {0};
                          return evaluate_softmax(last, {{values.size()}, values}).data;
                        },
                    },
                    function);
}

/// x · matrix, columns [begin, begin + count), plus a row of `bias` where it has one.
Vector product(const Vector& x, const Array& matrix, std::size_t begin, std::size_t count,
               const Array& bias, std::size_t bias_row) {
  const std::size_t columns = matrix.shape.at(1);
  Vector result(count);
  for (std::size_t column = 0; column < count && !bias.data.empty(); ++column) {
    result[column] = bias.data.at(bias_row * columns + begin + column);
  }
  for (std::size_t row = 0; row < x.size(); ++row) {
    for (std::size_t column = 0; column < count; ++column) {
      result[column] += x[row] * matrix.data.at(row * columns + begin + column);
    }
  }
  return result;
}

Vector sum_of(Vector a, const Vector& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] += b[i];
  return a;
}

Vector product_of(Vector a, const Vector& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] *= b[i];
  return a;
}

/// One sample's step from the states (h; LSTM: h, c) to the next.
class Step {
 public:
  Step(const Recurrent& op, const RecurrentWeights& weights) : op_(op), weights_(weights) {}

  std::vector<Vector> operator()(const Vector& x, const std::vector<Vector>& states) const {
    switch (op_.cell) {
      case Recurrent::Cell::Lstm:
        return lstm(x, states[0], states[1]);
      case Recurrent::Cell::Gru:
        return {gru(x, states[0])};
      case Recurrent::Cell::Simple:
        return {apply(op_.activation, gate(0, x, states[0]))};
    }
    return {};
  }

 private:
  Vector of_input(std::size_t block, const Vector& x) const {
    return product(x, weights_.kernel, block * units(), units(), weights_.bias, 0);
  }

  Vector of_state(std::size_t block, const Vector& h) const {
    static const Array none;
    return product(h, weights_.recurrent_kernel, block * units(), units(),
                   op_.reset_after ? weights_.bias : none, 1);
  }

  Vector gate(std::size_t block, const Vector& x, const Vector& h) const {
    return sum_of(of_input(block, x), of_state(block, h));
  }

  std::vector<Vector> lstm(const Vector& x, const Vector& h, const Vector& c) const {
    const Vector input = apply(op_.recurrent_activation, gate(0, x, h));
    const Vector forget = apply(op_.recurrent_activation, gate(1, x, h));
    const Vector candidate = apply(op_.activation, gate(2, x, h));
    const Vector output = apply(op_.recurrent_activation, gate(3, x, h));
    const Vector next = sum_of(product_of(forget, c), product_of(input, candidate));
    return {product_of(output, apply(op_.activation, next)), next};
  }

  Vector gru(const Vector& x, const Vector& h) const {
    const Vector update = apply(op_.recurrent_activation, gate(0, x, h));
    const Vector reset = apply(op_.recurrent_activation, gate(1, x, h));
    const Vector of_past =
        op_.reset_after ? product_of(reset, of_state(2, h)) : of_state(2, product_of(reset, h));
    const Vector candidate = apply(op_.activation, sum_of(of_input(2, x), of_past));
    Vector next = h;
    for (std::size_t i = 0; i < next.size(); ++i) {
      next[i] = update[i] * h[i] + (1 - update[i]) * candidate[i];
    }
    return next;
  }

  std::size_t units() const { return static_cast<std::size_t>(op_.units); }

  const Recurrent& op_;
  const RecurrentWeights& weights_;
};

/// What one direction makes: h at each step, in the order in which they were read, and the last
/// states.
struct Direction {
  Array sequence;
  Array last;  ///< h of the last step
  std::vector<Array> states;
};

Direction run(const Recurrent& op, const RecurrentWeights& weights, bool backwards, const Array& x,
              const std::vector<Array>& initial, const Array* mask) {
  const std::uint64_t batch = x.shape.at(0);
  const std::uint64_t times = x.shape.at(1);
  const std::uint64_t features = x.shape.at(2);
  const auto units = static_cast<std::uint64_t>(op.units);
  const std::size_t state_count = op.cell == Recurrent::Cell::Lstm ? 2 : 1;
  const Step step(op, weights);
  Direction result{zeros({batch, times, units}), zeros({batch, units}), {}};
  result.states.assign(state_count, zeros({batch, units}));
  const auto row = [](const Array& array, std::uint64_t number, std::uint64_t length) {
    const auto begin = array.data.begin() + static_cast<std::ptrdiff_t>(number * length);
    return Vector(begin, begin + static_cast<std::ptrdiff_t>(length));
  };
  const auto put = [units](Array& array, std::uint64_t number, const Vector& values) {
    std::copy(values.begin(), values.end(),
              array.data.begin() + static_cast<std::ptrdiff_t>(number * units));
  };
  for (std::uint64_t sample = 0; sample < batch; ++sample) {
    std::vector<Vector> states(state_count, Vector(units, 0.0));
    for (std::size_t i = 0; i < initial.size(); ++i) states[i] = row(initial[i], sample, units);
    Vector output(units, 0.0);
    for (std::uint64_t time = 0; time < times; ++time) {
      const std::uint64_t at = backwards ? times - 1 - time : time;
      const bool counts = mask == nullptr || mask->data.at(sample * times + at) != 0;
      if (counts) {
        states = step(row(x, sample * times + at, features), states);
        output = states[0];
      } else if (op.zero_output) {
        output.assign(units, 0.0);
      }
      put(result.sequence, sample * times + time, output);
    }
    put(result.last, sample, output);
    for (std::size_t i = 0; i < state_count; ++i) put(result.states[i], sample, states[i]);
  }
  return result;
}

Array turned(const Array& sequence) {
  Array result = sequence;
  for_each_index(sequence.shape, [&](const Index& index) {
    const Index from{index[0], sequence.shape[1] - 1 - index[1], index[2]};
    const auto strides = strides_of(sequence.shape);
    result.data[offset_of(index, strides)] = sequence.data[offset_of(from, strides)];
  });
  return result;
}

std::vector<Array> merged(Recurrent::Merge merge, const Array& a, const Array& b) {
  switch (merge) {
    case Recurrent::Merge::Concatenate:
      return {evaluate_concatenate({a.shape.size() - 1}, {a, b})};
    case Recurrent::Merge::Sum:
      return {evaluate_merge({Merge::Kind::Add}, {a, b})};
    case Recurrent::Merge::Multiply:
      return {evaluate_merge({Merge::Kind::Multiply}, {a, b})};
    case Recurrent::Merge::Average:
      return {evaluate_merge({Merge::Kind::Average}, {a, b})};
    case Recurrent::Merge::None:
      return {a, b};
  }
  return {};
}

/// Each block of columns, flattened, is its transpose.
Array blocks_from_cudnn(const Array& kernel, std::size_t units) {
  Array result = kernel;
  const std::size_t rows = kernel.shape.at(0);
  const std::size_t columns = kernel.shape.at(1);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      const std::size_t block = column / units;
      const std::size_t flat = (column % units) * rows + row;
      result.data[row * columns + column] =
          kernel.data[flat / units * columns + block * units + flat % units];
    }
  }
  return result;
}

}  // namespace

RecurrentWeights from_cudnn(const Recurrent& op, const RecurrentWeights& weights) {
  const auto units = static_cast<std::size_t>(op.units);
  RecurrentWeights result{blocks_from_cudnn(weights.kernel, units),
                          blocks_from_cudnn(weights.recurrent_kernel, units), weights.bias};
  const std::size_t half = weights.bias.data.size() / 2;
  if (op.reset_after) {
    result.bias.shape = {2, half};
  } else {
    result.bias.shape = {half};
    for (std::size_t i = 0; i < half; ++i) result.bias.data[i] += result.bias.data[half + i];
    result.bias.data.resize(half);
  }
  return result;
}

std::vector<Array> evaluate_recurrent(const Recurrent& op,
                                      const std::vector<RecurrentWeights>& directions,
                                      const std::vector<Array>& inputs) {
  std::vector<Array> outputs;
  std::vector<Array> states;
  const std::size_t masks = op.masked ? 1 : 0;
  const Array* mask = op.masked ? &inputs.back() : nullptr;
  const std::size_t state_count = (inputs.size() - 1 - masks) / directions.size();
  for (std::size_t i = 0; i < directions.size(); ++i) {
    const auto first = inputs.begin() + static_cast<std::ptrdiff_t>(1 + i * state_count);
    const std::vector<Array> initial(first, first + static_cast<std::ptrdiff_t>(state_count));
    const bool backwards = op.go_backwards != (i == 1);
    Direction direction = run(op, directions[i], backwards, inputs[0], initial, mask);
    if (!op.return_sequences) {
      outputs.push_back(direction.last);
    } else {
      outputs.push_back(i == 1 ? turned(direction.sequence) : direction.sequence);
    }
    states.insert(states.end(), direction.states.begin(), direction.states.end());
  }
  if (op.bidirectional) outputs = merged(op.merge, outputs[0], outputs[1]);
  if (op.return_state) outputs.insert(outputs.end(), states.begin(), states.end());
  return outputs;
}

}  // namespace tensorferry::graph
