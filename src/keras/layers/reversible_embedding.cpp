#include "keras/layers/reversible_embedding.h"

#include <fmt/format.h>

#include "keras/call_arguments.h"
#include "keras/layers/layer_call.h"

namespace tensorferry::keras {

using graph::Extent;

namespace {

constexpr std::string_view reversible_embedding_arguments[] = {
    "input_dim",  "input_length",  "logit_soft_cap", "mask_zero",
    "output_dim", "reverse_dtype", "tie_weights"};
constexpr std::string_view reversible_embedding_keywords[] = {"reverse"};

bool ties_weights(const Arguments& arguments) { return arguments.boolean("tie_weights", true); }

std::vector<Variable> reversible_embedding_variables(const Layer& layer) {
  const Arguments arguments(layer.name, layer.config);
  const std::int64_t rows = arguments.positive_integer("input_dim");
  const std::int64_t features = arguments.positive_integer("output_dim");
  std::vector<Variable> variables{trained("embeddings", {rows, features})};
  if (!ties_weights(arguments)) {
    variables.push_back(trained("reverse_embeddings", {features, rows}));
  }
  return variables;
}

struct Sizes {
  Extent rows = 0;
  Extent features = 0;
};

/// The module of the rows; of two modules of a layer each has a name.
graph::ModuleId rows_module(LayerCall& call, const Sizes& sizes) {
  return call.module(
      ties_weights(call.arguments()) ? "" : "embedding",
      {{"embeddings", "embeddings", {"rows", "features"}, {sizes.rows, sizes.features}}});
}

graph::ValueId look_up(LayerCall& call, const Sizes& sizes) {
  const graph::ModuleId module = rows_module(call, sizes);
  if (call.arguments().boolean("mask_zero", false)) {
    call.sends_mask(call.add_step(graph::NotEqualTo{0, false}, {call.input()}));
  }
  return call.add(graph::Embedding{sizes.rows, sizes.features}, {call.input()}, module);
}

/// The dtype in which the scores are computed must be that of the layer's weights.
void require_reverse_dtype(const LayerCall& call) {
  const std::string dtype = call.arguments().text("reverse_dtype", call.layer().dtype);
  if (dtype != call.layer().dtype) {
    throw Refusal{
        fmt::format("its `reverse_dtype` \"{}\" is another one than that of its weights", dtype)};
  }
}

graph::ValueId scores(LayerCall& call, const Sizes& sizes) {
  require_reverse_dtype(call);
  const graph::ValueId x = call.input();
  if (call.rank(x) == 0) throw Refusal{"it is given no vectors"};
  if (ties_weights(call.arguments())) {
    return call.add(graph::ReverseEmbedding{sizes.rows, sizes.features}, {x},
                    rows_module(call, sizes));
  }
  graph::Dense dense;
  dense.in_features = sizes.features;
  dense.out_features = sizes.rows;
  dense.bias = false;
  const graph::ModuleId module = call.module(
      "reverse", {{"reverse_embeddings", "kernel", {"in", "out"}, {sizes.features, sizes.rows}}});
  return call.add(dense, {x}, module);
}

bool is_reversed(const LayerCall& call) {
  const auto flag = flag_argument(call.call(), "reverse");
  if (!flag || has_more_arguments(call.call(), 1)) {
    throw Refusal{"which way it is called is not told by its `reverse`"};
  }
  return *flag;
}

graph::ValueId lower_reversible_embedding(LayerCall& call) {
  const Sizes sizes{call.arguments().positive_integer("input_dim"),
                    call.arguments().positive_integer("output_dim")};
  if (!is_reversed(call)) return look_up(call, sizes);
  const graph::ValueId logits = scores(call, sizes);
  if (call.arguments().find("logit_soft_cap") == nullptr) return logits;
  const double cap = call.arguments().number("logit_soft_cap", 0);
  if (cap == 0) throw Refusal{"its `logit_soft_cap` is 0"};
  graph::ValueId capped = call.add_step(graph::ScaleOffset{{1 / cap}, {0}, 0}, {logits});
  capped = call.add_step(graph::Unary{graph::UnaryKind::Tanh}, {capped});
  return call.add_step(graph::ScaleOffset{{cap}, {0}, 0}, {capped});
}

}  // namespace

const LayerKind reversible_embedding_kind{
    reversible_embedding_arguments, reversible_embedding_variables, lower_reversible_embedding,
    MaskUse::Drops, reversible_embedding_keywords};

}  // namespace tensorferry::keras
