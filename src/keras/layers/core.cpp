#include "keras/layers/core.h"

#include "keras/layers/activation.h"
#include "keras/layers/layer_call.h"

namespace tensorferry::keras {

using graph::unknown_extent;

namespace {

constexpr std::string_view dense_arguments[] = {"activation", "units", "use_bias"};
// `input_length` only says what the shape of the input says again; masks are followed by the
// lowering.
constexpr std::string_view embedding_arguments[] = {"input_dim", "input_length", "mask_zero",
                                                    "output_dim"};
constexpr std::string_view activity_regularization_arguments[] = {"l1", "l2"};
constexpr std::string_view input_arguments[] = {"optional", "ragged", "sparse"};

std::vector<Variable> dense_variables(const Layer& layer) {
  const Arguments arguments(layer.name, layer.config);
  const std::int64_t units = arguments.positive_integer("units");
  std::vector<Variable> variables{trained("kernel", {unknown, units})};
  if (arguments.boolean("use_bias", true)) variables.push_back(trained("bias", {units}));
  return variables;
}

graph::ValueId lower_dense(LayerCall& call) {
  const graph::ValueId input = call.input();
  const auto kernel = call.variable_shape("kernel");
  const graph::Extent units = call.arguments().positive_integer("units");
  const graph::Extent features =
      call.rank(input) == 0 ? unknown_extent : call.value(input).shape.back();
  graph::Dense dense;
  dense.out_features = units;
  dense.bias = call.arguments().boolean("use_bias", true);
  std::vector<ParameterRequest> parameters{{"kernel", "kernel", {"in", "out"}, {features, units}}};
  if (dense.bias) parameters.push_back({"bias", "bias", {"out"}, {units}});
  const graph::ModuleId module = call.module("", parameters);
  dense.in_features = kernel[0];
  return add_activation_argument(call, call.add(dense, {input}, module));
}

std::vector<Variable> embedding_variables(const Layer& layer) {
  const Arguments arguments(layer.name, layer.config);
  return {trained("embeddings", {arguments.positive_integer("input_dim"),
                                 arguments.positive_integer("output_dim")})};
}

graph::ValueId lower_embedding(LayerCall& call) {
  graph::Embedding embedding;
  embedding.input_dim = call.arguments().positive_integer("input_dim");
  embedding.output_dim = call.arguments().positive_integer("output_dim");
  const graph::ModuleId module = call.module("", {{"embeddings",
                                                   "embeddings",
                                                   {"rows", "features"},
                                                   {embedding.input_dim, embedding.output_dim}}});
  if (call.arguments().boolean("mask_zero", false)) {
    call.sends_mask(call.add_step(graph::NotEqualTo{0, false}, {call.input()}));
  }
  return call.add(embedding, {call.input()}, module);
}

graph::ValueId lower_identity(LayerCall& call) {
  return call.add(graph::Identity{}, {call.input()});
}

/// The driver of the lowering makes the graph's inputs; an InputLayer that is called on a tensor is
/// none.
graph::ValueId lower_input(LayerCall&) { throw Refusal{"it is an InputLayer that is called"}; }

}  // namespace

const LayerKind activity_regularization_kind{activity_regularization_arguments, no_variables,
                                             lower_identity, MaskUse::Passes};
const LayerKind dense_kind{dense_arguments, dense_variables, lower_dense, MaskUse::Passes};
const LayerKind embedding_kind{embedding_arguments, embedding_variables, lower_embedding,
                               MaskUse::Drops};
const LayerKind identity_kind{{}, no_variables, lower_identity, MaskUse::PassesInKeras3};
const LayerKind input_kind{input_arguments, no_variables, lower_input, MaskUse::Passes};

}  // namespace tensorferry::keras
