#include <algorithm>

#include "tensor/resampling.h"
#include "tfjs/layers/families.h"
#include "tfjs/layers/matrices.h"
#include "tfjs/refusal.h"
#include "tfjs/steps.h"

namespace tensorferry::tfjs {
namespace {

using tensor::Interpolation;

Tensor interpolate(LayerCall& call, Tensor x, const std::vector<std::int64_t>& factors,
                   Interpolation interpolation) {
  constexpr std::string_view parts[] = {"height", "width"};
  const std::size_t first = is_channels_first(call) ? 2 : 1;
  for (std::size_t i = 0; i < factors.size(); ++i) {
    const std::int64_t in = x.shape[first + i];
    if (in == unknown) {
      throw Refusal{
          "TF.js's own resizing is not centred on half pixels, and for a fixed matrix its "
          "input has a size of None."};
    }
    const std::int64_t out = in * factors[i];
    require_matrix(in, out);
    const AxisMatrix matrix{in, out, tensor::resampling_matrix(in, out, interpolation, false)};
    x = multiply_axis(call, parts[i], x, first + i, matrix);
  }
  return x;
}

}  // namespace

Tensor lower_up_sampling(LayerCall& call) {
  const Tensor& input = call.input();
  const std::size_t rank = input.shape.size() - 2;
  const std::vector<std::int64_t> factors = call.arguments().integers("size", rank, 2);
  const std::string name = call.arguments().text("interpolation", "nearest");
  const auto found = tensor::find_interpolation(name);
  if (!found) throw Refusal{"TF.js has no interpolation \"" + name + "\"."};
  const Interpolation interpolation = tensor::enlarging(*found);
  if (interpolation != Interpolation::Nearest) {
    return interpolate(call, input, factors, interpolation);
  }
  // tfjs-backend-cpu's ResizeNearestNeighbor: floor(row · (in / out)), which is right up to 48.
  if (std::any_of(factors.begin(), factors.end(), [](std::int64_t f) { return f > 48; })) {
    throw Refusal{"TF.js's rounding of its rows is not right for a factor above 48."};
  }
  if (rank == 2) {
    return call.add(
        "", "UpSampling2D",
        {{"size", factors}, {"data_format", data_format(call)}, {"interpolation", "nearest"}},
        {input});
  }
  const bool first = is_channels_first(call);
  const Tensor x = first ? to_channels_last(call, input) : input;
  const Tensor y = repeat_elements(call, "size", x, factors);
  return first ? to_channels_first(call, y) : y;
}

}  // namespace tensorferry::tfjs
