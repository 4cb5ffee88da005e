#include "tensor/resampling.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tensorferry::tensor {

namespace {

constexpr std::pair<std::string_view, Interpolation> names[] = {
    {"nearest", Interpolation::Nearest},   {"bilinear", Interpolation::Bilinear},
    {"bicubic", Interpolation::Bicubic},   {"lanczos3", Interpolation::Lanczos3},
    {"lanczos5", Interpolation::Lanczos5}, {"gaussian", Interpolation::Gaussian},
    {"area", Interpolation::Area},         {"mitchellcubic", Interpolation::MitchellCubic},
};

float lanczos(float x, float radius) {
  constexpr float pi = 3.14159265358979F;
  if (x > radius) return 0;
  if (x <= 1e-3F) return 1;
  return radius * std::sin(pi * x) * std::sin(pi * x / radius) / (pi * pi * x * x);
}

float keys_cubic(float x) {
  if (x >= 2) return 0;
  return x >= 1 ? ((-0.5F * x + 2.5F) * x - 4) * x + 2 : (1.5F * x - 2.5F) * x * x + 1;
}

float mitchell_cubic(float x) {
  if (x >= 2) return 0;
  return x >= 1 ? ((-7.0F / 18 * x + 2) * x - 10.0F / 3) * x + 16.0F / 9
                : (7.0F / 6 * x - 2) * x * x + 8.0F / 9;
}

float gaussian(float x) {
  constexpr float radius = 1.5F;
  constexpr float sigma = radius / 3;
  return x >= radius ? 0 : std::exp(-x * x / (2 * sigma * sigma));
}

/// The weight of a cell at `distance`, which is not negative.
float weight_of(Interpolation interpolation, float distance) {
  switch (interpolation) {
    case Interpolation::Bicubic:
      return keys_cubic(distance);
    case Interpolation::Lanczos3:
      return lanczos(distance, 3);
    case Interpolation::Lanczos5:
      return lanczos(distance, 5);
    case Interpolation::Gaussian:
      return gaussian(distance);
    case Interpolation::MitchellCubic:
      return mitchell_cubic(distance);
    case Interpolation::Bilinear:
    case Interpolation::Nearest:
    case Interpolation::Area:
      break;
  }
  return std::max(0.0F, 1 - distance);
}

float rounded_to_cells_of_1024(float position) {
  const float below = std::floor(position);
  return below + std::nearbyint((position - below) * 1024) / 1024;
}

/// One new cell's weights of all old ones.
struct Column {
  std::vector<float> weights;

  void scale_to_one() {
    float sum = 0;
    for (const float weight : weights) sum += weight;
    if (sum == 0) return;
    for (float& weight : weights) weight /= sum;
  }
};

Column nearest_column(std::size_t in, float center) {
  Column column{std::vector<float>(in, 0)};
  column.weights[std::min(static_cast<std::size_t>(std::floor(center)), in - 1)] = 1;
  return column;
}

/// How much of each old cell lies in the new one.
Column area_column(std::size_t in, float begin, float end) {
  Column column{std::vector<float>(in, 0)};
  for (std::size_t i = 0; i < in; ++i) {
    const auto cell = static_cast<float>(i);
    column.weights[i] = std::max(0.0F, std::min(cell + 1, end) - std::max(cell, begin));
  }
  column.scale_to_one();
  return column;
}

}  // namespace

std::optional<Interpolation> find_interpolation(std::string_view name) {
  for (const auto& [known, interpolation] : names) {
    if (known == name) return interpolation;
  }
  return std::nullopt;
}

bool is_of_keras3(Interpolation interpolation) {
  return interpolation != Interpolation::Gaussian &&
         interpolation != Interpolation::MitchellCubic && interpolation != Interpolation::Area;
}

Interpolation enlarging(Interpolation interpolation) {
  return interpolation == Interpolation::Area ? Interpolation::Nearest : interpolation;
}

std::string_view interpolation_name(Interpolation interpolation) {
  for (const auto& [name, known] : names) {
    if (known == interpolation) return name;
  }
  return "";
}

std::vector<float> resampling_matrix(std::int64_t in, std::int64_t out, Interpolation interpolation,
                                     bool antialias) {
  const auto rows = static_cast<std::size_t>(in);
  const auto columns = static_cast<std::size_t>(out);
  const float scale = static_cast<float>(in) / static_cast<float>(out);
  const float stretch = antialias ? std::max(scale, 1.0F) : 1.0F;
  std::vector<float> matrix(rows * columns, 0);
  for (std::size_t o = 0; o < columns; ++o) {
    const auto place = static_cast<float>(o);
    const float center = (place + 0.5F) * scale;
    Column column;
    if (interpolation == Interpolation::Nearest) {
      column = nearest_column(rows, center);
    } else if (interpolation == Interpolation::Area) {
      column = area_column(rows, place * scale, (place + 1) * scale);
    } else {
      float position = center - 0.5F;
      const bool rounds = interpolation == Interpolation::Bicubic && !antialias;
      if (rounds) position = rounded_to_cells_of_1024(position);
      for (std::size_t i = 0; i < rows; ++i) {
        const float distance = std::abs(static_cast<float>(i) - position) / stretch;
        column.weights.push_back(weight_of(interpolation, distance));
      }
      column.scale_to_one();
    }
    for (std::size_t i = 0; i < rows; ++i) matrix[i * columns + o] = column.weights[i];
  }
  return matrix;
}

}  // namespace tensorferry::tensor
