#pragma once

#include "keras/layers/layer_kind.h"

/// Attention, AdditiveAttention, MultiHeadAttention, GroupQueryAttention.
namespace tensorferry::keras {

extern const LayerKind attention_kind;
extern const LayerKind additive_attention_kind;
extern const LayerKind multi_head_attention_kind;
extern const LayerKind group_query_attention_kind;

}  // namespace tensorferry::keras
