#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

/// How an axis of an image is resized, as `tf.image.resize` does: centers of half a pixel, weights
/// of cells beyond the border left out and the others scaled to a sum of 1.
namespace tensorferry::tensor {

enum class Interpolation {
  Nearest,
  Bilinear,
  Bicubic,
  Lanczos3,
  Lanczos5,
  Gaussian,
  MitchellCubic,
  Area
};

/// "nearest", "bilinear" …, as Keras writes it; none if there is none of that name.
std::optional<Interpolation> find_interpolation(std::string_view name);
/// Whether Keras 3 has it.
bool is_of_keras3(Interpolation interpolation);
/// What is the same where a map is enlarged by whole factors: the area of a new cell lies in one
/// old cell.
Interpolation enlarging(Interpolation interpolation);
std::string_view interpolation_name(Interpolation interpolation);

/// What each of `in` cells gives to each of `out` ones, row-major (in, out), computed in float32 as
/// TensorFlow does. `antialias`: the kernel is as wide as the new cells where these are larger; it
/// means nothing to Nearest and Area. Bicubic is Keys's with a = −0.5 (torch's has −0.75), and
/// without `antialias` TensorFlow rounds the fraction of the sampled point to 1/1024.
/// (tensorflow/core/kernels/image: resize_nearest_neighbor_op.cc, resize_bilinear_op.cc,
/// resize_bicubic_op.cc: GetWeightsAndIndices, resize_area_op.cc, scale_and_translate_op.cc:
/// ComputeSpansCore, sampling_kernels.h)
std::vector<float> resampling_matrix(std::int64_t in, std::int64_t out, Interpolation interpolation,
                                     bool antialias);

}  // namespace tensorferry::tensor
