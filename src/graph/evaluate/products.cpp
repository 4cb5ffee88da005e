#include <algorithm>
#include <cmath>

#include "graph/evaluate/kernels.h"

namespace tensorferry::graph {

Array evaluate_dense(const Array& x, const Array& kernel, const Array* bias) {
  const std::uint64_t in = kernel.shape.at(0);
  const std::uint64_t out = kernel.shape.at(1);
  Index shape = x.shape;
  shape.back() = out;
  Array result = zeros(shape);
  for (std::uint64_t row = 0; row < x.data.size() / in; ++row) {
    double* sums = result.data.data() + row * out;
    if (bias != nullptr) std::copy(bias->data.begin(), bias->data.end(), sums);
    // Row after row of the kernel, as it lies: a large one is much faster so.
    for (std::uint64_t i = 0; i < in; ++i) {
      const double factor = x.data[row * in + i];
      for (std::uint64_t column = 0; column < out; ++column) {
        sums[column] += factor * kernel.data[i * out + column];
      }
    }
  }
  return result;
}

Array evaluate_embedding(const Array& x, const Array& embeddings) {
  const std::uint64_t features = embeddings.shape.at(1);
  Index shape = x.shape;
  shape.push_back(features);
  Array result;
  result.shape = shape;
  for (const double token : x.data) {
    const auto row = static_cast<std::uint64_t>(token);
    for (std::uint64_t feature = 0; feature < features; ++feature) {
      result.data.push_back(embeddings.data.at(row * features + feature));
    }
  }
  return result;
}

namespace {

/// x · rsqrt(max(Σx², 1e-12)) along the axis.
Array l2_normalized(const Array& x, std::size_t axis) {
  return evaluate_unit_norm({{axis}, 1e-6}, x);
}

Index without_axis(const Index& shape, std::size_t axis) {
  Index rest(shape.begin() + 1, shape.end());
  rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(axis) - 1);
  return rest;
}

std::uint64_t at_contracted(const Array& array, std::uint64_t batch, Index others, std::size_t axis,
                            std::uint64_t position) {
  others.insert(others.begin() + static_cast<std::ptrdiff_t>(axis) - 1, position);
  others.insert(others.begin(), batch);
  return offset_of(others, strides_of(array.shape));
}

}  // namespace

Array evaluate_dot(const Dot& dot, const Array& left, const Array& right) {
  const auto axis_a = static_cast<std::size_t>(dot.axis_a);
  const auto axis_b = static_cast<std::size_t>(dot.axis_b);
  const Array a = dot.normalize ? l2_normalized(left, axis_a) : left;
  const Array b = dot.normalize ? l2_normalized(right, axis_b) : right;
  const Index rest_a = without_axis(a.shape, axis_a);
  const Index rest_b = without_axis(b.shape, axis_b);
  Array result;
  result.shape = {a.shape[0]};
  result.shape.insert(result.shape.end(), rest_a.begin(), rest_a.end());
  result.shape.insert(result.shape.end(), rest_b.begin(), rest_b.end());
  if (result.shape.size() == 1) result.shape.push_back(1);
  for (std::uint64_t batch = 0; batch < a.shape[0]; ++batch) {
    for_each_index(rest_a, [&](const Index& index_a) {
      for_each_index(rest_b, [&](const Index& index_b) {
        double sum = 0;
        for (std::uint64_t k = 0; k < a.shape[axis_a]; ++k) {
          sum += a.data[at_contracted(a, batch, index_a, axis_a, k)] *
                 b.data[at_contracted(b, batch, index_b, axis_b, k)];
        }
        result.data.push_back(sum);
      });
    });
  }
  return result;
}

}  // namespace tensorferry::graph
