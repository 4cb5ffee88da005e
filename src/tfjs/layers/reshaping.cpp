#include <algorithm>

#include "tfjs/layers/families.h"
#include "tfjs/steps.h"

namespace tensorferry::tfjs {
namespace {

std::int64_t count_elements(Shape::const_iterator begin, Shape::const_iterator end) {
  std::int64_t result = 1;
  for (; begin != end; ++begin) {
    result = *begin == unknown || result == unknown ? unknown : result * *begin;
  }
  return result;
}

/// TF.js infers an extent of −1 only when it runs, and the layers behind may need it before.
Shape inferred(const Tensor& x, Shape target) {
  const std::int64_t elements = count_elements(x.shape.begin() + 1, x.shape.end());
  const auto open = std::find(target.begin(), target.end(), unknown);
  if (open != target.end() && elements != unknown) {
    *open = 1;
    const std::int64_t known = count_elements(target.begin(), target.end());
    *open = known == 0 ? 0 : elements / known;
  }
  return target;
}

}  // namespace

Tensor lower_flatten(LayerCall& call) {
  const Tensor& x = call.input();
  const bool sizes_known = std::find(x.shape.begin() + 1, x.shape.end(), unknown) == x.shape.end();
  if (x.shape.size() > 2 && sizes_known) {
    return call.add("", "Flatten", {{"data_format", data_format(call)}}, {x});
  }
  // TF.js's Flatten wants two axes at least, and known sizes.
  const Tensor ordered =
      is_channels_first(call) && x.shape.size() > 2 ? to_channels_last(call, x) : x;
  return call.add("", "Reshape", {{"target_shape", inferred(ordered, {unknown})}}, {ordered});
}

Tensor lower_reshape(LayerCall& call) {
  const std::vector<std::int64_t> shape = call.arguments().integer_list("target_shape");
  return call.add("", "Reshape", {{"target_shape", inferred(call.input(), shape)}}, {call.input()});
}

Tensor lower_permute(LayerCall& call) {
  return call.add("", "Permute", {{"dims", call.arguments().integer_list("dims")}}, {call.input()});
}

Tensor lower_repeat_vector(LayerCall& call) {
  return call.add("", "RepeatVector", {{"n", call.arguments().integer("n")}}, {call.input()});
}

}  // namespace tensorferry::tfjs
