#pragma once

#include <cstddef>
#include <string>

#include "graph/graph.h"
#include "graph/passes/laid_out_values.h"

/// One function a kind of op: what it asks of the layout, and the op with its axes where they are
/// then.
namespace tensorferry::graph {

/// Convolution, pooling, resizing: the channels at axis 1, the spatial axes in their order.
template <class SpatialOp>
void lay_out_over_channels(LaidOutValues& values, const Node& node, SpatialOp op,
                           const std::string& what) {
  values.require_keras_elements(node);
  const ValueId value = values.argument(node);
  const Axes order = channels_first_order(values.rank_of(value), op.channel_axis);
  const ValueId x = values.held_in(value, order, node, what + " takes the channels first");
  op.channel_axis = 1;
  values.emit(node, op, {x}, {order});
}

// as_keras.cpp
/// The op counts the axes as Keras does, for this reason.
void lay_out_as_keras(LaidOutValues& values, const Node& node, const std::string& reason);
void lay_out_dense(LaidOutValues& values, const Node& node, const Dense& op);

// conv_recurrent.cpp
void lay_out_conv_recurrent(LaidOutValues& values, const Node& node, ConvRecurrent op);

// elementwise.cpp
/// Of one input.
void lay_out_elementwise(LaidOutValues& values, const Node& node);
void lay_out_softmax(LaidOutValues& values, const Node& node, Softmax op);
void lay_out_glu(LaidOutValues& values, const Node& node, Glu op);
void lay_out_prelu(LaidOutValues& values, const Node& node, PRelu op);
void lay_out_dropout(LaidOutValues& values, const Node& node, Dropout op);

// function.cpp
void lay_out_function(LaidOutValues& values, const Node& node, Function op);

// merging.cpp
/// Elementwise, of several inputs.
void lay_out_merge(LaidOutValues& values, const Node& node);
void lay_out_concatenate(LaidOutValues& values, const Node& node, Concatenate op);
void lay_out_dot(LaidOutValues& values, const Node& node, Dot op);

// normalization.cpp
void lay_out_batch_norm(LaidOutValues& values, const Node& node, BatchNorm op);
void lay_out_group_norm(LaidOutValues& values, const Node& node, GroupNorm op);
void lay_out_unit_norm(LaidOutValues& values, const Node& node, UnitNorm op);
void lay_out_layer_norm(LaidOutValues& values, const Node& node, LayerNorm op);
void lay_out_scale_offset(LaidOutValues& values, const Node& node, ScaleOffset op);
void lay_out_normalize(LaidOutValues& values, const Node& node, Normalize op);
void lay_out_channel_scale(LaidOutValues& values, const Node& node, ChannelScale op);

// shape.cpp
void lay_out_reduce(LaidOutValues& values, const Node& node, const ReduceAxes& op);
void lay_out_reduce(LaidOutValues& values, const Node& node, const Function& op);
/// `node_index`: the node's number in its graph.
void lay_out_flatten(LaidOutValues& values, const Node& node, const Flatten& op,
                     std::size_t node_index);
void lay_out_reshape(LaidOutValues& values, const Node& node, Reshape op);
void lay_out_permute(LaidOutValues& values, const Node& node, const Permute& op);
void lay_out_pad(LaidOutValues& values, const Node& node, PadAxes op);
void lay_out_fold_time(LaidOutValues& values, const Node& node, const FoldTime& op);
void lay_out_unfold_time(LaidOutValues& values, const Node& node, const UnfoldTime& op);

}  // namespace tensorferry::graph
