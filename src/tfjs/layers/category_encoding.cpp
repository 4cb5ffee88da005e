#include <algorithm>
#include <string>
#include <vector>

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

/// What the layer makes of one code along the last axis for each category of `shape`.
Tensor encoded(LayerCall& call, const Shape& shape, std::int64_t depth, const std::string& mode,
               const Tensor& codes) {
  if (mode == "one_hot") {
    if (shape.back() == unknown) throw Refusal{"Its last axis has a size of None."};
    if (shape.back() != 1) return codes;
    Shape extents(shape.begin() + 1, shape.end());
    extents.back() = depth;
    return reshape(call, "", codes, extents);
  }
  if (mode == "count") return summed_over_first(call, codes);
  if (mode != "multi_hot" && mode != "binary") {
    call.arguments().mistaken("output_mode", "one of Keras's");
  }
  return greatest_of_first(call, codes);
}

void require_dense_and_batch(const LayerCall& call, const Tensor& x) {
  if (call.arguments().boolean("sparse", false)) throw Refusal{"TF.js has no sparse tensors."};
  if (x.shape.size() < 2) throw Refusal{"TF.js wants a batch and an axis in each tensor."};
}

/// 1 where x is below the boundary, else 0, for each of them along a new last axis: their
/// difference, so much larger that any but 0 is above 1, and cut off there.
Tensor below_boundaries(LayerCall& call, const Tensor& x, const std::vector<float>& boundaries) {
  constexpr double much = 1e38;
  Shape extents(x.shape.begin() + 1, x.shape.end());
  extents.push_back(1);
  const std::uint64_t count = boundaries.size();
  Tensor y = call.add("differences", "Dense",
                      {{"units", count}, {"use_bias", true}, {"activation", "linear"}},
                      {reshape(call, "apart", x, extents)},
                      {constant_weight("kernel", {1, count}, std::vector<float>(count, -1.0F)),
                       constant_weight("bias", {count}, boundaries)});
  for (const std::string part : {"more", "most"}) {
    y = relu(call, part + "_cut", rescale(call, part, y, much, 0), 1);
  }
  return y;
}

/// The number of boundaries that are not above x.
Tensor bin_numbers(LayerCall& call, const Shape& shape, const Tensor& below) {
  const auto count = static_cast<std::uint64_t>(below.shape.back());
  const Tensor sum = call.add("bins", "Dense",
                              {{"units", 1}, {"use_bias", true}, {"activation", "linear"}}, {below},
                              {constant_weight("kernel", {count, 1}, std::vector<float>(count, -1)),
                               constant_weight("bias", {1}, {static_cast<float>(count)})});
  return reshape(call, "", sum, {shape.begin() + 1, shape.end()});
}

/// A bin is where x is below its upper boundary and not below its lower one.
Tensor bin_codes(LayerCall& call, std::string_view part, const Tensor& below) {
  const auto count = static_cast<std::uint64_t>(below.shape.back());
  const std::uint64_t bins = count + 1;
  std::vector<float> kernel(count * bins, 0.0F);
  for (std::uint64_t i = 0; i < count; ++i) {
    kernel[i * bins + i] = 1;
    kernel[i * bins + i + 1] = -1;
  }
  std::vector<float> bias(bins, 0.0F);
  bias.back() = 1;
  return call.add(
      part, "Dense", {{"units", bins}, {"use_bias", true}, {"activation", "linear"}}, {below},
      {constant_weight("kernel", {count, bins}, kernel), constant_weight("bias", {bins}, bias)});
}

}  // namespace

// TF.js's own writes the shape of its result over that of its input (category_encoding.ts:
// computeOutputShape), and takes one axis besides the batch.
Tensor lower_category_encoding(LayerCall& call) {
  const Tensor& x = call.inputs().at(0);
  const std::size_t rank = x.shape.size();
  const std::string mode = call.arguments().text("output_mode", "multi_hot");
  const std::int64_t depth = call.arguments().positive_integer("num_tokens");
  require_dense_and_batch(call, x);
  const bool is_whole = mode == "one_hot" && x.shape.back() != 1;
  Tensor y = one_hot(call, is_whole ? "" : "one_hot", x, depth);
  if (call.inputs().size() == 2) {
    const Tensor& weights = call.inputs()[1];
    if (mode != "count" || weights.shape.size() != rank) {
      throw Refusal{"Its `count_weights` do not go with its categories."};
    }
    Shape extents(weights.shape.begin() + 1, weights.shape.end());
    extents.push_back(1);
    y = multiply(call, "weighted", y, reshape(call, "weights", weights, extents));
  }
  return encoded(call, x.shape, depth, mode, y);
}

// keras/src/layers/preprocessing/discretization.py
Tensor lower_discretization(LayerCall& call) {
  const Tensor& x = call.input();
  const keras::Arguments& arguments = call.arguments();
  require_dense_and_batch(call, x);
  if (arguments.find("bin_boundaries") == nullptr) {
    throw Refusal{
        "Its boundaries were found by adapt(), and Keras 2 computes them anew when it loads the "
        "model; give them as `bin_boundaries`."};
  }
  if (arguments.find("bin_boundaries")->empty()) throw Refusal{"It has no boundaries."};
  std::vector<float> boundaries;
  for (const double boundary : arguments.number_list("bin_boundaries")) {
    boundaries.push_back(static_cast<float>(boundary));
  }
  if (!std::is_sorted(boundaries.begin(), boundaries.end())) {
    arguments.mistaken("bin_boundaries", "numbers that ascend");
  }
  const std::string mode = arguments.text("output_mode", "int");
  const Tensor below = below_boundaries(call, x, boundaries);
  if (mode == "int") return bin_numbers(call, x.shape, below);
  const auto depth = static_cast<std::int64_t>(boundaries.size()) + 1;
  const bool is_whole = mode == "one_hot" && x.shape.back() != 1;
  return encoded(call, x.shape, depth, mode, bin_codes(call, is_whole ? "" : "codes", below));
}

}  // namespace tensorferry::tfjs
