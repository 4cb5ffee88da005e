#include <cmath>

#include "graph/einsum.h"
#include "graph/evaluate/kernels.h"

namespace tensorferry::graph {

namespace {

/// A tensor as matrices: (count, rows, columns).
struct Matrices {
  std::uint64_t count = 1;
  std::uint64_t rows = 0;
  std::uint64_t columns = 0;
};

Matrices matrices_of(const Array& x) {
  const std::size_t rank = x.shape.size();
  Matrices matrices{1, x.shape[rank - 2], x.shape[rank - 1]};
  for (std::size_t axis = 0; axis + 2 < rank; ++axis) matrices.count *= x.shape[axis];
  return matrices;
}

double score(const Attention& op, const double* query, const double* key, std::uint64_t features,
             const Array& scale) {
  double sum = 0;
  for (std::uint64_t i = 0; i < features; ++i) {
    const double factor = scale.data[scale.data.size() == 1 ? 0 : i];
    switch (op.score) {
      case Attention::Score::Dot:
        sum += factor * query[i] * key[i];
        break;
      case Attention::Score::Concat:
        sum += std::tanh(factor * (query[i] + key[i]));
        break;
      case Attention::Score::Additive:
        sum += factor * std::tanh(query[i] + key[i]);
        break;
    }
  }
  return sum;
}

}  // namespace

Array evaluate_einsum(const EinsumDense& op, const Array& x, const Array& kernel) {
  const EinsumLabels labels = einsum_labels(op, x.shape.size());
  // All axes there are: those of the result, then those that are summed over.
  std::string all = labels.output;
  for (const char label : labels.input + labels.kernel) {
    if (all.find(label) == std::string::npos) all += label;
  }
  const auto extent_of = [&](char label) {
    const std::size_t axis = labels.input.find(label);
    return axis != std::string::npos ? x.shape[axis] : kernel.shape[labels.kernel.find(label)];
  };
  Index shape;
  Index extents;
  for (const char label : labels.output) shape.push_back(extent_of(label));
  for (const char label : all) extents.push_back(extent_of(label));
  const auto at = [&](const Array& array, const std::string& axes, const Index& index) {
    Index own;
    for (const char label : axes) own.push_back(index[all.find(label)]);
    return offset_of(own, strides_of(array.shape));
  };
  Array result = zeros(shape);
  for_each_index(extents, [&](const Index& index) {
    result.data[at(result, labels.output, index)] +=
        x.data[at(x, labels.input, index)] * kernel.data[at(kernel, labels.kernel, index)];
  });
  return result;
}

Array attention_scores(const Attention& op, const Array& query, const Array& key,
                       const Array& scale, double weight) {
  const Matrices q = matrices_of(query);
  const Matrices k = matrices_of(key);
  Array result;
  result.shape = query.shape;
  result.shape.back() = k.rows;
  for (std::uint64_t matrix = 0; matrix < q.count; ++matrix) {
    for (std::uint64_t row = 0; row < q.rows; ++row) {
      for (std::uint64_t column = 0; column < k.rows; ++column) {
        const double* left = query.data.data() + (matrix * q.rows + row) * q.columns;
        const double* right = key.data.data() + (matrix * k.rows + column) * k.columns;
        result.data.push_back(weight * score(op, left, right, q.columns, scale));
      }
    }
  }
  return result;
}

std::vector<Array> attend(const Array& scores, const Array& value, const Sight& sight,
                          bool return_scores) {
  // Finite, so that a query which sees no key takes all alike.
  constexpr double unseen = -1e300;
  Array seen = scores;
  const Matrices s = matrices_of(scores);
  const Matrices v = matrices_of(value);
  std::size_t next = 0;
  for_each_index(scores.shape, [&](const Index& index) {
    const std::uint64_t query = index[index.size() - 2];
    const bool later = sight.causal && index.back() > query;
    const bool far = sight.window != 0 &&
                     (index.back() >= query + sight.window || query >= index.back() + sight.window);
    const bool masked = sight.mask != nullptr && broadcast_at(*sight.mask, index) == 0;
    if (later || far || masked) seen.data[next] = unseen;
    ++next;
  });
  Array weights = evaluate_softmax({Softmax::Kind::Softmax, {scores.shape.size() - 1}}, seen);
  for (std::uint64_t i = 0; sight.blind_is_zero && i < weights.data.size(); ++i) {
    if (seen.data[i] == unseen) weights.data[i] = 0;
  }
  Array result;
  result.shape = scores.shape;
  result.shape.back() = v.columns;
  for (std::uint64_t row = 0; row < s.count * s.rows; ++row) {
    const double* values = value.data.data() + row / s.rows * v.rows * v.columns;
    for (std::uint64_t column = 0; column < v.columns; ++column) {
      double sum = 0;
      for (std::uint64_t i = 0; i < v.rows; ++i) {
        sum += weights.data[row * s.columns + i] * values[i * v.columns + column];
      }
      result.data.push_back(sum);
    }
  }
  if (!return_scores) return {result};
  return {result, weights};
}

Array split_heads(const Array& x, std::int64_t heads, std::int64_t repeats) {
  const auto count = static_cast<std::uint64_t>(heads);
  const auto times = static_cast<std::uint64_t>(repeats);
  const Matrices m = matrices_of(x);
  const std::uint64_t dim = m.columns / count;
  Array result;
  result.shape = x.shape;
  result.shape.back() = dim;
  result.shape.insert(result.shape.end() - 2, count * times);
  for (std::uint64_t matrix = 0; matrix < m.count; ++matrix) {
    for (std::uint64_t head = 0; head < count * times; ++head) {
      for (std::uint64_t row = 0; row < m.rows; ++row) {
        for (std::uint64_t i = 0; i < dim; ++i) {
          result.data.push_back(
              x.data[(matrix * m.rows + row) * m.columns + head / times * dim + i]);
        }
      }
    }
  }
  return result;
}

Array join_heads(const Array& x) {
  std::vector<std::size_t> axes;
  for (std::size_t axis = 0; axis < x.shape.size(); ++axis) axes.push_back(axis);
  std::swap(axes[axes.size() - 3], axes[axes.size() - 2]);
  Array result = evaluate_permute({axes}, x);
  const std::uint64_t dim = result.shape.back();
  result.shape.pop_back();
  result.shape.back() *= dim;
  return result;
}

}  // namespace tensorferry::graph
