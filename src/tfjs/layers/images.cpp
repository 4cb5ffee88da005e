#include "keras/layers/image_size.h"
#include "keras/layers/layer_call.h"
#include "tfjs/layers/families.h"
#include "tfjs/layers/matrices.h"
#include "tfjs/refusal.h"
#include "tfjs/steps.h"

namespace tensorferry::tfjs {
namespace {

using keras::ImageCrop;
using keras::ImageSize;
using tensor::Interpolation;

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

/// Along one axis, `pad` cells of `fill` at both ends.
Tensor padded(LayerCall& call, std::string_view part, const Tensor& x, std::size_t axis,
              std::int64_t pad, double fill) {
  if (pad == 0) return x;
  const std::int64_t size = x.shape[axis];
  AxisMatrix matrix = axis_matrix(size, size + 2 * pad);
  std::vector<float> around(static_cast<std::size_t>(size + 2 * pad), static_cast<float>(fill));
  for (std::int64_t i = 0; i < size; ++i) {
    matrix.at(i, i + pad) = 1;
    around[static_cast<std::size_t>(i + pad)] = 0;
  }
  return multiply_axis(call, part, x, axis, matrix, around);
}

AxisMatrix resizing_matrix(std::int64_t in, std::int64_t out, Interpolation interpolation,
                           bool antialias) {
  require_matrix(in, out);
  return {in, out, tensor::resampling_matrix(in, out, interpolation, antialias)};
}

// TF.js's own Resizing aligns the corners.
Tensor resized(LayerCall& call, const Tensor& x, const ImageSize& target,
               Interpolation interpolation = Interpolation::Bilinear, bool antialias = false) {
  const ImageSize size = size_of(call, x);
  const std::size_t height = is_channels_first(call) ? 2 : 1;
  const Tensor y =
      multiply_axis(call, "height", x, height,
                    resizing_matrix(size.height, target.height, interpolation, antialias));
  return multiply_axis(call, "width", y, height + 1,
                       resizing_matrix(size.width, target.width, interpolation, antialias));
}

}  // namespace

// TF.js's own CenterCrop takes neighbours of the cells, and begins a column late.
Tensor lower_center_crop(LayerCall& call) {
  const Tensor& x = call.input_of_rank(4);
  const ImageSize target = keras::target_size(call.arguments());
  const ImageCrop crop = computed([&] { return keras::center_crop(size_of(call, x), target); });
  if (!crop.resizes) return cropped(call, "", x, crop);
  const Tensor y = crop.is_nothing() ? x : cropped(call, "crop", x, crop);
  return resized(call, y, target);
}

Tensor lower_random_crop(LayerCall& call) {
  const Tensor& x = call.input_of_rank(4);
  const ImageSize target = keras::target_size(call.arguments());
  const keras::RandomCropUse use = computed([&] {
    return keras::random_crop_use(call.layer(), call.keras_call(), call.generation(),
                                  call.keras_version(), size_of(call, x), target);
  });
  call.note("training-only", use.note);
  if (!use.resizes) return lower_identity(call);
  const ImageCrop crop =
      computed([&] { return keras::crop_to_aspect_ratio(size_of(call, x), target); });
  return resized(call, crop.is_nothing() ? x : cropped(call, "crop", x, crop), target);
}

Tensor lower_resizing(LayerCall& call) {
  const Tensor& x = call.input_of_rank(4);
  const ImageSize target = keras::target_size(call.arguments());
  const keras::Resizing resizing =
      computed([&] { return keras::resizing_of(call.arguments(), size_of(call, x), target); });
  const ImageCrop& crop = resizing.crop;
  Tensor y = x;
  if (crop.top < 0 || crop.left < 0) {
    const std::size_t height = is_channels_first(call) ? 2 : 1;
    y = padded(call, "pad_height", y, height, -crop.top, resizing.fill);
    y = padded(call, "pad_width", y, height + 1, -crop.left, resizing.fill);
  } else if (!crop.is_nothing()) {
    y = cropped(call, "crop", x, crop);
  }
  return resized(call, y, target, resizing.interpolation, resizing.antialias);
}

}  // namespace tensorferry::tfjs
