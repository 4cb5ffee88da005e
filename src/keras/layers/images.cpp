#include "keras/layers/images.h"

#include <fmt/format.h>

#include "graph/functions.h"
#include "keras/layers/image_size.h"
#include "keras/layers/layer_call.h"

namespace tensorferry::keras {

namespace {

constexpr std::string_view center_crop_arguments[] = {"data_format", "height", "width"};
// What it fills with matters to `pad_to_aspect_ratio` only.
constexpr std::string_view resizing_arguments[] = {
    "antialias", "crop_to_aspect_ratio", "data_format",         "fill_mode", "fill_value",
    "height",    "interpolation",        "pad_to_aspect_ratio", "width"};

/// The batch of images, and which axis is that of the channels.
struct Images {
  graph::ValueId value = 0;
  std::size_t channel_axis = 3;
};

Images images_of(LayerCall& call) {
  Images images{call.input_of_rank(4), channel_axis(call.arguments(), 4)};
  if (!tensor::is_floating_point(call.value(images.value).dtype)) {
    throw Refusal{"its images are whole numbers, which it would cast"};
  }
  return images;
}

ImageSize size_of(LayerCall& call, const Images& images) {
  const auto& shape = call.value(images.value).shape;
  const std::size_t height = images.channel_axis == 1 ? 2 : 1;
  return {shape[height], shape[height + 1]};
}

graph::PadAxes as_pads(const Images& images, const ImageCrop& crop) {
  graph::PadAxes pad;
  pad.pads.resize(4);
  const std::size_t height = images.channel_axis == 1 ? 2 : 1;
  pad.pads[height] = {-crop.top, -crop.bottom};
  pad.pads[height + 1] = {-crop.left, -crop.right};
  return pad;
}

graph::Function as_resize(LayerCall& call, const Images& images, const ImageSize& target,
                          std::string interpolation) {
  graph::Function resize;
  resize.kind = graph::find_function("resize");
  resize.axes = {images.channel_axis};
  resize.integers = {target.height, target.width};
  resize.text = std::move(interpolation);
  resize.operands = {std::nullopt};
  resize.dtypes = {call.value(images.value).dtype};
  return resize;
}

graph::ValueId lower_center_crop(LayerCall& call) {
  Images images = images_of(call);
  const ImageSize size = size_of(call, images);
  const ImageSize target = target_size(call.arguments());
  const ImageCrop crop = center_crop(size, target);
  if (!crop.resizes) return call.add(as_pads(images, crop), {images.value});
  if (!crop.is_nothing()) images.value = call.add_step(as_pads(images, crop), {images.value});
  return call.add(as_resize(call, images, target, "bilinear"), {images.value});
}

/// keras/src/layers/preprocessing/image_preprocessing/resizing.py, which is
/// keras/src/backend/tensorflow/image.py: resize
graph::ValueId lower_resizing(LayerCall& call) {
  Images images = images_of(call);
  const ImageSize target = target_size(call.arguments());
  const std::string interpolation = resizing_interpolation(call.arguments());
  if (call.arguments().boolean("crop_to_aspect_ratio", false)) {
    const ImageCrop crop = crop_to_aspect_ratio(size_of(call, images), target);
    if (!crop.is_nothing()) images.value = call.add_step(as_pads(images, crop), {images.value});
  }
  return call.add(as_resize(call, images, target, interpolation), {images.value});
}

}  // namespace

const LayerKind center_crop_kind{center_crop_arguments, no_variables, lower_center_crop};
const LayerKind resizing_kind{resizing_arguments, no_variables, lower_resizing};

}  // namespace tensorferry::keras
