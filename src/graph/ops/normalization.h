#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

/// Normalizations, and scales and offsets along axes.
namespace tensorferry::graph {

/// Inference: (x − moving_mean) / sqrt(moving_variance + epsilon) · gamma + beta along `axis`.
/// `momentum` is Keras's m (new = m · old + (1 − m) · batch). Input: x.
struct BatchNorm {
  std::size_t axis = 0;
  std::int64_t features = 0;
  double epsilon = 1e-3;
  double momentum = 0.99;
  bool scale = true;
  bool center = true;
  bool operator==(const BatchNorm&) const = default;
};

/// Over all `axes` at once; gamma and beta have the shape of those axes; each axis of a parameter
/// is called by its number in Keras's layout ("axis3"), so it is found whatever the layout is.
/// Standard: (x − mean) / sqrt(variance + ε). Deviation (Keras 3's `rms_scaling`): the mean is not
/// subtracted, x / sqrt(variance + ε). MeanSquare (RMSNormalization): x / sqrt(mean of x² + ε).
/// Then · gamma + beta. Input: x.
struct LayerNorm {
  enum class Kind { Standard, Deviation, MeanSquare };
  Kind kind = Kind::Standard;
  std::vector<std::size_t> axes;
  std::vector<std::int64_t> extents;
  double epsilon = 1e-3;
  bool scale = true;
  bool center = true;
  bool operator==(const LayerNorm&) const = default;
};

/// The channels along `axis` in `groups` of neighbours: (x − mean) / sqrt(variance + ε), both over
/// a sample's elements of a group; then · gamma(features) + beta(features) along the axis. Input:
/// x.
struct GroupNorm {
  std::size_t axis = 0;
  std::int64_t groups = 1;
  std::int64_t features = 0;
  double epsilon = 1e-3;
  bool scale = true;
  bool center = true;
  bool operator==(const GroupNorm&) const = default;
};

/// x / max(sqrt(Σx²), `least`), the sum over `axes` together. Input: x.
struct UnitNorm {
  std::vector<std::size_t> axes;  ///< ascending
  double least = 1e-12;
  bool operator==(const UnitNorm&) const = default;
};

/// (x − mean) / max(sqrt(variance), 1e-7), or its inverse. Parameters `mean`, `variance` as stored
/// (shape of `axes`, called by their numbers in Keras's layout: "axis3"), or constants of the
/// config in `mean` and `variance`, row-major over `axes` in the order that they stand there.
/// (keras/src/layers/preprocessing/normalization.py)
struct Normalize {
  std::vector<std::size_t> axes;  ///< kept axes; none: one scalar for all
  std::vector<double> mean;       ///< empty: a parameter
  std::vector<double> variance;
  bool invert = false;
  bool operator==(const Normalize&) const = default;
};

/// x · scale + offset with constants of the config; one number, or one for each position of `axis`.
struct ScaleOffset {
  std::vector<double> scale;
  std::vector<double> offset;
  std::size_t axis = 0;
  bool operator==(const ScaleOffset&) const = default;
};

/// x · gamma along one axis (ConvNeXt's LayerScale). Parameter `gamma`(features).
struct ChannelScale {
  std::size_t axis = 0;
  std::int64_t features = 0;
  bool operator==(const ChannelScale&) const = default;
};

}  // namespace tensorferry::graph
