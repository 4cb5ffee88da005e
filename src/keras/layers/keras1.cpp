#include "keras/layers/keras1.h"

#include <string>

#include "keras/layers/activation.h"
#include "keras/layers/layer_call.h"

namespace tensorferry::keras {
namespace {

constexpr std::string_view highway_arguments[] = {"activation", "use_bias"};
constexpr std::string_view maxout_dense_arguments[] = {"features", "units", "use_bias"};

std::vector<Variable> highway_variables(const Layer& layer) {
  std::vector<Variable> variables{trained("kernel", {unknown, unknown}),
                                  trained("carry_kernel", {unknown, unknown})};
  if (Arguments(layer.name, layer.config).boolean("use_bias", true)) {
    variables.push_back(trained("bias", {unknown}));
    variables.push_back(trained("carry_bias", {unknown}));
  }
  return variables;
}

graph::ValueId add_dense(LayerCall& call, const std::string& part, const std::string& prefix) {
  const graph::ValueId x = call.input();
  graph::Dense dense;
  dense.bias = call.arguments().boolean("use_bias", true);
  dense.in_features = dense.out_features = call.variable_shape(prefix + "kernel")[0];
  std::vector<ParameterRequest> parameters{
      {prefix + "kernel", "kernel", {"in", "out"}, {dense.in_features, dense.out_features}}};
  if (dense.bias) {
    parameters.push_back({prefix + "bias", "bias", {"out"}, {dense.out_features}});
  }
  return call.add(dense, {x}, call.module(part, parameters));
}

/// t · activation(x · W + b) + (1 − t) · x with t = sigmoid(x · W_carry + b_carry).
graph::ValueId lower_highway(LayerCall& call) {
  using graph::Merge;
  const graph::ValueId x = call.input_of_rank(2);
  const graph::ValueId carried = add_dense(call, "carry", "carry_");
  const graph::ValueId share = call.add_step(graph::Unary{graph::UnaryKind::Sigmoid}, {carried});
  const graph::ValueId y = add_activation_argument(call, add_dense(call, "transform", ""));
  const graph::ValueId rest = call.add_step(graph::ScaleOffset{{-1}, {1}, 0}, {share});
  const graph::ValueId transformed = call.add_step(Merge{Merge::Kind::Multiply}, {y, share});
  const graph::ValueId kept = call.add_step(Merge{Merge::Kind::Multiply}, {rest, x});
  return call.add_step(Merge{Merge::Kind::Add}, {transformed, kept});
}

std::vector<Variable> maxout_dense_variables(const Layer& layer) {
  const Arguments arguments(layer.name, layer.config);
  const std::int64_t features = arguments.positive_integer("features");
  const std::int64_t units = arguments.positive_integer("units");
  std::vector<Variable> variables{trained("kernel", {features, unknown, units})};
  if (arguments.boolean("use_bias", true)) variables.push_back(trained("bias", {features, units}));
  return variables;
}

/// The greatest of `features` Dense layers.
graph::ValueId lower_maxout_dense(LayerCall& call) {
  const graph::ValueId x = call.input_of_rank(2);
  graph::EinsumDense dense;
  dense.equation = "bi,fio->bfo";
  dense.kernel_shape = call.variable_shape("kernel");
  dense.bias = call.arguments().boolean("use_bias", true);
  std::vector<ParameterRequest> parameters{
      {"kernel", "kernel", {"f", "i", "o"}, dense.kernel_shape}};
  if (dense.bias) {
    parameters.push_back(
        {"bias", "bias", {"f", "o"}, {dense.kernel_shape[0], dense.kernel_shape[2]}});
  }
  const graph::ValueId all = call.add(dense, {x}, call.module("", parameters));
  return call.add_step(graph::ReduceAxes{graph::ReduceAxes::Kind::Max, {1}, false}, {all});
}

}  // namespace

const LayerKind highway_kind{highway_arguments, highway_variables, lower_highway};
const LayerKind maxout_dense_kind{maxout_dense_arguments, maxout_dense_variables,
                                  lower_maxout_dense};

}  // namespace tensorferry::keras
