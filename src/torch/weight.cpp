#include "torch/weight.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <numeric>

namespace tensorferry::torch {

namespace {

using tensor::Computation;
using tensor::identity_computation;
using tensor::identity_view;
using tensor::permuted;
using tensor::reshaped;
using tensor::Shape;
using tensor::sliced;
using tensor::TensorRef;
using tensor::View;

std::vector<std::size_t> ascending(std::size_t count) {
  std::vector<std::size_t> axes(count);
  std::iota(axes.begin(), axes.end(), std::size_t{0});
  return axes;
}

Computation computation(const TensorRef& tensor, std::vector<View> views, std::size_t axis,
                        Shape shape, std::string chain) {
  Computation result;
  result.inputs = {tensor};
  result.views = std::move(views);
  result.axis = axis;
  result.dtype = tensor.dtype;
  result.shape = std::move(shape);
  result.chain = std::move(chain);
  return result;
}

std::string permute_chain(const std::vector<std::size_t>& axes) {
  return std::is_sorted(axes.begin(), axes.end())
             ? std::string("identity")
             : fmt::format("permute({})", fmt::join(axes, ","));
}

// "h" and "w" for the extents of a map; what a run of another rank flattened has numbers.
std::string rows_chain(const graph::FlattenedRun& run) {
  static constexpr const char* names[][4] = {
      {"c"}, {"w", "c"}, {"h", "w", "c"}, {"d", "h", "w", "c"}};
  std::string text;
  for (const std::size_t axis : run.order) {
    const std::size_t rank = run.extents.size();
    const std::string name =
        rank >= 1 && rank <= 4 ? names[rank - 1][axis] : fmt::format("{}", axis);
    text += (text.empty() ? "" : ",") + name;
  }
  return "rows(" + text + ")";
}

std::string rows_chain(const std::vector<graph::FlattenedRun>& runs) {
  std::vector<std::string> parts;
  for (const graph::FlattenedRun& run : runs) {
    if (!std::is_sorted(run.order.begin(), run.order.end())) parts.push_back(rows_chain(run));
  }
  const std::string concat =
      runs.size() > 1 ? fmt::format(" > concat({})", runs.size()) : std::string();
  return fmt::format("{}{}", fmt::join(parts, " > "), concat);
}

std::uint64_t extent_of(const graph::FlattenedRun& run) {
  std::uint64_t product = 1;
  for (const std::int64_t extent : run.extents) product *= static_cast<std::uint64_t>(extent);
  return product;
}

/// The rows of each run of `tensor` (its first axis), in the target's order, the other axes behind
/// them.
std::vector<View> row_views(const TensorRef& tensor, const std::vector<graph::FlattenedRun>& runs) {
  const View whole = identity_view(0, tensor.shape);
  std::vector<View> views;
  std::uint64_t begin = 0;
  for (const graph::FlattenedRun& run : runs) {
    const std::uint64_t rows = extent_of(run);
    Shape shape(run.extents.begin(), run.extents.end());
    shape.insert(shape.end(), tensor.shape.begin() + 1, tensor.shape.end());
    std::vector<std::size_t> axes = run.order;
    for (std::size_t axis = axes.size(); axis < shape.size(); ++axis) axes.push_back(axis);
    views.push_back(permuted(reshaped(sliced(whole, 0, begin, rows), shape), axes));
    begin += rows;
  }
  return views;
}

/// The view's last axis made its first.
View last_axis_first(const View& view) {
  std::vector<std::size_t> axes{view.shape.size() - 1};
  for (std::size_t axis = 0; axis + 1 < view.shape.size(); ++axis) axes.push_back(axis);
  return permuted(view, axes);
}

Weight weight_of(const TensorRef& tensor, Computation contiguous) {
  Weight weight;
  weight.sources = {tensor.name};
  weight.contiguous = std::move(contiguous);
  return weight;
}

std::vector<std::byte> bytes_of(double value, tensor::DType dtype) {
  const auto raw = [](auto number) {
    std::vector<std::byte> bytes(sizeof(number));
    std::memcpy(bytes.data(), &number, sizeof(number));
    return bytes;
  };
  if (dtype == tensor::DType::Float64) return raw(value);
  if (dtype == tensor::DType::Float16) {
    return raw(static_cast<std::uint16_t>(value == 1 ? 0x3c00 : 0));
  }
  if (dtype == tensor::DType::BFloat16) {
    return raw(static_cast<std::uint16_t>(value == 1 ? 0x3f80 : 0));
  }
  return raw(static_cast<float>(value));
}

}  // namespace

Weight stored_weight(const TensorRef& tensor) {
  return permuted_weight(tensor, ascending(tensor.shape.size()));
}

Weight permuted_weight(const TensorRef& tensor, const std::vector<std::size_t>& axes) {
  Shape shape;
  for (const std::size_t axis : axes) shape.push_back(tensor.shape.at(axis));
  return permuted_weight(tensor, axes, shape);
}

Weight permuted_weight(const TensorRef& tensor, const std::vector<std::size_t>& axes,
                       const Shape& shape) {
  const View view = reshaped(permuted(identity_view(0, tensor.shape), axes), shape);
  Weight weight = weight_of(tensor, computation(tensor, {view}, 0, shape, permute_chain(axes)));
  Weight::Strided strided{identity_computation(tensor), {}};
  for (const std::int64_t stride : view.strides) {
    strided.strides.push_back(static_cast<std::uint64_t>(stride));
  }
  weight.strided = std::move(strided);
  return weight;
}

Weight linear_weight(const TensorRef& kernel, const std::vector<graph::FlattenedRun>& runs) {
  if (runs.empty()) return permuted_weight(kernel, {1, 0});
  const std::uint64_t in = kernel.shape.at(0);
  const std::uint64_t out = kernel.shape.at(1);
  const std::vector<View> rows = row_views(kernel, runs);
  std::vector<View> columns;
  for (const View& view : rows) columns.push_back(last_axis_first(view));
  const std::string chain = rows_chain(runs);
  Weight weight = weight_of(
      kernel, computation(kernel, std::move(columns), 1, {out, in}, chain + " > permute(1,0)"));
  // Whole rows move; nothing is transposed.
  weight.strided = Weight::Strided{computation(kernel, rows, 0, {in, out}, chain), {1, out}};
  return weight;
}

Weight vector_weight(const TensorRef& vector, const std::vector<graph::FlattenedRun>& runs) {
  if (runs.empty()) return stored_weight(vector);
  return weight_of(vector,
                   computation(vector, row_views(vector, runs), 0, vector.shape, rows_chain(runs)));
}

Weight gates_weight(const TensorRef& kernel, const std::vector<std::size_t>& gates) {
  if (std::is_sorted(gates.begin(), gates.end())) return permuted_weight(kernel, {1, 0});
  const std::uint64_t units = kernel.shape.at(1) / gates.size();
  std::vector<View> views;
  for (const std::size_t gate : gates) {
    views.push_back(
        permuted(sliced(identity_view(0, kernel.shape), 1, gate * units, units), {1, 0}));
  }
  return weight_of(kernel,
                   computation(kernel, std::move(views), 0, {kernel.shape[1], kernel.shape[0]},
                               fmt::format("gates({}) > permute(1,0)", fmt::join(gates, ","))));
}

Weight cudnn_gates_weight(const TensorRef& kernel, const std::vector<std::size_t>& gates) {
  const std::uint64_t units = kernel.shape.at(1) / gates.size();
  std::vector<View> views;
  for (const std::size_t gate : gates) {
    views.push_back(sliced(identity_view(0, kernel.shape), 1, gate * units, units));
  }
  return weight_of(kernel,
                   computation(kernel, std::move(views), 0, {kernel.shape[1], kernel.shape[0]},
                               fmt::format("gates({})", fmt::join(gates, ","))));
}

Weight gates_vector(const TensorRef& bias, const std::vector<std::size_t>& gates,
                    std::size_t count) {
  if (gates.size() == count && std::is_sorted(gates.begin(), gates.end())) {
    return stored_weight(bias);
  }
  const std::uint64_t elements = tensor::element_count(bias.shape);
  const std::uint64_t units = elements / count;
  const View whole = reshaped(identity_view(0, bias.shape), {elements});
  std::vector<View> views;
  for (const std::size_t gate : gates) views.push_back(sliced(whole, 0, gate * units, units));
  return weight_of(bias, computation(bias, std::move(views), 0, {gates.size() * units},
                                     fmt::format("gates({})", fmt::join(gates, ","))));
}

Weight constant_weight(double value, tensor::DType dtype, const Shape& shape) {
  const TensorRef tensor{"", dtype, shape, false, tensor::Fill{bytes_of(value, dtype)}};
  Weight weight;
  weight.contiguous = identity_computation(tensor);
  weight.contiguous.chain = fmt::format("const({})", value);
  return weight;
}

Weight zero_counter() {
  const std::vector<std::byte> zero(sizeof(std::int64_t));
  Weight weight;
  weight.contiguous =
      identity_computation({"", tensor::DType::Int64, {}, false, tensor::Inline{zero}});
  weight.contiguous.chain = "const(0)";
  return weight;
}

namespace {

void cast_computation(Computation& computation, tensor::DType dtype) {
  if (!is_floating_point(computation.dtype) || computation.dtype == dtype) return;
  computation.values.push_back(tensor::Cast{dtype});
  computation.dtype = dtype;
  computation.chain += fmt::format(" > cast({})", dtype_name(dtype));
}

}  // namespace

void cast_weight(Weight& weight, tensor::DType dtype) {
  cast_computation(weight.contiguous, dtype);
  if (weight.strided) cast_computation(weight.strided->storage, dtype);
}

}  // namespace tensorferry::torch
