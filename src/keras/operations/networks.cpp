#include <algorithm>
#include <cmath>

#include "graph/infer.h"
#include "keras/operations/operation_row.h"

namespace tensorferry::keras {

using graph::Function;
using graph::Pool;
using graph::ValueId;
using tensor::DType;

namespace {

ValueId float32_tensor(OperationCall& call, std::string_view name) {
  const ValueId x = call.tensor(name);
  if (call.dtype_of(x) != DType::Float32) throw Refusal{"its tensor is not float32"};
  return x;
}

std::size_t channels_of(OperationCall& call, std::size_t rank) {
  const std::string format = call.text("data_format", "channels_last");
  if (format == "NHWC" || format == "channels_last") return rank - 1;
  if (format == "channels_first") return 1;
  throw Refusal{"its data_format is not known"};
}

/// One number for all spatial axes, or one for each (TensorFlow: also of batch and channels).
std::vector<std::int64_t> spatial_sizes(OperationCall& call, std::string_view name,
                                        std::size_t rank, std::vector<std::int64_t> otherwise) {
  if (!call.has(name)) return otherwise;
  std::vector<std::int64_t> sizes = call.integers(name);
  if (sizes.size() == 1) sizes.assign(rank, sizes[0]);
  const bool has_all_axes = sizes.size() == rank + 2 && sizes.front() == 1 && sizes.back() == 1;
  if (has_all_axes) sizes = {sizes.begin() + 1, sizes.end() - 1};
  if (sizes.size() != rank) throw Refusal{"it has not a size for each spatial axis"};
  for (const std::int64_t size : sizes) {
    if (size < 1) throw Refusal{"a size is not positive"};
  }
  return sizes;
}

std::vector<ValueId> lower_pool(OperationCall& call, const OperationRow& row) {
  const ValueId x = float32_tensor(call, "inputs");
  const std::size_t rank = call.rank_of(x);
  if (rank < 3 || rank > 5) throw Refusal{"its tensor has not one to three spatial axes"};
  Pool op;
  op.kind = row.class_name == "MaxPool" ? Pool::Kind::Max : Pool::Kind::Average;
  op.spatial_rank = static_cast<int>(rank) - 2;
  op.size = spatial_sizes(call, "pool_size", rank - 2, {});
  op.strides = spatial_sizes(call, "strides", rank - 2, op.size);
  op.channel_axis = channels_of(call, rank);
  std::string padding = call.text("padding", "valid");
  const bool same = padding == "same" || padding == "SAME";
  if (!same && padding != "valid" && padding != "VALID") throw Refusal{"its padding is not known"};
  const auto axes = graph::spatial_axes(op.spatial_rank, op.channel_axis);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const graph::Extent extent = call.shape_of(x).at(axes[i]);
    if (same && extent == graph::unknown_extent && op.strides[i] != 1) {
      op.padding.kind = graph::SpatialPadding::Kind::Same;
    }
  }
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const graph::Extent extent = call.shape_of(x).at(axes[i]);
    const bool is_known = op.padding.kind == graph::SpatialPadding::Kind::Explicit;
    op.padding.pads.push_back(
        same && is_known ? graph::same_pad(extent, op.size[i], op.strides[i], 1) : graph::Pad{});
  }
  return {call.add(op, {x})};
}

/// (keras/src/backend/tensorflow/image.py: resize)
std::vector<ValueId> lower_resize(OperationCall& call, const OperationRow&) {
  const ValueId x = float32_tensor(call, "images");
  if (call.rank_of(x) != 4) throw Refusal{"its tensor is no batch of images"};
  Function op;
  op.axes = {channels_of(call, 4)};
  op.integers = call.integers("size");
  op.text = call.text("interpolation", "bilinear");
  if (op.integers.size() != 2) throw Refusal{"its size is no height and width"};
  const auto interpolation = tensor::find_interpolation(op.text);
  if (!interpolation || !tensor::is_of_keras3(*interpolation)) {
    throw Refusal{"its interpolation \"" + op.text + "\" is not known"};
  }
  op.integers.push_back(call.flag("antialias", false) ? 1 : 0);
  if (call.text("fill_mode", "constant") != "constant" || call.number("fill_value", 0) != 0) {
    throw Refusal{"it fills"};
  }
  return {call.add("resize", x, std::move(op))};
}

/// (x − mean) · rsqrt(variance + ε) · scale + offset along one axis.
std::vector<ValueId> lower_batch_normalization(OperationCall& call, const OperationRow&) {
  const ValueId x = float32_tensor(call, "x");
  const std::size_t rank = call.rank_of(x);
  const std::size_t axis = call.axis("axis", rank, -1);
  const double epsilon = call.number("epsilon", 1e-3);
  const auto along = [&](std::string_view name) {
    const ValueId vector = call.tensor_of(call.operand(name), DType::Float32);
    Function behind;
    for (std::size_t i = 1; i < rank - axis; ++i) behind.axes.push_back(i);
    return behind.axes.empty() ? vector : call.add("expand_dims", vector, std::move(behind));
  };
  const auto combined = [&](std::string_view function, ValueId a, const Operand& b) {
    return call.add(function, {{a}, b}, DType::Float32);
  };
  const ValueId variance = combined("add", along("variance"), {scalar(epsilon, false)});
  ValueId result =
      combined("multiply", combined("subtract", x, {along("mean")}), {call.add("rsqrt", variance)});
  if (call.has("scale")) result = combined("multiply", result, {along("scale")});
  if (call.has("offset")) result = combined("add", result, {along("offset")});
  return {result};
}

/// Over the last axes: (x − mean) · rsqrt(variance + ε), or x · rsqrt(mean of x² + ε).
/// (keras/src/ops/nn.py: _layer_normalization, _rms_normalization)
std::vector<ValueId> lower_layer_normalization(OperationCall& call, const OperationRow& row) {
  const ValueId x = float32_tensor(call, "x");
  const std::size_t rank = call.rank_of(x);
  if (call.flag("rms_scaling", false)) throw Refusal{"it scales by the deviation only"};
  if (!call.has("axis")) throw Refusal{"it says no axis"};
  Function over;
  over.axes = call.axes("axis", rank);
  over.keep_dims = true;
  if (over.axes.size() != 1 || over.axes[0] + 1 != rank) {
    throw Refusal{"it is not along the last axis"};
  }
  const bool of_squares = row.class_name == "RMSNorm";
  const double epsilon = call.number("epsilon", of_squares ? 1.1920929e-7 : 1e-3);
  const auto combined = [&](std::string_view function, ValueId a, const Operand& b) {
    return call.add(function, {{a}, b}, DType::Float32);
  };
  const ValueId centered = of_squares ? x : combined("subtract", x, {call.add("mean", x, over)});
  const ValueId spread =
      of_squares ? call.add("mean", call.add("square", x), over) : call.add("var", x, over);
  const ValueId scaling = call.add("rsqrt", combined("add", spread, {scalar(epsilon, false)}));
  ValueId result = combined("multiply", centered, {scaling});
  for (const std::string_view factor : {"scale", "gamma"}) {
    if (call.has(factor)) result = combined("multiply", result, call.operand(factor));
  }
  if (call.has("beta")) result = combined("add", result, call.operand("beta"));
  return {result};
}

/// −Σ target · log(output), the output a distribution or logits.
/// (keras/src/backend/tensorflow/nn.py: categorical_crossentropy, binary_crossentropy)
std::vector<ValueId> lower_cross_entropy(OperationCall& call, const OperationRow& row) {
  const ValueId target = call.cast(call.tensor("target"), DType::Float32);
  ValueId output = float32_tensor(call, "output");
  const bool from_logits = call.flag("from_logits", false);
  constexpr double epsilon = 1e-7;
  const auto clipped = [&](ValueId x) {
    return call.add("clip", {{x}, {scalar(epsilon, false)}, {scalar(1 - epsilon, false)}},
                    DType::Float32);
  };
  const auto combined = [&](std::string_view function, const Operand& a, const Operand& b) {
    return call.add(function, {a, b}, DType::Float32);
  };
  if (row.class_name == "BinaryCrossentropy") {
    if (from_logits) {
      // max(x, 0) − x · target + log(1 + exp(−|x|))
      const ValueId positive = call.add(graph::Unary{graph::UnaryKind::Relu, 0, 0, 0}, {output});
      const ValueId tail =
          call.add("log1p", call.add("exp", call.add("negative", call.add("abs", output))));
      const ValueId product = combined("multiply", {output}, {target});
      return {combined("add", {combined("subtract", {positive}, {product})}, {tail})};
    }
    output = clipped(output);
    const ValueId yes = combined("multiply", {target}, {call.add("log", output)});
    const ValueId rest = combined("subtract", {scalar(1, false)}, {target});
    const ValueId other = call.add("log", combined("subtract", {scalar(1, false)}, {output}));
    const ValueId no = combined("multiply", {rest}, {other});
    return {call.add("negative", combined("add", {yes}, {no}))};
  }
  Function along;
  along.axes = {call.axis("axis", call.rank_of(output), -1)};
  ValueId logarithm = 0;
  if (from_logits) {
    logarithm = call.add(graph::Softmax{graph::Softmax::Kind::LogSoftmax, along.axes}, {output});
  } else {
    Function kept = along;
    kept.keep_dims = true;
    const ValueId sum = call.add("sum", output, std::move(kept));
    logarithm = call.add("log", clipped(combined("divide", {output}, {sum})));
  }
  const ValueId products = combined("multiply", {target}, {logarithm});
  return {call.add("negative", call.add("sum", products, std::move(along)))};
}

/// 20 · log10(max) − 10 · log10(mean of the squared differences).
std::vector<ValueId> lower_psnr(OperationCall& call, const OperationRow&) {
  const ValueId a = float32_tensor(call, "x1");
  const ValueId b = float32_tensor(call, "x2");
  Function over;
  for (std::size_t axis = 0; axis < call.rank_of(a); ++axis) over.axes.push_back(axis);
  const ValueId squares = call.add("squared_difference", {{a}, {b}}, DType::Float32);
  const ValueId logarithm = call.add("log10", call.add("mean", squares, std::move(over)));
  const double top = 20 * std::log10(call.number("max_val", 1));
  const ValueId scaled = call.add("multiply", {{logarithm}, {scalar(10, false)}}, DType::Float32);
  return {call.add("subtract", {{scalar(top, false)}, {scaled}}, DType::Float32)};
}

constexpr OperationRow rows_of_networks[] = {
    {"AveragePool", "inputs", lower_pool},
    {"BatchNorm", "x mean variance offset scale", lower_batch_normalization},
    {"BinaryCrossentropy", "target output", lower_cross_entropy},
    {"CategoricalCrossentropy", "target output", lower_cross_entropy},
    {"LayerNorm", "x gamma beta", lower_layer_normalization},
    {"MaxPool", "inputs", lower_pool},
    {"PSNR", "x1 x2", lower_psnr},
    {"RMSNorm", "x scale", lower_layer_normalization},
    {"Resize", "images", lower_resize},
};

}  // namespace

std::span<const OperationRow> network_operations() { return rows_of_networks; }

}  // namespace tensorferry::keras
