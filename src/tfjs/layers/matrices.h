#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tfjs/builder.h"

namespace tensorferry::tfjs {

/// What makes an axis of `rows` elements into one of `columns`: row-major (rows, columns).
struct AxisMatrix {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::vector<float> values;

  float& at(std::int64_t row, std::int64_t column) {
    return values[static_cast<std::size_t>(row * columns + column)];
  }
};

/// Throws Refusal where TF.js would need a size that is not known, or an unreasonably large matrix.
void require_matrix(std::int64_t rows, std::int64_t columns);

/// Zeros. Throws as `require_matrix`.
AxisMatrix axis_matrix(std::int64_t rows, std::int64_t columns);

/// x along axis `axis` (the batch is 0) times the matrix, plus `bias` (columns) if it has elements:
/// a Dense, between Permutes where the axis is not the last one.
Tensor multiply_axis(LayerCall& call, std::string_view part, const Tensor& x, std::size_t axis,
                     const AxisMatrix& matrix, const std::vector<float>& bias = {});

}  // namespace tensorferry::tfjs
