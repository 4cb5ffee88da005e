#pragma once

#include <cstdint>
#include <string>

#include "keras/layers/arguments.h"
#include "tensor/resampling.h"

/// How Keras's layers cut and resize images; both targets read it here.
namespace tensorferry::keras {

struct ImageSize {
  std::int64_t height = 0;  ///< graph::unknown_extent if not known, as the width
  std::int64_t width = 0;
};

/// What is cut off an image, and whether the rest is resized to the target.
struct ImageCrop {
  std::int64_t top = 0;
  std::int64_t bottom = 0;
  std::int64_t left = 0;
  std::int64_t right = 0;
  bool resizes = false;

  bool is_nothing() const { return top == 0 && bottom == 0 && left == 0 && right == 0; }
};

/// `height` and `width` of the config.
ImageSize target_size(const Arguments& arguments);

/// The target out of the middle; of an image that is smaller, what `crop_to_aspect_ratio` says.
/// Throws Refusal if the size is not known.
/// (keras/src/layers/preprocessing/image_preprocessing/center_crop.py)
ImageCrop center_crop(const ImageSize& size, const ImageSize& target);

/// The largest part of the target's aspect ratio out of the middle, to be resized.
/// (keras/src/utils/image_utils.py: smart_resize)
ImageCrop crop_to_aspect_ratio(const ImageSize& size, const ImageSize& target);

/// What is added around it (negative) to make it the target's aspect ratio.
ImageCrop pad_to_aspect_ratio(const ImageSize& size, const ImageSize& target);

/// What a RandomCrop does at inference.
struct RandomCropUse {
  bool resizes = false;  ///< the middle to the target; else it gives the images back
  std::string note;
};

/// Throws Refusal where it crops at random, or where versions of Keras differ.
RandomCropUse random_crop_use(const Layer& layer, const Call& call, Generation generation,
                              std::string_view keras_version, const ImageSize& size,
                              const ImageSize& target);

/// What a Resizing does: it cuts off (or with negative numbers adds `fill` around), then resizes.
struct Resizing {
  ImageCrop crop;
  double fill = 0;
  tensor::Interpolation interpolation = tensor::Interpolation::Bilinear;
  bool antialias = false;
};

/// (keras/src/layers/preprocessing/image_preprocessing/resizing.py, which is
/// keras/src/backend/tensorflow/image.py: resize)
Resizing resizing_of(const Arguments& arguments, const ImageSize& size, const ImageSize& target);

}  // namespace tensorferry::keras
