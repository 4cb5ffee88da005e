#include "keras/layers/images.h"

#include <fmt/format.h>

#include <algorithm>

#include "graph/functions.h"
#include "keras/layers/categories.h"
#include "keras/layers/image_size.h"
#include "keras/layers/layer_call.h"

namespace tensorferry::keras {

namespace {

using tensor::Interpolation;

constexpr std::string_view auto_contrast_arguments[] = {"bounding_box_format", "data_format",
                                                        "value_range"};
constexpr std::string_view clahe_arguments[] = {"bounding_box_format", "clip_limit", "data_format",
                                                "tile_grid_size", "value_range"};
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
                          tensor::Interpolation interpolation, bool antialias = false) {
  graph::Function resize;
  resize.kind = graph::find_function("resize");
  resize.axes = {images.channel_axis};
  resize.integers = {target.height, target.width, antialias ? 1 : 0};
  resize.text = tensor::interpolation_name(interpolation);
  resize.operands = {std::nullopt};
  resize.dtypes = {call.value(images.value).dtype};
  return resize;
}

/// `value_range`: two numbers that differ.
std::vector<double> value_range_of(const Arguments& arguments) {
  std::vector<double> range{0, 255};
  if (arguments.find("value_range") != nullptr) range = arguments.number_list("value_range");
  if (range.size() != 2 || range[0] == range[1]) {
    arguments.mistaken("value_range", "two numbers that differ");
  }
  return range;
}

/// The axes after the batch, whatever the data format is. (keras/src/layers/preprocessing/
/// image_preprocessing/auto_contrast.py)
graph::ValueId lower_auto_contrast(LayerCall& call) {
  const graph::ValueId x = images_of(call).value;
  std::vector<double> range = value_range_of(call.arguments());
  std::sort(range.begin(), range.end());
  graph::Function stretch;
  stretch.axes = {1, 2};
  stretch.numbers = range;
  return add_function(call, "auto_contrast", {x}, call.value(x).dtype, std::move(stretch));
}

/// Contrast limited adaptive histogram equalization.
/// (keras/src/layers/preprocessing/image_preprocessing/clahe.py)
graph::ValueId lower_clahe(LayerCall& call) {
  const Images images = images_of(call);
  const ImageSize size = size_of(call, images);
  const std::vector<double> range = value_range_of(call.arguments());
  graph::Function clahe;
  clahe.axes = {images.channel_axis};
  clahe.integers = call.arguments().positive_integers("tile_grid_size", 2, 8);
  clahe.numbers = {call.arguments().number("clip_limit", 4), range[0], range[1]};
  // Keras mirrors no more of an image than there is.
  const auto is_mirrored = [](std::int64_t extent, std::int64_t tiles) {
    return extent != graph::unknown_extent && (extent + tiles - 1) / tiles * tiles > 2 * extent;
  };
  if (is_mirrored(size.height, clahe.integers[0]) || is_mirrored(size.width, clahe.integers[1])) {
    throw Refusal{"its images are too small for its tiles"};
  }
  const graph::ValueId x = images.value;
  return add_function(call, "clahe", {x}, call.value(x).dtype, std::move(clahe));
}

graph::ValueId lower_center_crop(LayerCall& call) {
  Images images = images_of(call);
  const ImageSize size = size_of(call, images);
  const ImageSize target = target_size(call.arguments());
  const ImageCrop crop = center_crop(size, target);
  if (!crop.resizes) return call.add(as_pads(images, crop), {images.value});
  if (!crop.is_nothing()) images.value = call.add_step(as_pads(images, crop), {images.value});
  return call.add(as_resize(call, images, target, Interpolation::Bilinear), {images.value});
}

graph::ValueId lower_resizing(LayerCall& call) {
  Images images = images_of(call);
  const ImageSize target = target_size(call.arguments());
  const Resizing resizing = resizing_of(call.arguments(), size_of(call, images), target);
  if (!resizing.crop.is_nothing()) {
    graph::PadAxes pads = as_pads(images, resizing.crop);
    pads.value = resizing.fill;
    images.value = call.add_step(pads, {images.value});
  }
  return call.add(as_resize(call, images, target, resizing.interpolation, resizing.antialias),
                  {images.value});
}

/// In Keras 2 the middle, resized (tf_keras/src/layers/preprocessing/image_preprocessing.py); in
/// Keras 3 nothing (random_crop.py: transform_images), whatever shape it declares.
graph::ValueId lower_random_crop(LayerCall& call) {
  Images images = images_of(call);
  const ImageSize target = target_size(call.arguments());
  const RandomCropUse use = random_crop_use(call.layer(), call.call(), call.generation(),
                                            call.keras_version(), size_of(call, images), target);
  call.note(io::Severity::Info, "training-only", use.note);
  if (!use.resizes) return call.add(graph::Identity{}, {images.value});
  const ImageCrop crop = crop_to_aspect_ratio(size_of(call, images), target);
  if (!crop.is_nothing()) images.value = call.add_step(as_pads(images, crop), {images.value});
  return call.add(as_resize(call, images, target, Interpolation::Bilinear), {images.value});
}

}  // namespace

const LayerKind auto_contrast_kind{auto_contrast_arguments, no_variables, lower_auto_contrast};
const LayerKind clahe_kind{clahe_arguments, no_variables, lower_clahe};
const LayerKind center_crop_kind{center_crop_arguments, no_variables, lower_center_crop};
const LayerKind random_crop_kind{random_crop_arguments, no_variables, lower_random_crop};
const LayerKind resizing_kind{resizing_arguments, no_variables, lower_resizing};

}  // namespace tensorferry::keras
