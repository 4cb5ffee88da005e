#include <fmt/format.h>

#include "graph/einsum.h"
#include "graph/infer/values.h"

namespace tensorferry::graph {

Value infer_dense(const Dense& dense, const Value& input) {
  if (input.shape.empty()) refuse_inputs("Dense takes a tensor of at least one axis.");
  Value value = same_as(input);
  value.shape.back() = dense.out_features;
  return value;
}

Value infer_dot(const Dot& dot, const Value& a, const Value& b) {
  const Extent left = extent_at(a, static_cast<std::size_t>(dot.axis_a));
  const Extent right = extent_at(b, static_cast<std::size_t>(dot.axis_b));
  if (is_known(left) && is_known(right) && left != right) {
    refuse_inputs(fmt::format("Dot contracts axes of {} and {} elements.", left, right));
  }
  std::vector<Extent> shape{a.shape[0]};
  const auto append_others = [&shape](const Value& value, std::int64_t contracted) {
    for (std::size_t axis = 1; axis < value.shape.size(); ++axis) {
      if (static_cast<std::int64_t>(axis) != contracted) shape.push_back(value.shape[axis]);
    }
  };
  append_others(a, dot.axis_a);
  append_others(b, dot.axis_b);
  if (shape.size() == 1) shape.push_back(1);
  Value value = with_shape(a, shape);
  value.rank_known = a.rank_known && b.rank_known;
  return value;
}

Value infer_einsum_dense(const EinsumDense& op, const Value& input) {
  const EinsumLabels labels = einsum_labels(op, input.shape.size());
  std::vector<Extent> shape;
  for (const char label : labels.output) {
    const std::size_t in_kernel = labels.kernel.find(label);
    shape.push_back(in_kernel != std::string::npos ? op.kernel_shape[in_kernel]
                                                   : input.shape[labels.input.find(label)]);
  }
  return with_shape(input, shape);
}

Value infer_embedding(const Embedding& embedding, const Value& input) {
  Value value = same_as(input);
  value.shape.push_back(embedding.output_dim);
  return value;
}

Value infer_reverse_embedding(const ReverseEmbedding& embedding, const Value& input) {
  if (input.shape.empty())
    refuse_inputs("A reversed Embedding takes a tensor of at least one axis.");
  Value value = same_as(input);
  value.shape.back() = embedding.input_dim;
  return value;
}

}  // namespace tensorferry::graph
