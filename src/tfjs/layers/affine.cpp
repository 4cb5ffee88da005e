#include "tfjs/layers/affine.h"

#include <algorithm>

#include "tfjs/refusal.h"
#include "tfjs/weights.h"

namespace tensorferry::tfjs {
namespace {

Tensor along_last_axis(LayerCall& call, const std::string& part, const Tensor& x, Json config,
                       std::vector<LayerWeight> weights) {
  config["axis"] = -1;
  return call.add(part, "BatchNormalization", std::move(config), {x}, std::move(weights));
}

}  // namespace

std::size_t axis_from_front(std::int64_t axis, std::size_t rank) {
  const std::int64_t resolved = axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis;
  if (resolved < 1 || resolved >= static_cast<std::int64_t>(rank)) {
    throw Refusal{"Its axis is the batch, or none of the tensor's."};
  }
  return static_cast<std::size_t>(resolved);
}

std::vector<std::size_t> axes_from_front(const std::vector<std::int64_t>& axes, std::size_t rank) {
  std::vector<std::size_t> result;
  for (const std::int64_t axis : axes) {
    result.push_back(axis_from_front(axis, rank));
  }
  std::sort(result.begin(), result.end());
  return result;
}

std::vector<std::size_t> normalized_axes(const LayerCall& call, std::size_t rank) {
  const keras::Arguments& given = call.arguments();
  return axes_from_front(
      given.find("axis") == nullptr ? std::vector<std::int64_t>{-1} : given.integer_list("axis"),
      rank);
}

std::vector<std::size_t> kept_axes_last(std::size_t rank, const std::vector<std::size_t>& kept) {
  std::vector<std::size_t> axes;
  for (std::size_t axis = 1; axis < rank; ++axis) {
    if (std::find(kept.begin(), kept.end(), axis) == kept.end()) {
      axes.push_back(axis);
    }
  }
  axes.insert(axes.end(), kept.begin(), kept.end());
  return axes;
}

std::vector<std::size_t> inverse(const std::vector<std::size_t>& axes) {
  std::vector<std::size_t> result(axes.size());
  for (std::size_t i = 0; i < axes.size(); ++i) {
    result[axes[i] - 1] = i + 1;
  }
  return result;
}

Tensor normalize_axes(LayerCall& call, const std::string& part, const Tensor& x,
                      const std::vector<std::size_t>& axes, Json config,
                      std::vector<LayerWeight> weights) {
  const std::vector<std::size_t> order = kept_axes_last(x.shape.size(), axes);
  const Tensor moved = permute(call, "kept_axes_last", x, order);
  Tensor y = moved;
  if (axes.size() > 1 || x.shape.size() > 4) {
    std::int64_t features = 1;
    std::int64_t cells = 1;
    for (std::size_t axis = 1; axis < moved.shape.size(); ++axis) {
      std::int64_t& product = axis + axes.size() < moved.shape.size() ? cells : features;
      product = moved.shape[axis] == unknown || product == unknown ? unknown
                                                                   : product * moved.shape[axis];
    }
    y = reshape(call, "join", moved, {cells, features});
  }
  y = along_last_axis(call, part, y, std::move(config), std::move(weights));
  y = reshape(call, "split", y, without_batch(moved.shape));
  return permute(call, "axes_back", y, inverse(order));
}

Tensor scale_channels(LayerCall& call, const Tensor& x, LayerWeight gamma) {
  const tensor::Shape features = gamma.value.shape;
  std::vector<LayerWeight> weights{std::move(gamma), filled_weight("moving_mean", features, 0.0F),
                                   filled_weight("moving_variance", features, 1.0F)};
  return normalize_axes(call, "", x, {x.shape.size() - 1},
                        {{"epsilon", 0.0}, {"scale", true}, {"center", false}}, std::move(weights));
}

Tensor add_to_channels(LayerCall& call, const std::string& part, const Tensor& x,
                       LayerWeight beta) {
  const tensor::Shape features = beta.value.shape;
  std::vector<LayerWeight> weights{std::move(beta), filled_weight("moving_mean", features, 0.0F),
                                   filled_weight("moving_variance", features, 1.0F)};
  return normalize_axes(call, part, x, {x.shape.size() - 1},
                        {{"epsilon", 0.0}, {"scale", false}, {"center", true}}, std::move(weights));
}

}  // namespace tensorferry::tfjs
