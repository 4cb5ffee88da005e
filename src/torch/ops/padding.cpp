#include <algorithm>

#include "torch/ops/spelling.h"

namespace tensorferry::torch {

const Helper pad_same{"pad_same",
                      R"(def pad_same(x, kernel_size, stride, dilation=None, value=0.0):
    """Pads the spatial axes as TensorFlow's "same" does, whatever their size."""
    pads = []
    for axis, size in enumerate(x.shape[2:]):
        reach = kernel_size[axis] - 1
        if dilation is not None:
            reach *= dilation[axis]
        steps = (size - 1) // stride[axis]
        total = max(steps * stride[axis] + reach + 1 - size, 0)
        pads = [total // 2, total - total // 2] + pads
    return F.pad(x, pads, value=value)
)"};

Expression pad_list(const std::vector<graph::Pad>& pads) {
  std::vector<std::int64_t> values;
  for (auto pad = pads.rbegin(); pad != pads.rend(); ++pad) {
    values.push_back(pad->before);
    values.push_back(pad->after);
  }
  return python::tuple_of(values);
}

bool is_symmetric(const std::vector<graph::Pad>& pads) {
  return std::all_of(pads.begin(), pads.end(), [](const graph::Pad& pad) {
    return pad.before == pad.after && pad.before >= 0;
  });
}

bool is_nothing(const std::vector<graph::Pad>& pads) {
  return std::all_of(pads.begin(), pads.end(),
                     [](const graph::Pad& pad) { return pad == graph::Pad{}; });
}

}  // namespace tensorferry::torch
