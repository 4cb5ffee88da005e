#include <algorithm>
#include <cmath>

#include "tfjs/layers/families.h"
#include "tfjs/refusal.h"
#include "tfjs/steps.h"
#include "tfjs/weights.h"

namespace tensorferry::tfjs {
namespace {

constexpr double pi = 3.14159265358979323846;

// The weight of a cell at distance `x`.
double triangle(double x) { return std::max(0.0, 1 - std::abs(x)); }

// Keys's cubic with a = −0.5 (tensorflow/core/kernels/image/resize_bicubic_op.cc).
double cubic(double x) {
  const double a = -0.5;
  const double d = std::abs(x);
  if (d <= 1) {
    return ((a + 2) * d - (a + 3)) * d * d + 1;
  }
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

// tensorflow/core/kernels/image/sampling_kernels.h: LanczosKernelFunc
double lanczos(double x, double radius) {
  const double d = std::abs(x);
  if (d > radius) {
    return 0;
  }
  return d <= 1e-3 ? 1 : radius * std::sin(pi * d) * std::sin(pi * d / radius) / (pi * pi * d * d);
}

double lanczos3(double x) { return lanczos(x, 3); }
double lanczos5(double x) { return lanczos(x, 5); }

struct Filter {
  double (*weight)(double distance) = nullptr;
  double radius = 1;
  /// TensorFlow's bicubic rounds the position between two cells to 1/1024.
  bool rounded = false;
};

Filter filter_called(const std::string& name) {
  if (name == "bilinear") {
    return {triangle, 1, false};
  }
  if (name == "bicubic") {
    return {cubic, 2, true};
  }
  if (name == "lanczos3") {
    return {lanczos3, 3, false};
  }
  if (name == "lanczos5") {
    return {lanczos5, 5, false};
  }
  throw Refusal{"TF.js has no interpolation \"" + name + "\"."};
}

/// (in, in · factor): column o holds the weights of the cells that make output o. Half-pixel
/// centres, cells outside left out, the rest made to sum to 1.
std::vector<float> resize_matrix(std::int64_t in, std::int64_t factor, const Filter& filter) {
  const std::int64_t out = in * factor;
  std::vector<float> matrix(static_cast<std::size_t>(in * out), 0.0F);
  for (std::int64_t o = 0; o < out; ++o) {
    double position = (static_cast<double>(o) + 0.5) / static_cast<double>(factor) - 0.5;
    if (filter.rounded) {
      const double floor = std::floor(position);
      position = floor + std::nearbyint((position - floor) * 1024) / 1024;
    }
    const auto first =
        std::max<std::int64_t>(0, static_cast<std::int64_t>(std::ceil(position - filter.radius)));
    const auto last = std::min<std::int64_t>(
        in - 1, static_cast<std::int64_t>(std::floor(position + filter.radius)));
    double sum = 0;
    for (std::int64_t i = first; i <= last; ++i) {
      sum += filter.weight(static_cast<double>(i) - position);
    }
    for (std::int64_t i = first; i <= last; ++i) {
      const double weight = filter.weight(static_cast<double>(i) - position) / sum;
      matrix[static_cast<std::size_t>(i * out + o)] = static_cast<float>(weight);
    }
  }
  return matrix;
}

/// Multiplies the last axis by the matrix.
Tensor resize_last_axis(LayerCall& call, const std::string& part, const Tensor& x,
                        std::int64_t factor, const Filter& filter) {
  const std::int64_t in = x.shape.back();
  if (in == unknown) {
    throw Refusal{
        "TF.js's own resizing is not centred on half pixels, and for a fixed matrix its "
        "input has a size of None."};
  }
  const auto rows = static_cast<std::uint64_t>(in);
  const auto columns = static_cast<std::uint64_t>(in * factor);
  return call.add(part, "Dense",
                  {{"units", columns}, {"use_bias", false}, {"activation", "linear"}}, {x},
                  {constant_weight("kernel", {rows, columns}, resize_matrix(in, factor, filter))});
}

/// Channels last: width, then height, each as the last axis.
Tensor interpolate(LayerCall& call, const Tensor& x, const std::vector<std::int64_t>& factors,
                   const Filter& filter) {
  Tensor y = permute(call, "width_last", x, {3, 1, 2});  // (c, h, w)
  y = resize_last_axis(call, "width", y, factors[1], filter);
  y = permute(call, "height_last", y, {1, 3, 2});  // (c, w, h)
  y = resize_last_axis(call, "height", y, factors[0], filter);
  return permute(call, "channels_last_again", y, {3, 2, 1});  // (h, w, c)
}

}  // namespace

Tensor lower_up_sampling(LayerCall& call) {
  const Tensor& input = call.input();
  const std::size_t rank = input.shape.size() - 2;
  const std::vector<std::int64_t> factors = call.arguments().integers("size", rank, 2);
  const std::string interpolation = call.arguments().text("interpolation", "nearest");
  // tfjs-backend-cpu's ResizeNearestNeighbor: floor(row · (in / out)), which is right up to 48.
  if (std::any_of(factors.begin(), factors.end(), [](std::int64_t f) { return f > 48; })) {
    throw Refusal{"TF.js's rounding of its rows is not right for a factor above 48."};
  }
  if (interpolation == "nearest" && rank == 2) {
    return call.add(
        "", "UpSampling2D",
        {{"size", factors}, {"data_format", data_format(call)}, {"interpolation", interpolation}},
        {input});
  }
  const bool first = is_channels_first(call);
  const Tensor x = first ? to_channels_last(call, input) : input;
  const Tensor y = interpolation == "nearest"
                       ? repeat_elements(call, "size", x, factors)
                       : interpolate(call, x, factors, filter_called(interpolation));
  return first ? to_channels_first(call, y) : y;
}

}  // namespace tensorferry::tfjs
