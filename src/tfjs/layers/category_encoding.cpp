#include <string>

#include "tfjs/layers/families.h"
#include "tfjs/layers/matrices.h"
#include "tfjs/refusal.h"
#include "tfjs/steps.h"
#include "tfjs/weights.h"

namespace tensorferry::tfjs {
namespace {

/// Each category as the row of an identity matrix, along a new last axis.
Tensor one_hot(LayerCall& call, std::string_view part, const Tensor& x, std::int64_t depth) {
  AxisMatrix identity = axis_matrix(depth, depth);
  for (std::int64_t i = 0; i < depth; ++i) identity.at(i, i) = 1;
  const auto extent = static_cast<std::uint64_t>(depth);
  return call.add(part, "Embedding", {{"input_dim", depth}, {"output_dim", depth}}, {x},
                  {constant_weight("embeddings", {extent, extent}, identity.values)});
}

Tensor summed_over_first(LayerCall& call, const Tensor& x) {
  AxisMatrix ones = axis_matrix(x.shape[1], 1);
  for (std::int64_t i = 0; i < ones.rows; ++i) ones.at(i, 0) = 1;
  const Tensor sum = multiply_axis(call, "sum", x, 1, ones);
  return reshape(call, "", sum, {x.shape.begin() + 2, x.shape.end()});
}

Tensor greatest_of_first(LayerCall& call, const Tensor& x) {
  Tensor y = x;
  const Shape rest(x.shape.begin() + 2, x.shape.end());
  std::int64_t count = 1;
  for (const std::int64_t extent : rest) {
    if (extent == unknown) throw Refusal{"TF.js's Reshape wants to know the sizes."};
    count *= extent;
  }
  if (rest.size() > 1) y = reshape(call, "rows", y, {x.shape[1], count});
  y = call.add(rest.size() > 1 ? "max" : "", "GlobalMaxPooling1D", Json::object(), {y});
  return rest.size() > 1 ? reshape(call, "", y, rest) : y;
}

}  // namespace

// TF.js's own writes the shape of its result over that of its input (category_encoding.ts:
// computeOutputShape), and takes one axis besides the batch.
Tensor lower_category_encoding(LayerCall& call) {
  const Tensor& x = call.inputs().at(0);
  const std::size_t rank = x.shape.size();
  const std::string mode = call.arguments().text("output_mode", "multi_hot");
  const std::int64_t depth = call.arguments().positive_integer("num_tokens");
  const bool counts = mode == "count";
  if (call.arguments().boolean("sparse", false)) throw Refusal{"TF.js has no sparse tensors."};
  if (rank < 2) throw Refusal{"TF.js wants a batch and an axis in each tensor."};
  if (mode == "one_hot") {
    if (x.shape.back() == unknown) throw Refusal{"Its last axis has a size of None."};
    if (x.shape.back() != 1) return one_hot(call, "", x, depth);
    Shape extents(x.shape.begin() + 1, x.shape.end());
    extents.back() = depth;
    return reshape(call, "", one_hot(call, "one_hot", x, depth), extents);
  }
  if (!counts && mode != "multi_hot" && mode != "binary") {
    call.arguments().mistaken("output_mode", "one of Keras's");
  }
  Tensor y = one_hot(call, "one_hot", x, depth);
  if (call.inputs().size() == 2) {
    const Tensor& weights = call.inputs()[1];
    if (!counts || weights.shape.size() != rank) {
      throw Refusal{"Its `count_weights` do not go with its categories."};
    }
    Shape extents(weights.shape.begin() + 1, weights.shape.end());
    extents.push_back(1);
    y = multiply(call, "weighted", y, reshape(call, "weights", weights, extents));
  }
  return counts ? summed_over_first(call, y) : greatest_of_first(call, y);
}

}  // namespace tensorferry::tfjs
