#include <fmt/format.h>

#include "graph/infer/values.h"

namespace tensorferry::graph {

Value infer_glu(const Glu& glu, const Value& input) {
  Value value = same_as(input);
  Extent& extent = value.shape[glu.axis];
  if (is_known(extent) && extent % 2 != 0) {
    refuse_inputs(fmt::format("GLU halves an axis, but is given {} elements.", extent));
  }
  if (is_known(extent)) extent /= 2;
  return value;
}

Value infer_merge(const std::vector<Value>& inputs) {
  Value value = same_as(inputs.at(0));
  for (const Value& input : inputs) {
    value.shape = broadcast(value.shape, input.shape);
    value.rank_known = value.rank_known && input.rank_known;
  }
  return value;
}

Value infer_cast(const Cast& cast, const Value& input) {
  Value value = same_as(input);
  value.dtype = cast.to;
  return value;
}

}  // namespace tensorferry::graph
