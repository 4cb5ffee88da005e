#include "keras/layers/image_size.h"

#include <fmt/format.h>

#include <algorithm>

#include "graph/graph.h"
#include "keras/keras_version.h"
#include "keras/layers/layer_call.h"

namespace tensorferry::keras {

namespace {

void require_known(const ImageSize& size) {
  if (size.height == graph::unknown_extent || size.width == graph::unknown_extent) {
    throw Refusal{"what it cuts off depends on the size of its images, which is None"};
  }
  if (size.height < 1 || size.width < 1) throw Refusal{"its images are empty"};
}

ImageCrop around(const ImageSize& size, std::int64_t height, std::int64_t width, bool resizes) {
  const std::int64_t top = (size.height - height) / 2;
  const std::int64_t left = (size.width - width) / 2;
  return {top, size.height - height - top, left, size.width - width - left, resizes};
}

/// int(float(extent · of) / by). Keras computes in float32 where it does not know the extents,
/// which is the same up to 2^24.
std::int64_t wanted(std::int64_t extent, std::int64_t of, std::int64_t by) {
  constexpr std::int64_t exact = std::int64_t{1} << 24;
  if (extent >= exact || of >= exact || extent * of >= exact) {
    throw Refusal{"its images are larger than Keras computes exactly with"};
  }
  return extent * of / by;
}

/// That, and 1 … limit.
std::int64_t in_proportion(std::int64_t extent, std::int64_t of, std::int64_t by,
                           std::int64_t limit) {
  return std::max<std::int64_t>(std::min(limit, wanted(extent, of, by)), 1);
}

}  // namespace

ImageSize target_size(const Arguments& arguments) {
  return {arguments.positive_integer("height"), arguments.positive_integer("width")};
}

ImageCrop center_crop(const ImageSize& size, const ImageSize& target) {
  require_known(size);
  if (size.height >= target.height && size.width >= target.width) {
    return around(size, target.height, target.width, false);
  }
  return crop_to_aspect_ratio(size, target);
}

ImageCrop crop_to_aspect_ratio(const ImageSize& size, const ImageSize& target) {
  require_known(size);
  const std::int64_t height = in_proportion(size.width, target.height, target.width, size.height);
  const std::int64_t width = in_proportion(size.height, target.width, target.height, size.width);
  return around(size, height, width, true);
}

ImageCrop pad_to_aspect_ratio(const ImageSize& size, const ImageSize& target) {
  require_known(size);
  const std::int64_t height = wanted(size.width, target.height, target.width) - size.height;
  const std::int64_t width = wanted(size.height, target.width, target.height) - size.width;
  const std::int64_t above = std::max<std::int64_t>(height, 0) / 2;
  const std::int64_t beside = std::max<std::int64_t>(width, 0) / 2;
  return {-above, -above, -beside, -beside, true};
}

Resizing resizing_of(const Arguments& arguments, const ImageSize& size, const ImageSize& target) {
  const std::string name = arguments.text("interpolation", "bilinear");
  const auto found = tensor::find_interpolation(name);
  if (!found) throw Refusal{fmt::format("its interpolation \"{}\" is not known", name)};
  Resizing resizing;
  resizing.interpolation = *found;
  resizing.antialias = arguments.boolean("antialias", false);
  if (arguments.boolean("crop_to_aspect_ratio", false)) {
    resizing.crop = crop_to_aspect_ratio(size, target);
  } else if (arguments.boolean("pad_to_aspect_ratio", false)) {
    resizing.crop = pad_to_aspect_ratio(size, target);
    resizing.fill = arguments.number("fill_value", 0);
  }
  return resizing;
}

RandomCropUse random_crop_use(const Layer& layer, const Call& call, Generation generation,
                              std::string_view keras_version, const ImageSize& size,
                              const ImageSize& target) {
  if (generation != Generation::Keras3) {
    if (is_called_in_training(call)) throw Refusal{"it is always called in training mode"};
    return {true, layer.class_name +
                      " crops at random in training only; the converted model resizes the middle "
                      "of the images, as Keras 2 does."};
  }
  require_known(size);
  const bool same = size.height == target.height && size.width == target.width;
  if (!same && is_before(keras_version, 3, 7)) {
    throw Refusal{"Keras before 3.7 resized its images, and today's gives them back as they are"};
  }
  return {false, layer.class_name +
                     " crops images in training only; the converted model leaves them as they "
                     "are, as Keras 3 does."};
}

}  // namespace tensorferry::keras
