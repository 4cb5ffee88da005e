#include <algorithm>
#include <cmath>

#include "keras/layers/image_size.h"
#include "keras/layers/layer_call.h"
#include "tfjs/layers/families.h"
#include "tfjs/layers/matrices.h"
#include "tfjs/refusal.h"

namespace tensorferry::tfjs {
namespace {

using keras::ImageCrop;
using keras::ImageSize;

/// The numbers of which `compute` says that there are none are refused here too.
template <class Compute>
auto computed(Compute compute) {
  try {
    return compute();
  } catch (const keras::Refusal& refusal) {
    throw Refusal{"As to PyTorch, " + refusal.reason + "."};
  }
}

ImageSize size_of(const LayerCall& call, const Tensor& x) {
  const std::size_t height = is_channels_first(call) ? 2 : 1;
  return {x.shape[height], x.shape[height + 1]};
}

Tensor cropped(LayerCall& call, std::string_view part, const Tensor& x, const ImageCrop& crop) {
  const Json margins = {{crop.top, crop.bottom}, {crop.left, crop.right}};
  return call.add(part, "Cropping2D", {{"cropping", margins}, {"data_format", data_format(call)}},
                  {x});
}

/// Half-pixel centres, in float32 as TensorFlow computes them.
/// (tensorflow/core/kernels/image/resize_nearest_neighbor_op.cc, resize_bilinear_op.cc)
AxisMatrix resizing_matrix(std::int64_t in, std::int64_t out, bool nearest) {
  AxisMatrix matrix = axis_matrix(in, out);
  const float scale = static_cast<float>(in) / static_cast<float>(out);
  for (std::int64_t i = 0; i < out; ++i) {
    const float center = (static_cast<float>(i) + 0.5F) * scale;
    const auto cell = [&](float position) {
      return std::clamp<std::int64_t>(static_cast<std::int64_t>(position), 0, in - 1);
    };
    if (nearest) {
      matrix.at(cell(std::floor(center)), i) = 1;
      continue;
    }
    const float below = std::floor(center - 0.5F);
    const float share = center - 0.5F - below;
    matrix.at(cell(below), i) += 1 - share;
    matrix.at(cell(below + 1), i) += share;
  }
  return matrix;
}

// TF.js's own Resizing aligns the corners.
Tensor resized(LayerCall& call, const Tensor& x, const ImageSize& target, bool nearest) {
  const ImageSize size = size_of(call, x);
  const std::size_t height = is_channels_first(call) ? 2 : 1;
  const Tensor y = multiply_axis(call, "height", x, height,
                                 resizing_matrix(size.height, target.height, nearest));
  return multiply_axis(call, "width", y, height + 1,
                       resizing_matrix(size.width, target.width, nearest));
}

Tensor resized_middle(LayerCall& call, const Tensor& x, const ImageSize& target, bool nearest) {
  const ImageCrop crop =
      computed([&] { return keras::crop_to_aspect_ratio(size_of(call, x), target); });
  return resized(call, crop.is_nothing() ? x : cropped(call, "crop", x, crop), target, nearest);
}

}  // namespace

// TF.js's own CenterCrop takes neighbours of the cells, and begins a column late.
Tensor lower_center_crop(LayerCall& call) {
  const Tensor& x = call.input_of_rank(4);
  const ImageSize target = keras::target_size(call.arguments());
  const ImageCrop crop = computed([&] { return keras::center_crop(size_of(call, x), target); });
  if (!crop.resizes) return cropped(call, "", x, crop);
  const Tensor y = crop.is_nothing() ? x : cropped(call, "crop", x, crop);
  return resized(call, y, target, false);
}

Tensor lower_random_crop(LayerCall& call) {
  const Tensor& x = call.input_of_rank(4);
  const ImageSize target = keras::target_size(call.arguments());
  const keras::RandomCropUse use = computed([&] {
    return keras::random_crop_use(call.layer(), call.keras_call(), call.generation(),
                                  call.keras_version(), size_of(call, x), target);
  });
  call.note("training-only", use.note);
  return use.resizes ? resized_middle(call, x, target, false) : lower_identity(call);
}

Tensor lower_resizing(LayerCall& call) {
  const Tensor& x = call.input_of_rank(4);
  const ImageSize target = keras::target_size(call.arguments());
  const std::string interpolation =
      computed([&] { return keras::resizing_interpolation(call.arguments()); });
  const bool nearest = interpolation == "nearest";
  return call.arguments().boolean("crop_to_aspect_ratio", false)
             ? resized_middle(call, x, target, nearest)
             : resized(call, x, target, nearest);
}

}  // namespace tensorferry::tfjs
