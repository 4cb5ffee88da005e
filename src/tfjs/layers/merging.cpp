#include <algorithm>
#include <cmath>

#include "tfjs/layers/families.h"
#include "tfjs/refusal.h"
#include "tfjs/steps.h"

namespace tensorferry::tfjs {
namespace {

std::size_t merged_axis(std::int64_t axis, std::size_t rank) {
  const std::int64_t resolved = axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis;
  if (resolved < 0 || resolved >= static_cast<std::int64_t>(rank)) {
    throw Refusal{"Its axis is none of the tensor's."};
  }
  return static_cast<std::size_t>(resolved);
}

/// TF.js's l2Normalize keeps Σx² above 1e-7, Keras above 1e-12; with x · sqrt(1e5) the two are the
/// same.
Tensor normalizable(LayerCall& call, std::string_view part, const Tensor& x) {
  return rescale(call, part, x, std::sqrt(1e5), 0);
}

/// TF.js multiplies tensors of rank 3 at most: (batch, everything else, contracted axis).
Tensor as_matrices(LayerCall& call, const std::string& part, const Tensor& x, std::size_t axis) {
  std::vector<std::size_t> order;
  std::int64_t rows = 1;
  for (std::size_t k = 1; k < x.shape.size(); ++k) {
    if (k != axis) {
      order.push_back(k);
      rows = x.shape[k] == unknown || rows == unknown ? unknown : rows * x.shape[k];
    }
  }
  order.push_back(axis);
  return reshape(call, part + "_join", permute(call, part + "_last", x, order),
                 {rows, x.shape[axis]});
}

Shape without_axis(const Shape& shape, std::size_t axis) {
  Shape result = without_batch(shape);
  result.erase(result.begin() + static_cast<std::ptrdiff_t>(axis) - 1);
  return result;
}

Tensor dot(LayerCall& call, const Tensor& a, const Tensor& b, std::size_t axis_a,
           std::size_t axis_b, bool normalize) {
  return call.add("", "Dot",
                  {{"axes", std::vector<std::size_t>{axis_a, axis_b}}, {"normalize", normalize}},
                  {a, b});
}

}  // namespace

Tensor lower_merge(LayerCall& call) {
  if (call.inputs().size() == 1) {
    return call.inputs().front();  // TF.js wants two at least.
  }
  return call.add("", call.layer().class_name, Json::object(), call.inputs());
}

Tensor lower_subtract(LayerCall& call) {
  if (call.inputs().size() != 2) {
    throw Refusal{"It subtracts one tensor from another, and is not called with two."};
  }
  return add_up(call, "", call.inputs()[0], rescale(call, "negate", call.inputs()[1], -1, 0));
}

Tensor lower_concatenate(LayerCall& call) {
  if (call.inputs().size() == 1) {
    return call.inputs().front();
  }
  // TF.js takes any negative axis for the last one.
  const std::size_t axis =
      merged_axis(call.arguments().integer("axis", -1), call.inputs().front().shape.size());
  return concatenate(call, "", call.inputs(), axis);
}

Tensor lower_dot(LayerCall& call) {
  if (call.inputs().size() != 2) {
    throw Refusal{"It multiplies two tensors, and is called with another number."};
  }
  std::vector<std::int64_t> axes = call.arguments().integer_list("axes");
  axes.resize(2, axes.front());
  Tensor a = call.inputs()[0];
  Tensor b = call.inputs()[1];
  const std::size_t axis_a = merged_axis(axes[0], a.shape.size());
  const std::size_t axis_b = merged_axis(axes[1], b.shape.size());
  if (axis_a == 0 || axis_b == 0) {
    throw Refusal{"Its axis is the batch."};
  }
  const bool normalize = call.arguments().boolean("normalize", false);
  if (normalize) {
    a = normalizable(call, "left", a);
    b = normalizable(call, "right", b);
  }
  if (std::max(a.shape.size(), b.shape.size()) < 4) {
    return dot(call, a, b, axis_a, axis_b, normalize);
  }
  Shape extents = without_axis(a.shape, axis_a);
  const Shape others = without_axis(b.shape, axis_b);
  extents.insert(extents.end(), others.begin(), others.end());
  const Tensor y = dot(call, as_matrices(call, "left", a, axis_a),
                       as_matrices(call, "right", b, axis_b), 2, 2, normalize);
  return reshape(call, "split", y, extents);
}

}  // namespace tensorferry::tfjs
