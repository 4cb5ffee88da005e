#pragma once

#include <cstdint>

namespace tensorferry::graph {

/// softmax(scores) · value, where `scores` (…, T, S) tell how much each of T queries has to do with
/// each of S keys; with `causal` query t sees keys 0…t only. Dot: q · k, times parameter `scale` if
/// there is one. Concat: `weight` · Σ tanh(scale · (q + k)), both scalars. Additive: Σ scale ·
/// tanh(q + k), scale(features). The sums are over the last axis. `masked`: the last input is a
/// mask (…, T or 1, S or 1) of the keys that a query sees; one that sees none takes all alike.
/// `dropout` is of the softmax's result, in training. Inputs: query (…, T, features), value (…, S,
/// any), key (…, S, features). Outputs: (…, T, any), and with `return_scores` softmax(scores).
struct Attention {
  enum class Score { Dot, Concat, Additive };
  Score score = Score::Dot;
  bool scale = false;
  bool causal = false;
  bool masked = false;
  bool return_scores = false;
  double dropout = 0;
  bool operator==(const Attention&) const = default;
};

/// For each head softmax(q · k / sqrt(key_dim)) · v, of projections of query, key and value; the
/// results of the heads side by side are projected once more. Query head h is with key and value
/// head h · key_value_heads / heads (rounded down). With a `window` above 0 query t sees keys
/// t − window + 1 … t + window − 1 only. With `gate` the heads' results are multiplied by sigmoid
/// of one more projection of the query, "gate/kernel"(in, heads, value_dim). Parameters
/// "query/kernel"(in, heads, key_dim), "query/bias"(heads, key_dim), the same of "key" and "value"
/// with their own heads, "attention_output/kernel"(heads, value_dim, out…),
/// "attention_output/bias"(out…). Inputs and outputs as of Attention; its scores are (…, heads, T,
/// S), its mask is of all heads. With `blind_is_zero` a query that sees no key takes nothing.
struct MultiHeadAttention {
  std::int64_t heads = 1;
  std::int64_t key_value_heads = 1;
  std::int64_t key_dim = 1;
  std::int64_t value_dim = 1;
  std::int64_t query_features = 0;
  std::int64_t key_features = 0;
  std::int64_t value_features = 0;
  std::int64_t out_features = 0;  ///< all of them
  bool bias = true;
  bool gate = false;
  std::int64_t window = 0;
  bool causal = false;
  bool masked = false;
  bool blind_is_zero = false;
  bool return_scores = false;
  double dropout = 0;
  bool operator==(const MultiHeadAttention&) const = default;
};

}  // namespace tensorferry::graph
