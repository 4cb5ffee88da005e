#include "keras/layers/einsum_dense.h"

#include <algorithm>

#include "graph/einsum.h"
#include "keras/layers/activation.h"
#include "keras/layers/layer_call.h"

namespace tensorferry::keras {

using graph::EinsumDense;

namespace {

constexpr std::string_view einsum_dense_arguments[] = {"activation", "bias_axes", "equation",
                                                       "output_shape"};

std::vector<Variable> einsum_dense_variables(const Layer& layer) {
  const Arguments arguments(layer.name, layer.config);
  std::vector<Variable> variables{{"kernel", true, std::nullopt, false}};
  if (arguments.find("bias_axes") != nullptr) {
    variables.push_back({"bias", true, std::nullopt, false});
  }
  return variables;
}

std::string equation_of(const Arguments& arguments) {
  std::string equation = arguments.text("equation", "");
  equation.erase(std::remove(equation.begin(), equation.end(), ' '), equation.end());
  return equation;
}

std::vector<std::string> letters(const std::string& labels) {
  std::vector<std::string> names;
  for (const char label : labels) names.emplace_back(1, label);
  return names;
}

/// A matrix product along the last axis: "abc,cd->abd", "...x,xy->...y".
bool is_dense(const graph::EinsumLabels& labels, const std::vector<graph::Extent>* bias) {
  if (labels.kernel.size() != 2 || labels.kernel[0] == labels.kernel[1]) return false;
  const std::string kept = labels.input.substr(0, labels.input.size() - 1);
  return labels.input.back() == labels.kernel[0] && labels.output == kept + labels.kernel[1] &&
         kept.find(labels.kernel[0]) == std::string::npos &&
         kept.find(labels.kernel[1]) == std::string::npos && (bias == nullptr || bias->size() == 1);
}

/// keras/src/layers/core/einsum_dense.py. The stored bias has an extent of 1 where it is repeated.
graph::ValueId lower_einsum_dense(LayerCall& call) {
  const graph::ValueId input = call.input();
  if (!call.value(input).rank_known) throw Refusal{"the rank of its input is not known"};
  EinsumDense op;
  op.equation = equation_of(call.arguments());
  op.kernel_shape = call.variable_shape("kernel");
  op.bias = call.arguments().find("bias_axes") != nullptr;
  const graph::EinsumLabels labels = graph::einsum_labels(op, call.rank(input));
  for (std::size_t i = 0; i < labels.kernel.size(); ++i) {
    const std::size_t axis = labels.input.find(labels.kernel[i]);
    if (axis == std::string::npos) continue;
    const graph::Extent extent = call.value(input).shape[axis];
    if (extent != graph::unknown_extent && extent != op.kernel_shape[i]) {
      call.arguments().mistaken("equation", "one that fits the input and the kernel");
    }
  }
  const auto bias = op.bias ? call.variable_shape("bias") : std::vector<graph::Extent>{};
  if (bias.size() > labels.output.size()) {
    call.arguments().mistaken("bias_axes", "axes of the result");
  }
  if (is_dense(labels, op.bias ? &bias : nullptr)) {
    const graph::Dense dense{op.kernel_shape[0], op.kernel_shape[1], op.bias};
    std::vector<ParameterRequest> parameters{{"kernel", "kernel", {"in", "out"}, op.kernel_shape}};
    if (op.bias) parameters.push_back({"bias", "bias", {"out"}, {dense.out_features}});
    const graph::ModuleId module = call.module("", parameters);
    return add_activation_argument(call, call.add(dense, {input}, module));
  }
  std::vector<ParameterRequest> parameters{
      {"kernel", "kernel", letters(labels.kernel), op.kernel_shape}};
  if (op.bias) {
    parameters.push_back(
        {"bias", "bias", letters(labels.output.substr(labels.output.size() - bias.size())), bias});
  }
  const graph::ModuleId module = call.module("", parameters);
  return add_activation_argument(call, call.add(op, {input}, module));
}

}  // namespace

const LayerKind einsum_dense_kind{einsum_dense_arguments, einsum_dense_variables,
                                  lower_einsum_dense};

}  // namespace tensorferry::keras
