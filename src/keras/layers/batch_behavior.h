#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "keras/layers/arguments.h"
#include "keras/model.h"

/// What BatchNormalization does beyond its arguments' words; both targets read it here.
namespace tensorferry::keras {

/// A warning where what wrote the file used a larger epsilon than today's Keras does: before
/// TensorFlow 2.12 the fused kernel, which Keras 2 takes for images and volumes, raised smaller
/// ones (tensorflow/python/ops/nn_impl.py 2.11: fused_batch_norm; tf_keras's
/// batch_normalization.py: build). Empty where there is none. `axes` of `rank` are normalized.
std::string batch_epsilon_warning(const Layer& layer, Generation generation,
                                  std::string_view keras_version, std::size_t rank,
                                  const std::vector<std::size_t>& axes);

/// What Keras does in training only and no other framework's layer does; empty if nothing.
std::string_view batch_training_note(const Arguments& arguments);

}  // namespace tensorferry::keras
