#include "torch/ops/spelling.h"

namespace tensorferry::torch {

Declaration declare_dense(const graph::Dense& dense, const Site& site) {
  Declaration declaration;
  std::vector<Expression> arguments{python::number(dense.in_features),
                                    python::number(dense.out_features)};
  if (!dense.bias) arguments.push_back(python::keyword("bias", python::boolean(false)));
  declaration.constructor = python::call("nn.Linear", arguments);
  declaration.state.push_back(
      {"weight", linear_weight(site.tensor("kernel"), site.parameter("kernel").runs)});
  if (dense.bias) declaration.state.push_back({"bias", stored_weight(site.tensor("bias"))});
  return declaration;
}

Declaration declare_embedding(const graph::Embedding& embedding, const Site& site) {
  Declaration declaration;
  declaration.constructor = python::call(
      "nn.Embedding", {python::number(embedding.input_dim), python::number(embedding.output_dim)});
  declaration.state.push_back({"weight", stored_weight(site.tensor("embeddings"))});
  const tensor::DType dtype = site.input().dtype;
  declaration.stock = dtype == tensor::DType::Int32 || dtype == tensor::DType::Int64;
  return declaration;
}

Declaration declare_reverse_embedding(const graph::ReverseEmbedding& embedding, const Site& site) {
  Declaration declaration;
  declaration.constructor = python::call(
      "nn.Embedding", {python::number(embedding.input_dim), python::number(embedding.output_dim)});
  declaration.state.push_back({"weight", stored_weight(site.tensor("embeddings"))});
  declaration.stock = false;
  return declaration;
}

Expression call_reverse_embedding(Call& call) {
  return python::call("F.linear", {call.input(), python::atom(call.self + ".weight")});
}

// Keras looks up whatever holds whole numbers, torch int32 and int64 only.
Expression call_embedding(Call& call) {
  const tensor::DType dtype = call.site.input().dtype;
  if (dtype == tensor::DType::Int32 || dtype == tensor::DType::Int64) {
    return python::call(call.self, {call.input()});
  }
  return python::call(call.self, {python::call(call.name() + ".long", {})});
}

}  // namespace tensorferry::torch
