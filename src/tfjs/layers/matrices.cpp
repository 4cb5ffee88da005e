#include "tfjs/layers/matrices.h"

#include <fmt/format.h>

#include "tfjs/refusal.h"
#include "tfjs/steps.h"
#include "tfjs/weights.h"

namespace tensorferry::tfjs {

void require_matrix(std::int64_t rows, std::int64_t columns) {
  constexpr std::int64_t most = std::int64_t{1} << 22;
  if (rows == unknown) {
    throw Refusal{
        "TF.js has no layer for it, and for a fixed matrix its input has a size of None."};
  }
  if (rows < 1 || columns < 1 || rows > most || columns > most || rows * columns > most) {
    throw Refusal{fmt::format("TF.js has no layer for it, and a matrix from {} to {} is too large.",
                              rows, columns)};
  }
}

AxisMatrix axis_matrix(std::int64_t rows, std::int64_t columns) {
  require_matrix(rows, columns);
  return {rows, columns, std::vector<float>(static_cast<std::size_t>(rows * columns), 0.0F)};
}

Tensor multiply_axis(LayerCall& call, std::string_view part, const Tensor& x, std::size_t axis,
                     const AxisMatrix& matrix, const std::vector<float>& bias) {
  const auto rows = static_cast<std::uint64_t>(matrix.rows);
  const auto columns = static_cast<std::uint64_t>(matrix.columns);
  const std::size_t last = x.shape.size() - 1;
  std::vector<std::size_t> exchange;
  for (std::size_t i = 1; i <= last; ++i) {
    exchange.push_back(i == axis ? last : i == last ? axis : i);
  }
  Tensor y = permute(call, fmt::format("{}_last", part), x, exchange);
  std::vector<LayerWeight> weights{constant_weight("kernel", {rows, columns}, matrix.values)};
  if (!bias.empty()) weights.push_back(constant_weight("bias", {columns}, bias));
  y = call.add(part, "Dense",
               {{"units", columns}, {"use_bias", !bias.empty()}, {"activation", "linear"}}, {y},
               std::move(weights));
  return permute(call, fmt::format("{}_back", part), y, exchange);
}

}  // namespace tensorferry::tfjs
