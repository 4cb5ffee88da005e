#include "graph/infer/values.h"

namespace tensorferry::graph {

Value infer_not_equal_to(const NotEqualTo& op, const Value& x) {
  std::vector<Extent> shape = x.shape;
  if (op.any_of_last && !shape.empty()) shape.pop_back();
  Value value = with_shape(x, shape);
  value.dtype = tensor::DType::Bool;
  return value;
}

Value infer_masked_mean(const MaskedMean& op, const Value& x) {
  require_rank(x, 3, "A mean over the time");
  return with_shape(x, op.keep_dims ? std::vector<Extent>{x.shape[0], 1, x.shape[2]}
                                    : std::vector<Extent>{x.shape[0], x.shape[2]});
}

}  // namespace tensorferry::graph
