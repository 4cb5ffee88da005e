#include <algorithm>

#include "tfjs/layers/families.h"
#include "tfjs/steps.h"

namespace tensorferry::tfjs {

Tensor lower_flatten(LayerCall& call) {
  const Tensor& x = call.input();
  const bool sizes_known =
      std::find(x.shape.begin() + 1, x.shape.end(), unknown) == x.shape.end();
  if (x.shape.size() > 2 && sizes_known) {
    return call.add("", "Flatten", {{"data_format", data_format(call)}}, {x});
  }
  // TF.js's Flatten wants two axes at least, and known sizes.
  const Tensor ordered = is_channels_first(call) && x.shape.size() > 2 ? to_channels_last(call, x) : x;
  return call.add("", "Reshape", {{"target_shape", {unknown}}}, {ordered});
}

Tensor lower_reshape(LayerCall& call) {
  const std::vector<std::int64_t> shape = call.arguments().integer_list("target_shape");
  return call.add("", "Reshape", {{"target_shape", shape}}, {call.input()});
}

Tensor lower_permute(LayerCall& call) {
  return call.add("", "Permute", {{"dims", call.arguments().integer_list("dims")}},
                  {call.input()});
}

Tensor lower_repeat_vector(LayerCall& call) {
  return call.add("", "RepeatVector", {{"n", call.arguments().integer("n")}}, {call.input()});
}

}  // namespace tensorferry::tfjs
