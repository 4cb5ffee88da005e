#include <algorithm>
#include <cmath>

#include "tfjs/layers/affine.h"
#include "tfjs/layers/families.h"
#include "tfjs/refusal.h"
#include "tfjs/weights.h"

namespace tensorferry::tfjs {
namespace {

/// A tensor as (batch, cells, features), the features being some of its axes.
struct Rows {
  Tensor x;
  Shape moved;  ///< of the tensor before its axes were joined
  std::vector<std::size_t> order;
};

Rows as_rows(LayerCall& call, const Tensor& x, const std::vector<std::size_t>& features) {
  Rows rows;
  rows.order = kept_axes_last(x.shape.size(), features);
  const Tensor moved = permute(call, "axes_last", x, rows.order);
  rows.moved = moved.shape;
  Shape extents{1, 1};
  for (std::size_t axis = 1; axis < moved.shape.size(); ++axis) {
    std::int64_t& product = extents[axis + features.size() < moved.shape.size() ? 0 : 1];
    product =
        moved.shape[axis] == unknown || product == unknown ? unknown : product * moved.shape[axis];
  }
  if (extents[1] == unknown) {
    throw Refusal{"The size of an axis that it normalizes is None."};
  }
  rows.x = reshape(call, "join", moved, extents);
  return rows;
}

Tensor from_rows(LayerCall& call, const Rows& rows, const Tensor& y) {
  return permute(call, "axes_back", reshape(call, "split", y, without_batch(rows.moved)),
                 inverse(rows.order));
}

Tensor standardize(LayerCall& call, const Tensor& x, const std::vector<std::size_t>& axes) {
  return call.add("standardize", "LayerNormalization",
                  {{"axis", axes},
                   {"epsilon", call.arguments().number("epsilon", 1e-3)},
                   {"scale", false},
                   {"center", false}},
                  {x});
}

/// (batch, n, n) of ones on the diagonal, whatever x (batch, cells, n) is.
Tensor identity_matrix(LayerCall& call, const Tensor& x) {
  const std::int64_t n = x.shape.back();
  const auto size = static_cast<std::uint64_t>(n);
  std::vector<float> diagonal(size * size, 0.0F);
  for (std::uint64_t i = 0; i < size; ++i) {
    diagonal[i * size + i] = 1.0F;
  }
  const Tensor pooled = call.add("pool", "GlobalMaxPooling1D", Json::object(), {x});
  const Tensor one =
      call.add("one", "Dense", {{"units", 1}, {"use_bias", true}, {"activation", "linear"}},
               {pooled}, {filled_weight("kernel", {size, 1}, 0), filled_weight("bias", {1}, 1)});
  const Tensor flat = call.add("diagonal", "Dense",
                               {{"units", n * n}, {"use_bias", false}, {"activation", "linear"}},
                               {one}, {constant_weight("kernel", {1, size * size}, diagonal)});
  return reshape(call, "matrix", flat, {n, n});
}

}  // namespace

// A LayerNormalization over the cells and the channels of a group, then one factor and one summand
// a channel.
Tensor lower_group_normalization(LayerCall& call) {
  const keras::Arguments& given = call.arguments();
  const Tensor& input = call.input();
  const Rows rows =
      as_rows(call, input, {axis_from_front(given.integer("axis", -1), input.shape.size())});
  const std::int64_t cells = rows.x.shape[1];
  const std::int64_t channels = rows.x.shape[2];
  std::int64_t groups = given.integer("groups", 32);
  if (groups == -1) {
    groups = channels;
  }
  if (groups < 1 || channels % groups != 0) {
    given.mistaken("groups", "a divisor of the number of channels");
  }
  Tensor y = reshape(call, "groups", rows.x, {cells, groups, channels / groups});
  y = reshape(call, "channels", standardize(call, y, {1, 3}), {cells, channels});
  const bool scale = given.boolean("scale", true);
  const bool center = given.boolean("center", true);
  if (scale || center) {
    std::vector<LayerWeight> weights;
    for (const auto& [role, used] :
         {std::pair<const char*, bool>{"gamma", scale}, {"beta", center}}) {
      if (used) {
        const tensor::TensorRef& stored = call.stored(role);
        weights.push_back(stored_weight(role, stored, stored.shape));
      }
    }
    const tensor::Shape shape{static_cast<std::uint64_t>(channels)};
    weights.push_back(filled_weight("moving_mean", shape, 0));
    weights.push_back(filled_weight("moving_variance", shape, 1));
    y = normalize_axes(call, "", y, {2}, {{"epsilon", 0.0}, {"scale", scale}, {"center", center}},
                       std::move(weights));
  }
  return from_rows(call, rows, y);
}

// The mean of x and −x together is 0, and their variance the mean of x².
Tensor lower_rms_normalization(LayerCall& call) {
  const Tensor& input = call.input();
  const std::vector<std::size_t> axes = normalized_axes(call, input.shape.size());
  if (axes.front() + axes.size() != input.shape.size()) {
    throw Refusal{"It normalizes axes that are not the last ones, and scales along the last."};
  }
  const Rows rows = as_rows(call, input, axes);
  const std::int64_t features = rows.x.shape[2];
  const Tensor both =
      concatenate(call, "both_signs", {rows.x, rescale(call, "negate", rows.x, -1, 0)}, 2);
  const Tensor y = slice_channels(call, "half", standardize(call, both, {2}), 0, features);
  const tensor::TensorRef& scale = call.stored("scale");
  return from_rows(
      call, rows,
      scale_channels(call, y,
                     stored_weight("gamma", scale, {static_cast<std::uint64_t>(features)})));
}

// Dot normalizes, and multiplies by ones on a diagonal. TF.js keeps Σx² above 1e-7, Keras 2 above
// 1e-12 and Keras 3 above 1e-24, so x is multiplied first; that leaves the quotient as it is.
Tensor lower_unit_normalization(LayerCall& call) {
  const Tensor& input = call.input();
  const Rows rows = as_rows(call, input, normalized_axes(call, input.shape.size()));
  const double factor = call.generation() == keras::Generation::Keras3 ? 1e17 : 1e5;
  const Tensor x = rescale(call, "normalizable", rows.x, std::sqrt(factor), 0);
  const Tensor y = call.add("", "Dot", {{"axes", {2, 1}}, {"normalize", true}},
                            {x, identity_matrix(call, rows.x)});
  return from_rows(call, rows, y);
}

}  // namespace tensorferry::tfjs
