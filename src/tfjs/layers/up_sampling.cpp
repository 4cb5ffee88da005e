#include <algorithm>

#include "tensor/resampling.h"
#include "tfjs/layers/families.h"
#include "tfjs/refusal.h"
#include "tfjs/steps.h"
#include "tfjs/weights.h"

namespace tensorferry::tfjs {
namespace {

using tensor::Interpolation;

/// Multiplies the last axis by the matrix.
Tensor resize_last_axis(LayerCall& call, const std::string& part, const Tensor& x,
                        std::int64_t factor, Interpolation interpolation) {
  const std::int64_t in = x.shape.back();
  if (in == unknown) {
    throw Refusal{
        "TF.js's own resizing is not centred on half pixels, and for a fixed matrix its "
        "input has a size of None."};
  }
  const std::int64_t out = in * factor;
  const auto rows = static_cast<std::uint64_t>(in);
  const auto columns = static_cast<std::uint64_t>(out);
  return call.add(part, "Dense",
                  {{"units", columns}, {"use_bias", false}, {"activation", "linear"}}, {x},
                  {constant_weight("kernel", {rows, columns},
                                   tensor::resampling_matrix(in, out, interpolation, false))});
}

/// Channels last: width, then height, each as the last axis.
Tensor interpolate(LayerCall& call, const Tensor& x, const std::vector<std::int64_t>& factors,
                   Interpolation interpolation) {
  Tensor y = permute(call, "width_last", x, {3, 1, 2});  // (c, h, w)
  y = resize_last_axis(call, "width", y, factors[1], interpolation);
  y = permute(call, "height_last", y, {1, 3, 2});  // (c, w, h)
  y = resize_last_axis(call, "height", y, factors[0], interpolation);
  return permute(call, "channels_last_again", y, {3, 2, 1});  // (h, w, c)
}

}  // namespace

Tensor lower_up_sampling(LayerCall& call) {
  const Tensor& input = call.input();
  const std::size_t rank = input.shape.size() - 2;
  const std::vector<std::int64_t> factors = call.arguments().integers("size", rank, 2);
  const std::string interpolation = call.arguments().text("interpolation", "nearest");
  const auto found = tensor::find_interpolation(interpolation);
  if (!found || !tensor::is_of_keras3(*found)) {
    throw Refusal{"TF.js has no interpolation \"" + interpolation + "\"."};
  }
  // tfjs-backend-cpu's ResizeNearestNeighbor: floor(row · (in / out)), which is right up to 48.
  if (std::any_of(factors.begin(), factors.end(), [](std::int64_t f) { return f > 48; })) {
    throw Refusal{"TF.js's rounding of its rows is not right for a factor above 48."};
  }
  if (interpolation == "nearest" && rank == 2) {
    return call.add(
        "", "UpSampling2D",
        {{"size", factors}, {"data_format", data_format(call)}, {"interpolation", interpolation}},
        {input});
  }
  const bool first = is_channels_first(call);
  const Tensor x = first ? to_channels_last(call, input) : input;
  const Tensor y = interpolation == "nearest" ? repeat_elements(call, "size", x, factors)
                                              : interpolate(call, x, factors, found.value());
  return first ? to_channels_first(call, y) : y;
}

}  // namespace tensorferry::tfjs
