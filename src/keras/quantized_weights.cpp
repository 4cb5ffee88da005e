#include "keras/quantized_weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include "io/error.h"
#include "keras/json_text.h"
#include "keras/layers/layer_kind.h"
#include "keras/made_tensors.h"
#include "keras/weight_check.h"

namespace tensorferry::keras {
namespace {

using tensor::Combination;
using tensor::Computation;
using tensor::TensorRef;
using tensor::View;

constexpr std::array<std::string_view, 3> float8_tensors = {"inputs", "kernel", "outputs_grad"};

/// "int8" of the dtype policy "int8_from_float32"; empty where there is none.
std::string_view mode_of(const Layer& layer) {
  const std::string_view policy = text_member(layer.config, "dtype");
  const std::size_t from = policy.find("_from_");
  return from == std::string_view::npos ? std::string_view{} : policy.substr(0, from);
}

bool is_int4(std::string_view mode) { return mode == "int4" || mode.starts_with("int4/"); }

/// "kernel" or "embeddings": the weight that is quantized, or that LoRA adds to.
std::string_view main_role(const Layer& layer) {
  return layer.class_name == "Embedding" ? "embeddings" : "kernel";
}

bool has_lora(const Layer& layer) {
  const auto rank = layer.config.find("lora_rank");
  return rank != layer.config.end() && rank->is_number_integer() && *rank > 0;
}

/// Rows that share a scale; none where each column (or row of an Embedding) has one of its own.
std::optional<std::uint64_t> block_size(const Layer& layer) {
  const auto written = layer.config.find("quantization_config");
  if (written != layer.config.end() && written->is_object() && written->contains("config")) {
    const Json& config = (*written)["config"];
    if (config.is_object() && config.contains("block_size")) {
      const Json& size = config["block_size"];
      if (!size.is_number_integer() || size < 1) return std::nullopt;
      return size.get<std::uint64_t>();
    }
  }
  const std::string_view mode = mode_of(layer);
  const std::string_view text =
      mode.substr(std::min(mode.size(), std::string_view("int4/").size()));
  std::uint64_t size = 0;
  const auto done = std::from_chars(text.data(), text.data() + text.size(), size);
  return done.ec == std::errc() && size > 0 ? std::optional(size) : std::nullopt;
}

Computation as_float32(const TensorRef& stored) {
  Computation computation = tensor::identity_computation(stored);
  if (stored.dtype != tensor::DType::Float32) {
    computation.values = {tensor::Cast{tensor::DType::Float32}};
    computation.dtype = tensor::DType::Float32;
  }
  return computation;
}

void combine(Computation& computation, Combination::Kind kind, const TensorRef& operand,
             std::vector<std::int64_t> strides) {
  const auto input = static_cast<std::uint32_t>(computation.inputs.size());
  computation.inputs.push_back(operand);
  computation.combinations.push_back(
      {kind, {View{input, computation.shape, std::move(strides), 0}}, 1});
}

/// Steps in a scale that has an element for each index of these axes of a tensor.
std::vector<std::int64_t> steps_along(const tensor::Shape& shape,
                                      const std::vector<std::size_t>& axes) {
  std::vector<std::int64_t> strides(shape.size(), 0);
  std::int64_t step = 1;
  for (std::size_t i = axes.size(); i-- > 0;) {
    strides[axes[i]] = step;
    step *= static_cast<std::int64_t>(shape[axes[i]]);
  }
  return strides;
}

/// The labels of an EinsumDense's input, kernel and result; empty where there is no equation.
struct EquationParts {
  std::string_view input;
  std::string_view kernel;
  std::string_view output;
};

EquationParts equation_parts(const Layer& layer) {
  const std::string_view equation = text_member(layer.config, "equation");
  const std::size_t comma = equation.find(',');
  const std::size_t arrow = equation.find("->");
  if (comma == std::string_view::npos || arrow == std::string_view::npos || arrow < comma) {
    return {};
  }
  return {equation.substr(0, comma), equation.substr(comma + 1, arrow - comma - 1),
          equation.substr(arrow + 2)};
}

/// The kernel's axes that the scale has too, in its order: those that the equation keeps, as the
/// result has them (keras/src/layers/core/einsum_dense.py: _adjust_scale_for_quant).
std::vector<std::size_t> scaled_axes(const Layer& layer, std::size_t rank) {
  if (layer.class_name == "Embedding") return {0};
  if (layer.class_name == "Dense") return {rank - 1};
  const EquationParts parts = equation_parts(layer);
  std::vector<std::size_t> axes;
  for (const char label : parts.output) {
    const std::size_t axis = parts.kernel.find(label);
    if (axis < rank) axes.push_back(axis);
  }
  return axes;
}

// A view of too few elements would be our own mistake, one of too many would go unseen.
void require_shape(const Layer& layer, const TensorRef& tensor, const tensor::Shape& expected) {
  if (tensor.shape == expected) return;
  throw io::Error(
      io::ErrorCode::WeightShape,
      fmt::format("{} of {} has the shape ({}), and ({}) is expected.", tensor.name,
                  layer_words(layer), fmt::join(tensor.shape, ","), fmt::join(expected, ",")));
}

void require_scales(const Layer& layer, const TensorRef& scale, const tensor::Shape& shape,
                    const std::vector<std::size_t>& axes) {
  std::uint64_t count = 1;
  for (const std::size_t axis : axes) count *= shape[axis];
  if (tensor::element_count(scale.shape) != count) require_shape(layer, scale, {count});
}

/// kernel / scale
Computation dequantized_int8(const Layer& layer, const TensorRef& kernel, const TensorRef& scale) {
  const std::vector<std::size_t> axes = scaled_axes(layer, kernel.shape.size());
  require_scales(layer, scale, kernel.shape, axes);
  Computation computation = as_float32(kernel);
  combine(computation, Combination::Kind::Divide, scale, steps_along(kernel.shape, axes));
  return computation;
}

/// Two numbers in each byte, the lower bits first: (rows, ⌈columns / 2⌉) → (rows, columns).
TensorRef unpacked(const std::string& name, const TensorRef& packed, std::uint64_t columns,
                   MadeTensors& made) {
  Computation both;
  both.axis = 2;
  both.shape = {packed.shape[0], packed.shape[1], 2};
  both.dtype = packed.dtype;
  for (const bool upper : {false, true}) {
    Computation half = tensor::identity_computation(packed);
    half.values = {tensor::Nibble{upper}};
    const std::uint32_t index = made.add(name, std::move(half));
    TensorRef input = made.tensor(index);
    input.shape.push_back(1);
    both.views.push_back(
        tensor::identity_view(static_cast<std::uint32_t>(both.inputs.size()), input.shape));
    both.inputs.push_back(std::move(input));
  }
  TensorRef pairs = made.tensor(made.add(name, std::move(both)));
  pairs.shape = {packed.shape[0], 2 * packed.shape[1]};
  Computation cut = as_float32(pairs);
  cut.views = {tensor::sliced(cut.views.front(), 1, 0, columns)};
  cut.shape = {packed.shape[0], columns};
  return made.tensor(made.add(name, std::move(cut)));
}

/// The scale or zero of each element, from one for each `block` of them along `axis`.
TensorRef repeated(const std::string& name, const TensorRef& groups, const tensor::Shape& shape,
                   std::size_t axis, std::uint64_t block, MadeTensors& made) {
  Computation all = as_float32(groups);
  all.views.clear();
  all.axis = axis;
  all.shape = shape;
  for (std::uint64_t begin = 0; begin < shape[axis]; begin += block) {
    View view = tensor::identity_view(0, groups.shape);
    view.offset = static_cast<std::int64_t>(begin / block) * view.strides[axis];
    view.shape = shape;
    view.shape[axis] = std::min(block, shape[axis] - begin);
    view.strides[axis] = 0;
    all.views.push_back(std::move(view));
  }
  return made.tensor(made.add(name, std::move(all)));
}

bool fits(const TensorRef& groups, const tensor::Shape& shape, std::size_t axis,
          std::uint64_t block) {
  tensor::Shape expected = shape;
  expected[axis] = (shape[axis] + block - 1) / block;
  return groups.shape == expected;
}

/// What the layer was built for; null where the file does not say it (`.h5`).
Json built_input_shape(const Layer& layer) {
  const auto build = layer.config.find("build_config");
  if (build == layer.config.end() || !build->is_object()) return nullptr;
  const auto shape = build->find("input_shape");
  return shape == build->end() || !shape->is_array() ? Json() : *shape;
}

std::optional<std::uint64_t> extent_of(const Json& extent) {
  if (!extent.is_number_integer() || extent < 1) return std::nullopt;
  return extent.get<std::uint64_t>();
}

/// The extent of an axis of the input that is summed over; dots stand for leading axes or for those
/// behind.
std::optional<std::uint64_t> summed_extent(std::string_view labels, char label, const Json& shape) {
  const std::size_t at = labels.find(label);
  if (!shape.is_array() || at == std::string_view::npos) return std::nullopt;
  const std::size_t place = labels.starts_with("...") ? shape.size() - (labels.size() - at) : at;
  return place < shape.size() ? extent_of(shape[place]) : std::nullopt;
}

/// What an einsum's kernel has been before it was reshaped to two axes, the first as long as those
/// that are summed over; none where the file does not tell it. One of these may be what is left;
/// the others have the extents of the input, which stand in archives.
/// (keras/src/layers/core/einsum_dense.py: _int4_build)
std::optional<tensor::Shape> einsum_kernel_shape(const Layer& layer, const tensor::Shape& flat) {
  const EquationParts parts = equation_parts(layer);
  const auto output_shape = layer.config.find("output_shape");
  if (output_shape == layer.config.end() || !output_shape->is_array()) return std::nullopt;
  const std::size_t unlisted = parts.output.size() - output_shape->size();
  if (output_shape->size() > parts.output.size() || parts.output.ends_with("...")) {
    return std::nullopt;
  }
  const Json input_shape = built_input_shape(layer);
  tensor::Shape shape;
  std::optional<std::size_t> left;
  std::uint64_t others = 1;
  std::uint64_t kept = 1;
  for (const char label : parts.kernel) {
    const std::size_t at = parts.output.find(label);
    const bool summed = at == std::string_view::npos;
    const auto extent = summed           ? summed_extent(parts.input, label, input_shape)
                        : at >= unlisted ? extent_of((*output_shape)[at - unlisted])
                                         : std::nullopt;
    if (!extent && (!summed || left)) return std::nullopt;
    if (!extent) left = shape.size();
    (summed ? others : kept) *= extent.value_or(1);
    shape.push_back(extent.value_or(1));
  }
  if (left && flat[0] % others == 0) {
    shape[*left] = flat[0] / others;
    others = flat[0];
  }
  return others == flat[0] && kept == flat[1] ? std::optional(shape) : std::nullopt;
}

/// packed / scale, or by blocks (packed − zero) · scale.
std::optional<Computation> dequantized_int4(const Layer& layer, const std::string& name,
                                            const TensorRef& packed, MadeTensors& made) {
  const std::string role(main_role(layer));
  const bool einsum = layer.class_name == "EinsumDense";
  const Weight* scale = find_weight(layer, role + "_scale");
  const Weight* zero = find_weight(layer, role + "_zero");
  if (scale == nullptr || packed.shape.size() != 2) return std::nullopt;
  const char* columns_key = layer.class_name == "Embedding" ? "output_dim" : "units";
  const std::uint64_t columns = einsum ? made.tensor(scale->tensor).shape.back()
                                       : layer.config.at(columns_key).get<std::uint64_t>();
  if (packed.shape[1] != (columns + 1) / 2) return std::nullopt;
  const std::uint64_t block = block_size(layer).value_or(0);
  const std::size_t axis = layer.class_name == "Embedding" ? 1 : 0;
  const tensor::Shape shape{packed.shape[0], columns};
  const TensorRef scales = made.tensor(scale->tensor);
  if (zero != nullptr && (block == 0 || !fits(scales, shape, axis, block))) return std::nullopt;
  const TensorRef values = unpacked(name, packed, columns, made);
  Computation computation = tensor::identity_computation(values);
  if (zero == nullptr) {
    const std::vector<std::size_t> axes =
        einsum ? std::vector<std::size_t>{1} : scaled_axes(layer, 2);
    require_scales(layer, scales, shape, axes);
    combine(computation, Combination::Kind::Divide, scales, steps_along(shape, axes));
    return computation;
  }
  const TensorRef zeros = made.tensor(zero->tensor);
  require_shape(layer, zeros, scales.shape);
  const std::vector<std::int64_t> whole = tensor::identity_view(0, shape).strides;
  combine(computation, Combination::Kind::Subtract, repeated(name, zeros, shape, axis, block, made),
          whole);
  combine(computation, Combination::Kind::Multiply,
          repeated(name, scales, shape, axis, block, made), whole);
  return computation;
}

/// W + alpha / rank · A · B, the product over A's last axis.
Computation merged(const Layer& layer, const TensorRef& kernel, const TensorRef& a,
                   const TensorRef& b) {
  tensor::Shape of_a = kernel.shape;
  of_a.back() = a.shape.empty() ? 0 : a.shape.back();
  require_shape(layer, a, of_a);
  require_shape(layer, b, {of_a.back(), kernel.shape.back()});
  Computation computation = as_float32(kernel);
  computation.inputs.push_back(a);
  computation.inputs.push_back(b);
  const auto rank = a.shape.back();
  const double alpha = layer.config.value("lora_alpha", static_cast<double>(rank));
  const tensor::Shape& shape = kernel.shape;
  for (std::uint64_t r = 0; r < rank; ++r) {
    View left = tensor::identity_view(1, a.shape);
    left.shape = shape;
    left.strides.back() = 0;
    left.offset = static_cast<std::int64_t>(r);
    View right{2, shape, std::vector<std::int64_t>(shape.size(), 0),
               static_cast<std::int64_t>(r * shape.back())};
    right.strides.back() = 1;
    computation.combinations.push_back({Combination::Kind::AddProduct,
                                        {std::move(left), std::move(right)},
                                        alpha / static_cast<double>(rank)});
  }
  return computation;
}

void replace_weight(Layer& layer, std::string_view role, std::uint32_t tensor) {
  for (Weight& weight : layer.weights) {
    if (weight.role == role) weight.tensor = tensor;
  }
}

void keep_weights(Layer& layer, std::string_view main) {
  std::erase_if(layer.weights,
                [&](const Weight& weight) { return weight.role != main && weight.role != "bias"; });
}

/// Whether Keras rounds what the layer takes as well: int8 unless its config has no
/// `activation_quantizer`, float8 always, the others never.
bool rounds_activations(const Layer& layer, std::string_view mode) {
  if (is_int4(mode) || layer.class_name == "Embedding") return false;
  const auto written = layer.config.find("quantization_config");
  if (mode == "float8" || written == layer.config.end() || !written->is_object()) return true;
  const auto config = written->find("config");
  if (config == written->end() || !config->is_object()) return true;
  const auto quantizer = config->find("activation_quantizer");
  return quantizer == config->end() || !quantizer->is_null();
}

// The figures are those of tests/fixtures/families/quantized.py.
void note_activations(const Layer& layer, std::string_view mode, io::Notes& notes) {
  if (!rounds_activations(layer, mode)) return;
  notes.push_back(
      {io::Severity::Info, layer.name, "activation-quantization-dropped",
       fmt::format("Keras rounds what this layer takes to {} before each product. The converted "
                   "layer takes it as it is, with the weights that were saved; two such layers "
                   "differed from Keras's by {} of their outputs' range.",
                   mode, mode == "int8" ? "0.5 to 0.9 %" : "4 to 8 %")});
}

// A mode that is not known keeps its policy, for which the layer is refused.
void dequantize(Layer& layer, MadeTensors& made, io::Notes& notes) {
  const std::string mode(mode_of(layer));
  const std::string role(main_role(layer));
  const Weight* kernel = find_weight(layer, role);
  if (mode.empty() || kernel == nullptr) return;
  const TensorRef stored = made.tensor(kernel->tensor);
  const std::string name = stored.name;
  if (mode == "int8") {
    const Weight* scale = find_weight(layer, role + "_scale");
    if (scale == nullptr) return;
    replace_weight(layer, role,
                   made.add(name, dequantized_int8(layer, stored, made.tensor(scale->tensor))));
  } else if (is_int4(mode)) {
    auto computation = dequantized_int4(layer, name, stored, made);
    if (!computation) return;
    const tensor::Shape flat = computation->shape;
    std::uint32_t index = made.add(name, std::move(*computation));
    if (layer.class_name == "EinsumDense") {
      const auto shape = einsum_kernel_shape(layer, flat);
      if (!shape) return;
      TensorRef kernel_as_it_was = made.tensor(index);
      kernel_as_it_was.shape = *shape;
      index = made.add(name, tensor::identity_computation(kernel_as_it_was));
    }
    replace_weight(layer, role, index);
  } else if (mode != "float8") {
    return;
  }
  keep_weights(layer, role);
  note_activations(layer, mode, notes);
  const std::string policy(text_member(layer.config, "dtype"));
  layer.config["dtype"] = policy.substr(mode.size() + std::string_view("_from_").size());
  layer.config.erase("quantization_config");
}

void merge_lora(Layer& layer, MadeTensors& made) {
  const std::string role(main_role(layer));
  const Weight* a = find_weight(layer, fmt::format("lora_{}_a", role));
  const Weight* b = find_weight(layer, fmt::format("lora_{}_b", role));
  const Weight* kernel = find_weight(layer, role);
  if (a != nullptr && b != nullptr && kernel != nullptr) {
    const TensorRef stored = made.tensor(kernel->tensor);
    const std::uint32_t index = made.add(
        stored.name, merged(layer, stored, made.tensor(a->tensor), made.tensor(b->tensor)));
    replace_weight(layer, role, index);
    keep_weights(layer, role);
  }
  layer.config.erase("lora_rank");
  layer.config.erase("lora_alpha");
}

}  // namespace

std::string reason_of_quantized(const Layer& layer) {
  const std::string policy(text_member(layer.config, "dtype"));
  std::string reason = fmt::format("its weights are quantized (dtype policy \"{}\")", policy);
  const std::string_view mode = mode_of(layer);
  const bool gptq = mode.starts_with("gptq");
  if (gptq || mode.starts_with("awq")) {
    // Besides the bias: kernel, scale, (zero,) g_idx, and of AWQ a scale of the input.
    const char* says_bias = layer.class_name == "EinsumDense" ? "bias_axes" : "use_bias";
    const Json bias = layer.config.value(says_bias, Json());
    const std::size_t own = layer.weights.size() - (bias.is_null() || bias == false ? 0 : 1);
    if (own == (gptq ? 3 : 4)) {
      reason +=
          ", and the file does not hold their zero points, which Keras 3.15 does not save: it "
          "cannot load them either";
    }
  } else if (is_int4(mode) && layer.class_name == "EinsumDense") {
    reason += ", its kernel is a matrix, and the file does not say which axes that had";
  }
  return reason;
}

std::optional<std::vector<Variable>> quantized_variables(const Layer& layer,
                                                         std::vector<Variable> plain) {
  const std::string_view mode = mode_of(layer);
  const std::string role(main_role(layer));
  const bool is_embedding = layer.class_name == "Embedding";
  if (layer.class_name != "Dense" && layer.class_name != "EinsumDense" && !is_embedding) {
    return std::nullopt;
  }
  if (mode == "float8" && !is_embedding) {
    for (const std::string_view tensor : float8_tensors) {
      plain.push_back(trained(fmt::format("{}_scale", tensor), {}));
      plain.push_back(trained(fmt::format("{}_amax_history", tensor), {unknown}));
    }
    return plain;
  }
  const bool int4 = is_int4(mode);
  if (mode != "int8" && !int4) return std::nullopt;
  plain.front().trainable = false;
  plain.front().integer = true;
  const bool blocks = int4 && block_size(layer).has_value();
  if (int4) plain.front().shape = Shape{unknown, unknown};
  Variable scale = tracked(role + "_scale", blocks ? Shape{unknown, unknown} : Shape{unknown});
  if (layer.class_name == "EinsumDense" && !int4) scale.shape.reset();
  plain.push_back(std::move(scale));
  if (blocks) {
    plain.push_back(tracked(role + "_zero", {unknown, unknown}));
    plain.back().integer = true;
    plain.push_back(tracked("g_idx", {unknown}));
  }
  return plain;
}

std::optional<std::vector<Variable>> lora_variables(const Layer& layer) {
  if (!has_lora(layer) || !mode_of(layer).empty()) return std::nullopt;
  Layer plain = layer;
  plain.config.erase("lora_rank");
  auto variables = expected_variables(plain);
  if (!variables || variables->empty()) return std::nullopt;
  const std::string role(main_role(layer));
  Variable a = trained(fmt::format("lora_{}_a", role), {});
  a.shape.reset();
  variables->front().trainable = false;
  variables->push_back(std::move(a));
  variables->push_back(trained(fmt::format("lora_{}_b", role), {unknown, unknown}));
  return variables;
}

void make_plain_weights(Model& model, std::uint32_t source_count) {
  MadeTensors made(model, source_count);
  visit_layers(model, [&](Layer& layer) {
    dequantize(layer, made, model.notes);
    if (has_lora(layer)) merge_lora(layer, made);
  });
}

}  // namespace tensorferry::keras
