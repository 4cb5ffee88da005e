#include "graph/evaluate/kernels.h"

namespace tensorferry::graph {

Array evaluate_not_equal_to(const NotEqualTo& op, const Array& x) {
  Array each = x;
  for (double& value : each.data) {
    value = static_cast<float>(value) != static_cast<float>(op.value) ? 1 : 0;
  }
  if (!op.any_of_last) return each;
  Array result = each;
  const std::size_t last = x.shape.back();
  result.shape.pop_back();
  result.data.assign(each.data.size() / last, 0);
  for (std::size_t i = 0; i < each.data.size(); ++i) {
    if (each.data[i] != 0) result.data[i / last] = 1;
  }
  return result;
}

Array evaluate_apply_mask(const Array& x, const Array& mask) {
  Array result = x;
  const std::size_t last = x.shape.back();
  for (std::size_t i = 0; i < result.data.size(); ++i) result.data[i] *= mask.data.at(i / last);
  return result;
}

Array evaluate_masked_mean(const MaskedMean& op, const Array& x, const Array& mask) {
  const std::size_t batch = x.shape.at(0);
  const std::size_t times = x.shape.at(1);
  const std::size_t features = x.shape.at(2);
  Array result = zeros(op.keep_dims ? Index{batch, 1, features} : Index{batch, features});
  for (std::size_t sample = 0; sample < batch; ++sample) {
    double count = 0;
    for (std::size_t time = 0; time < times; ++time) count += mask.data.at(sample * times + time);
    for (std::size_t feature = 0; feature < features; ++feature) {
      double sum = 0;
      for (std::size_t time = 0; time < times; ++time) {
        const std::size_t at = sample * times + time;
        sum += mask.data[at] * x.data.at(at * features + feature);
      }
      result.data[sample * features + feature] = sum / count;
    }
  }
  return result;
}

}  // namespace tensorferry::graph
