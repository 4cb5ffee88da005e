#include "keras/layers/images.h"

#include <fmt/format.h>

#include <algorithm>

#include "graph/functions.h"
#include "keras/layers/categories.h"
#include "keras/layers/image_size.h"
#include "keras/layers/layer_call.h"

namespace tensorferry::keras {

namespace {

constexpr std::string_view auto_contrast_arguments[] = {"bounding_box_format", "data_format",
                                                        "value_range"};
constexpr std::string_view center_crop_arguments[] = {"data_format", "height", "width"};
constexpr std::string_view random_crop_arguments[] = {"bounding_box_format", "data_format",
                                                      "height", "rng_type", "width"};
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

/// The axes after the batch, whatever the data format is. (keras/src/layers/preprocessing/
/// image_preprocessing/auto_contrast.py)
graph::ValueId lower_auto_contrast(LayerCall& call) {
  const graph::ValueId x = images_of(call).value;
  std::vector<double> range{0, 255};
  if (call.arguments().find("value_range") != nullptr) {
    range = call.arguments().number_list("value_range");
  }
  if (range.size() != 2) call.arguments().mistaken("value_range", "two numbers");
  std::sort(range.begin(), range.end());
  if (range[0] == range[1]) call.arguments().mistaken("value_range", "two numbers that differ");
  graph::Function stretch;
  stretch.axes = {1, 2};
  stretch.numbers = range;
  return add_function(call, "auto_contrast", {x}, call.value(x).dtype, std::move(stretch));
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

graph::ValueId lower_resized_middle(LayerCall& call, Images images, const ImageSize& target,
                                    const std::string& interpolation) {
  const ImageCrop crop = crop_to_aspect_ratio(size_of(call, images), target);
  if (!crop.is_nothing()) images.value = call.add_step(as_pads(images, crop), {images.value});
  return call.add(as_resize(call, images, target, interpolation), {images.value});
}

/// keras/src/layers/preprocessing/image_preprocessing/resizing.py, which is
/// keras/src/backend/tensorflow/image.py: resize
graph::ValueId lower_resizing(LayerCall& call) {
  const Images images = images_of(call);
  const ImageSize target = target_size(call.arguments());
  const std::string interpolation = resizing_interpolation(call.arguments());
  if (call.arguments().boolean("crop_to_aspect_ratio", false)) {
    return lower_resized_middle(call, images, target, interpolation);
  }
  return call.add(as_resize(call, images, target, interpolation), {images.value});
}

/// In Keras 2 the middle, resized (tf_keras/src/layers/preprocessing/image_preprocessing.py); in
/// Keras 3 nothing (random_crop.py: transform_images), whatever shape it declares.
graph::ValueId lower_random_crop(LayerCall& call) {
  const Images images = images_of(call);
  const ImageSize target = target_size(call.arguments());
  const RandomCropUse use = random_crop_use(call.layer(), call.call(), call.generation(),
                                            call.keras_version(), size_of(call, images), target);
  call.note(io::Severity::Info, "training-only", use.note);
  if (!use.resizes) return call.add(graph::Identity{}, {images.value});
  return lower_resized_middle(call, images, target, "bilinear");
}

}  // namespace

const LayerKind auto_contrast_kind{auto_contrast_arguments, no_variables, lower_auto_contrast};
const LayerKind center_crop_kind{center_crop_arguments, no_variables, lower_center_crop};
const LayerKind random_crop_kind{random_crop_arguments, no_variables, lower_random_crop};
const LayerKind resizing_kind{resizing_arguments, no_variables, lower_resizing};

}  // namespace tensorferry::keras
