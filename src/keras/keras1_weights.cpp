#include "keras/keras1_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "keras/json_text.h"
#include "keras/layers/layer_kind.h"
#include "keras/made_tensors.h"
#include "keras/weight_check.h"

namespace tensorferry::keras {
namespace {

using tensor::Computation;
using tensor::TensorRef;

/// Gates by name in the order of the file, and of Keras 2.
struct Gates {
  std::string_view stored;
  std::string_view joined;
};

/// None of a layer that keeps its gates in one kernel, as `consume_less="gpu"` does.
std::optional<Gates> split_gates(const Layer& layer) {
  if (text_member(layer.config, "consume_less") == "gpu") return std::nullopt;
  const std::string_view name = layer.class_name;
  if (name == "LSTM" || name == "ConvLSTM2D") return Gates{"icfo", "ifco"};
  if (name == "GRU") return Gates{"zrh", "zrh"};
  return std::nullopt;
}

bool is_channels_first(const Layer& layer) {
  return text_member(layer.config, "data_format") == "channels_first";
}

std::string gate_role(std::string_view kind, char gate) { return fmt::format("{}_{}", kind, gate); }

std::vector<Variable> gate_variables(const Gates& gates, std::size_t kernel_rank) {
  const Shape kernel(kernel_rank, unknown);
  std::vector<Variable> variables;
  for (const char gate : gates.stored) {
    variables.push_back(trained(gate_role("W", gate), kernel));
    variables.push_back(trained(gate_role("U", gate), kernel));
    variables.push_back(trained(gate_role("b", gate), {unknown}));
  }
  return variables;
}

/// How Keras 2's kernel is a transpose of the stored one; empty where they are the same.
using Axes = std::vector<std::size_t>;

Axes kernel_axes(const Layer& layer, const TensorRef& kernel) {
  const std::string_view name = layer.class_name;
  const bool first = is_channels_first(layer);
  if (name == "Conv2DTranspose" && kernel.shape.size() == 4) {
    return first ? Axes{2, 3, 0, 1} : Axes{0, 1, 3, 2};
  }
  if (!first) return {};
  if (name == "Conv3D" && kernel.shape.size() == 5) return {2, 3, 4, 1, 0};
  const bool two = name == "Conv2D" || name == "SeparableConv2D" || name == "ConvLSTM2D";
  return two && kernel.shape.size() == 4 ? Axes{2, 3, 1, 0} : Axes{};
}

Computation viewed(const TensorRef& stored, tensor::View view) {
  Computation computation = tensor::identity_computation(stored);
  computation.shape = view.shape;
  computation.views = {std::move(view)};
  return computation;
}

Computation permuted_tensor(const TensorRef& stored, const Axes& axes) {
  return viewed(stored, tensor::permuted(tensor::identity_view(0, stored.shape), axes));
}

/// Conv1D's (length, 1, in, out), or before 1.2 (out, in, length, 1), as (length, in, out).
Computation conv1d_kernel(const TensorRef& stored, std::uint64_t length) {
  const bool today = stored.shape[0] == length && stored.shape[1] == 1;
  const tensor::View whole = tensor::identity_view(0, stored.shape);
  const tensor::View view = today ? whole : tensor::permuted(whole, {2, 3, 1, 0});
  return viewed(stored, tensor::reshaped(view, {view.shape[0], view.shape[2], view.shape[3]}));
}

/// The tensors side by side along their last axis.
Computation joined(const std::vector<TensorRef>& parts) {
  Computation computation = tensor::identity_computation(parts.front());
  const std::size_t axis = parts.front().shape.size() - 1;
  computation.axis = axis;
  computation.chain = "concatenate";
  for (std::uint32_t i = 1; i < parts.size(); ++i) {
    computation.inputs.push_back(parts[i]);
    computation.views.push_back(tensor::identity_view(i, parts[i].shape));
    computation.shape[axis] += parts[i].shape[axis];
  }
  return computation;
}

void join_gates(Layer& layer, const Gates& gates, MadeTensors& made) {
  std::vector<Weight> weights;
  for (const auto& [kind, role] :
       {std::pair("W", "kernel"), std::pair("U", "recurrent_kernel"), std::pair("b", "bias")}) {
    std::vector<TensorRef> parts;
    for (const char gate : gates.joined) {
      const Weight* part = find_weight(layer, gate_role(kind, gate));
      if (part == nullptr) return;
      parts.push_back(made.tensor(part->tensor));
    }
    weights.push_back({role, made.add(fmt::format("{}/{}", layer.name, role), joined(parts))});
  }
  layer.weights = std::move(weights);
}

void transpose_kernels(Layer& layer, MadeTensors& made) {
  for (Weight& weight : layer.weights) {
    const TensorRef stored = made.tensor(weight.tensor);
    if (layer.class_name == "Conv1D" && stored.shape.size() == 4) {
      const auto size = layer.config.find("kernel_size");
      const bool known = size != layer.config.end() && size->is_number_unsigned();
      const std::uint64_t length = known ? size->get<std::uint64_t>() : stored.shape[0];
      weight.tensor = made.made_of(weight.tensor,
                                   [&](const TensorRef& it) { return conv1d_kernel(it, length); });
    } else if (const Axes axes = kernel_axes(layer, stored); !axes.empty()) {
      weight.tensor = made.made_of(weight.tensor,
                                   [&](const TensorRef& it) { return permuted_tensor(it, axes); });
    }
  }
}

void check_weights(const Layer& layer, const MadeTensors& made) {
  const auto variables = expected_variables(layer);
  if (!variables) return;
  for (const Variable& variable : *variables) {
    if (const Weight* weight = find_weight(layer, variable.role)) {
      const TensorRef& tensor = made.tensor(weight->tensor);
      check_weight(layer, variable, tensor, tensor.name);
    }
  }
}

}  // namespace

std::optional<std::vector<Variable>> keras1_variables(const Layer& layer) {
  const std::string_view name = layer.class_name;
  if (const auto gates = split_gates(layer)) {
    return gate_variables(*gates, name == "ConvLSTM2D" ? 4 : 2);
  }
  auto variables = expected_variables(layer);
  const bool transposed = name == "Conv1D" || name == "Conv2DTranspose" ||
                          (is_channels_first(layer) &&
                           (name == "Conv2D" || name == "Conv3D" || name == "SeparableConv2D"));
  if (!variables || !transposed) return variables;
  for (Variable& variable : *variables) {
    if (!variable.role.ends_with("kernel")) continue;
    variable.shape = Shape(name == "Conv3D" ? 5 : 4, unknown);
  }
  return variables;
}

void make_keras2_weights(Model& model, std::uint32_t source_count) {
  MadeTensors made(model, source_count);
  visit_layers(model, [&](Layer& layer) {
    if (const auto gates = split_gates(layer)) {
      join_gates(layer, *gates, made);
      if (layer.class_name == "ConvLSTM2D") transpose_kernels(layer, made);
    } else {
      transpose_kernels(layer, made);
    }
    layer.config.erase("consume_less");
    check_weights(layer, made);
  });
}

}  // namespace tensorferry::keras
