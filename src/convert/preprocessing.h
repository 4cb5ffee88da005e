#pragma once

#include <string>
#include <vector>

#include "keras/model.h"

namespace tensorferry::convert {

/// What the weights of `keras.applications` want of an image's pixels (RGB, 0 to 255), by the modes
/// of `preprocess_input` in keras/src/applications/imagenet_utils.py, and `raw`: nothing, as the
/// model rescales by itself. For each input of the model; empty where nothing is known of it.
/// An architecture is known by the name that Keras gives it: the model's own, or that of a nested
/// model which takes the input as it is.
std::vector<std::string> preprocessing_of_inputs(const keras::Model& model);

/// The sentence that says what is done to the pixels; `mode` is one of the above, not empty.
std::string preprocessing_text(const std::string& mode);

}  // namespace tensorferry::convert
