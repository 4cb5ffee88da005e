#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

/// One function an op: the value that it makes, its shape for most. What they share stands first.
namespace tensorferry::graph {

inline bool is_known(Extent extent) { return extent != unknown_extent; }

/// Throws io::Error{ConfigInvalid}: the inputs cannot be what the op takes.
[[noreturn]] void refuse_inputs(const std::string& sentence);
void require_rank(const Value& input, std::size_t rank, std::string_view op);
const Extent& extent_at(const Value& value, std::size_t axis);

/// Of the input's shape and dtype, without a layout, which only the pass gives.
Value same_as(const Value& input);
Value with_shape(const Value& input, std::vector<Extent> shape);

// attention.cpp
std::vector<Value> infer_attention(const Attention& op, const std::vector<Value>& inputs);
std::vector<Value> infer_multi_head_attention(const MultiHeadAttention& op,
                                              const std::vector<Value>& inputs);

// elementwise.cpp
Value infer_glu(const Glu& glu, const Value& input);
Value infer_merge(const std::vector<Value>& inputs);
Value infer_cast(const Cast& cast, const Value& input);

// masks.cpp
Value infer_not_equal_to(const NotEqualTo& op, const Value& x);
Value infer_masked_mean(const MaskedMean& op, const Value& x);

// products.cpp
Value infer_dense(const Dense& dense, const Value& input);
Value infer_dot(const Dot& dot, const Value& a, const Value& b);
Value infer_einsum_dense(const EinsumDense& op, const Value& input);
Value infer_embedding(const Embedding& embedding, const Value& input);
Value infer_reverse_embedding(const ReverseEmbedding& embedding, const Value& input);

// recurrent.cpp
std::vector<Value> infer_recurrent(const Recurrent& op, const std::vector<Value>& inputs);
std::vector<Value> infer_conv_recurrent(const ConvRecurrent& op, const std::vector<Value>& inputs);

// shape.cpp
Value infer_reduce(const ReduceAxes& reduce, const Value& input);
Value infer_flatten(const Value& input);
Value infer_reshape(const Reshape& reshape, const Value& input);
Value infer_permute(const Permute& permute, const Value& input);
Value infer_repeat_vector(const RepeatVector& repeat, const Value& input);
Value infer_pad(const PadAxes& pad, const Value& input);
Value infer_concatenate(const Concatenate& concatenate, const std::vector<Value>& inputs);
Value infer_fold_time(const Value& x);
Value infer_unfold_time(const UnfoldTime& unfold, const std::vector<Value>& inputs);

// spatial.cpp
Value infer_conv(const Conv& conv, const Value& input);
Value infer_locally_connected(const LocallyConnected& op, const Value& input);
Value infer_pool(const Pool& pool, const Value& input);
Value infer_upsample(const Upsample& upsample, const Value& input);

}  // namespace tensorferry::graph
