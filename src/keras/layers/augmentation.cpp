#include "keras/layers/augmentation.h"

#include <algorithm>
#include <iterator>

#include "keras/layers/layer_call.h"
#include "keras/layers/table.h"

namespace tensorferry::keras {

namespace {

// All of them only say how images are changed in training.
constexpr std::string_view augmentation_arguments[] = {
    "addition_factor",
    "all_ops",
    "alpha",
    "bins",
    "bounding_box_format",
    "brightness_factor",
    "chain_depth",
    "contrast_factor",
    "data_format",
    "factor",
    "fill_mode",
    "fill_value",
    "height_factor",
    "hue_factor",
    "interpolation",
    "kernel_size",
    "mode",
    "num_chains",
    "num_ops",
    "rng_type",
    "saturation_factor",
    "scale",
    "sigma",
    "threshold_factor",
    "value_range",
    "width_factor",
    "x_factor",
    "y_factor",
};

/// keras/src/layers/preprocessing/image_preprocessing/: `transform_images` gives the images back
/// where `training` is false; Keras 2's `call` in image_preprocessing.py does too.
graph::ValueId lower_augmentation(LayerCall& call) {
  const graph::ValueId input = call.input();
  if (is_called_in_training(call.call()) &&
      !says_training_by_default(call.layer(), call.generation())) {
    throw Refusal{"it is always called in training mode"};
  }
  call.note(io::Severity::Info, "training-only",
            call.layer().class_name +
                " changes images in training only; the converted model leaves them as they are.");
  return call.add(graph::Identity{}, {input});
}

}  // namespace

const LayerKind augmentation_kind{augmentation_arguments, no_variables, lower_augmentation};

bool says_training_by_default(const Layer& layer, Generation generation) {
  constexpr std::string_view others[] = {
      "AutoContrast", "ContrastLimitedAdaptiveHistogramEqualization", "Pipeline", "RandomCrop"};
  return generation == Generation::Keras3 &&
         (find_layer_kind(layer.class_name) == &augmentation_kind ||
          std::find(std::begin(others), std::end(others), layer.class_name) != std::end(others));
}

}  // namespace tensorferry::keras
