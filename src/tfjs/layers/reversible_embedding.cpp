#include <fmt/format.h>

#include "keras/call_arguments.h"
#include "tfjs/layers/families.h"
#include "tfjs/refusal.h"
#include "tfjs/steps.h"
#include "tfjs/weights.h"

namespace tensorferry::tfjs {
namespace {

/// The kernel (output_dim, input_dim) of a Dense.
LayerWeight reverse_kernel(const LayerCall& call) {
  if (!call.arguments().boolean("tie_weights", true)) {
    const tensor::TensorRef& stored = call.stored("reverse_embeddings");
    return stored_weight("kernel", stored, stored.shape);
  }
  const tensor::TensorRef& rows = call.stored("embeddings");
  return viewed_weight("kernel", rows,
                       tensor::permuted(tensor::identity_view(0, rows.shape), {1, 0}),
                       {rows.shape.at(1), rows.shape.at(0)}, "permute(1,0)");
}

Tensor scores(LayerCall& call) {
  if (call.arguments().text("reverse_dtype", "float32") != "float32") {
    throw Refusal{"Its `reverse_dtype` is not that of TF.js, float32."};
  }
  const Tensor y = call.add("reverse", "Dense",
                            {{"units", call.arguments().integer("input_dim")},
                             {"use_bias", false},
                             {"activation", "linear"}},
                            {call.input()}, {reverse_kernel(call)});
  if (call.arguments().boolean("tie_weights", true)) {
    call.note("tied-weights",
              "TF.js has its embeddings twice, for each way a copy: training would part them.");
  }
  if (call.arguments().find("logit_soft_cap") == nullptr) return y;
  const double cap = call.arguments().number("logit_soft_cap", 0);
  if (cap == 0) {
    throw Refusal{"Its `logit_soft_cap` is 0."};
  }
  const Tensor bounded = activation(call, "tanh", rescale(call, "cap", y, 1 / cap, 0), "tanh");
  return rescale(call, "uncap", bounded, cap, 0);
}

}  // namespace

// keras/src/layers/core/reversible_embedding.py
Tensor lower_reversible_embedding(LayerCall& call) {
  const auto reversed = keras::flag_argument(call.keras_call(), "reverse");
  if (!reversed) {
    throw Refusal{"Which way it is called is not told by its `reverse`."};
  }
  return *reversed ? scores(call) : lower_embedding(call);
}

}  // namespace tensorferry::tfjs
