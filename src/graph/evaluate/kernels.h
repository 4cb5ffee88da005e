#pragma once

#include <vector>

#include "graph/evaluate/array.h"
#include "graph/ops.h"

/// One function an op: what it computes, in float64.
namespace tensorferry::graph {

/// `bias` null: none.
Array evaluate_conv(const Conv& conv, const Array& x, const LoadedParameter& kernel,
                    const Array* bias);
/// `bias` (spatial…, out) without elements: none.
Array evaluate_locally_connected(const LocallyConnected& op, const Array& x, const Array& kernel,
                                 const Array& bias);
Array evaluate_pool(const Pool& pool, const Array& x);
Array evaluate_upsample(const Upsample& upsample, const Array& x);
/// Along one axis.
Array resampled(const Array& x, std::size_t axis, std::uint64_t extent,
                tensor::Interpolation interpolation, bool antialias);

/// The weights of one direction of a recurrent layer; without a bias it has no elements.
struct RecurrentWeights {
  Array kernel;
  Array recurrent_kernel;
  Array bias;
};
/// cuDNN's parameters as the op has them otherwise.
RecurrentWeights from_cudnn(const Recurrent& op, const RecurrentWeights& weights);
/// `directions`: one, or the forward and the backward one. `inputs`, result: as ops/recurrent.h
/// says.
std::vector<Array> evaluate_recurrent(const Recurrent& op,
                                      const std::vector<RecurrentWeights>& directions,
                                      const std::vector<Array>& inputs);

/// Without a bias it has no elements.
struct ConvRecurrentWeights {
  LoadedParameter kernel;
  LoadedParameter recurrent_kernel;
  Array bias;
};
std::vector<Array> evaluate_conv_recurrent(const ConvRecurrent& op,
                                           const ConvRecurrentWeights& weights,
                                           const std::vector<Array>& inputs);

Array evaluate_dense(const Array& x, const Array& kernel, const Array* bias);
Array evaluate_embedding(const Array& x, const Array& embeddings);
Array evaluate_dot(const Dot& dot, const Array& a, const Array& b);

/// Without the bias.
Array evaluate_einsum(const EinsumDense& op, const Array& x, const Array& kernel);
/// (…, T, S) of query (…, T, features) and key (…, S, features), before the softmax.
Array attention_scores(const Attention& op, const Array& query, const Array& key,
                       const Array& scale, double weight);
/// softmax(scores) · value, then softmax(scores) if `return_scores`.
/// What queries see of the keys. `mask`: null, or of the rank of the scores and broadcasting.
struct Sight {
  bool causal = false;
  std::uint64_t window = 0;  ///< 0: none
  const Array* mask = nullptr;
  bool blind_is_zero = false;
};
std::vector<Array> attend(const Array& scores, const Array& value, const Sight& sight,
                          bool return_scores);
/// (…, T, heads · dim) → (…, heads · repeats, T, dim), each head `repeats` times in succession.
Array split_heads(const Array& x, std::int64_t heads, std::int64_t repeats);
/// (…, heads, T, dim) → (…, T, heads · dim).
Array join_heads(const Array& x);

double evaluate_unary(const Unary& unary, double x);
Array evaluate_softmax(const Softmax& softmax, const Array& x);
Array evaluate_glu(const Glu& glu, const Array& x);
Array evaluate_merge(const Merge& merge, const std::vector<Array>& inputs);
Array evaluate_cast(const Cast& cast, const Array& x);

Array evaluate_reduce(const ReduceAxes& reduce, const Array& x);
/// Mean and variance over the axes, with extents of 1 there.
struct Moments {
  Array mean;
  Array variance;
};
Moments moments_over(const Array& x, const std::vector<std::size_t>& axes);
/// Without gamma and beta.
Array group_normalized(const GroupNorm& norm, const Array& x);
Array evaluate_unit_norm(const UnitNorm& norm, const Array& x);

Array evaluate_permute(const Permute& permute, const Array& x);
Array evaluate_pad(const PadAxes& pad, const Array& x);
Array evaluate_concatenate(const Concatenate& concatenate, const std::vector<Array>& inputs);
Array evaluate_reshape(const Reshape& reshape, const Array& x);
Array evaluate_flatten(const Array& x);
Array evaluate_repeat_vector(const RepeatVector& repeat, const Array& x);
Array evaluate_not_equal_to(const NotEqualTo& op, const Array& x);
Array evaluate_apply_mask(const Array& x, const Array& mask);
Array evaluate_masked_mean(const MaskedMean& op, const Array& x, const Array& mask);
Array evaluate_fold_time(const Array& x);
Array evaluate_unfold_time(const UnfoldTime& unfold, const std::vector<Array>& inputs);

}  // namespace tensorferry::graph
