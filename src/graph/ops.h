#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "graph/ops/attention.h"
#include "graph/ops/elementwise.h"
#include "graph/ops/extents.h"
#include "graph/ops/function.h"
#include "graph/ops/masks.h"
#include "graph/ops/normalization.h"
#include "graph/ops/products.h"
#include "graph/ops/recurrent.h"
#include "graph/ops/shape.h"
#include "graph/ops/spatial.h"

/// The vocabulary of meaning (wall 4): what a layer computes, free of any framework's spelling.
/// Axes are numbered from 0 with the batch at 0, resolved (never negative) in the layout of the
/// values as they are: Keras's before the layout pass, the target's after it. Spatial lists are in
/// the order of the spatial axes. Each op says its inputs; parameters are those of the node's
/// Module, by role. The folder `ops` has one header a family.
namespace tensorferry::graph {

/// A graph input. No inputs.
struct Input {
  std::string name;
  bool operator==(const Input&) const = default;
};

/// A tensor that the model holds but that is no variable. No inputs. Parameter "value".
struct Constant {
  bool operator==(const Constant&) const = default;
};

/// A nested model. Inputs and outputs are those of the graph.
struct CallGraph {
  std::uint32_t graph = 0;  ///< index into `Program::graphs`
  bool operator==(const CallGraph&) const = default;
};

/// What cannot be converted (wall 6). Its weights are the module's parameters, by Keras's names.
/// Output shapes may be unknown.
struct Unsupported {
  std::string class_name;
  std::string reason;
  bool operator==(const Unsupported&) const = default;
};

using Op = std::variant<Input, Constant, Conv, LocallyConnected, Dense, BatchNorm, LayerNorm,
                        GroupNorm, UnitNorm, Pool, ReduceAxes, Unary, Softmax, Glu, PRelu, Flatten,
                        Reshape, Permute, RepeatVector, PadAxes, Upsample, EinsumDense, Attention,
                        MultiHeadAttention, Embedding, ReverseEmbedding, Merge, Concatenate, Dot,
                        ScaleOffset, Normalize, ChannelScale, Dropout, Cast, Literal, Function,
                        Recurrent, ConvRecurrent, NotEqualTo, ApplyMask, MaskedMean, FoldTime,
                        UnfoldTime, Identity, CallGraph, Unsupported>;

}  // namespace tensorferry::graph
