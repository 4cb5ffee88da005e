#include "graph/passes/wishes.h"

#include <algorithm>
#include <set>

#include "graph/functions.h"
#include "io/overloaded.h"

namespace tensorferry::graph {

namespace {

enum class Wish { None, ChannelsFirst, ChannelsFirstEachTime, Keras, AskNext, AskEachTime };

Wish by_channel_axis(std::size_t channel_axis, std::size_t rank) {
  if (rank < 3) return Wish::None;
  if (channel_axis + 1 == rank) return Wish::ChannelsFirst;
  return channel_axis == 1 ? Wish::Keras : Wish::None;
}

// A reduction over all but the batch and one axis is global pooling.
Wish of_reduction(const ReduceAxes& reduce, std::size_t rank) {
  if (reduce.axes.size() + 2 != rank) return Wish::None;
  for (std::size_t axis = 1; axis < rank; ++axis) {
    if (std::find(reduce.axes.begin(), reduce.axes.end(), axis) == reduce.axes.end()) {
      return by_channel_axis(axis, rank);
    }
  }
  return Wish::None;
}

Wish of_function(const Function& function, std::size_t rank) {
  switch (function.kind->axes) {
    case AxisUse::Elementwise:
      return Wish::AskNext;
    case AxisUse::Reduces:
    case AxisUse::Along:
      return Wish::None;
    case AxisUse::Channels:
      return by_channel_axis(function.axes.at(0), rank);
    case AxisUse::Fixed:
      return rank < 3 ? Wish::None : Wish::Keras;
  }
  return Wish::None;
}

Wish of_call(const CallGraph& call, std::size_t argument, const std::vector<Boundary>& boundaries) {
  const Axes& order = boundaries.at(call.graph).inputs.at(argument);
  if (order.size() < 3) return Wish::None;
  if (order == keras_order(order.size())) return Wish::Keras;
  return order == channels_first_each_time(order.size()) ? Wish::ChannelsFirstEachTime
                                                         : Wish::ChannelsFirst;
}

// Of the sequence and of the states, whose time is gone.
Wish of_conv_recurrent(const ConvRecurrent& op, std::size_t argument, std::size_t rank) {
  const bool is_last = op.channel_axis == static_cast<std::size_t>(op.spatial_rank) + 2;
  if (!is_last) return Wish::Keras;
  if (op.masked && rank == 2) return Wish::None;
  return argument == 0 ? Wish::ChannelsFirstEachTime : Wish::ChannelsFirst;
}

Wish wish_of(const Node& node, std::size_t argument, std::size_t rank,
             const std::vector<Boundary>& boundaries) {
  const Wish last_axis = rank < 3 ? Wish::None : Wish::Keras;
  return std::visit(
      io::overloaded{
          [](const Input&) { return Wish::None; },
          [](const Constant&) { return Wish::None; },
          [&](const Conv& conv) { return by_channel_axis(conv.channel_axis, rank); },
          [&](const LocallyConnected& op) { return by_channel_axis(op.channel_axis, rank); },
          [&](const Dense&) { return last_axis; },
          [&](const BatchNorm& norm) { return by_channel_axis(norm.axis, rank); },
          [&](const LayerNorm&) { return last_axis; },
          [&](const GroupNorm& norm) { return by_channel_axis(norm.axis, rank); },
          [](const UnitNorm&) { return Wish::AskNext; },
          [&](const Pool& pool) { return by_channel_axis(pool.channel_axis, rank); },
          [&](const ReduceAxes& reduce) { return of_reduction(reduce, rank); },
          [](const Unary&) { return Wish::AskNext; },
          [](const Softmax&) { return Wish::None; },
          [](const Glu&) { return Wish::None; },
          [](const PRelu&) { return Wish::AskNext; },
          [](const Flatten&) { return Wish::None; },
          [&](const Reshape&) { return last_axis; },
          [](const Permute&) { return Wish::None; },
          [](const RepeatVector&) { return Wish::None; },
          [](const PadAxes&) { return Wish::AskNext; },
          [&](const Upsample& upsample) { return by_channel_axis(upsample.channel_axis, rank); },
          [&](const EinsumDense&) { return last_axis; },
          [&](const Attention&) { return last_axis; },
          [&](const MultiHeadAttention&) { return last_axis; },
          [&](const Embedding&) { return last_axis; },
          [&](const ReverseEmbedding&) { return last_axis; },
          [](const Merge&) { return Wish::AskNext; },
          [](const Concatenate&) { return Wish::AskNext; },
          [&](const Dot&) { return last_axis; },
          [](const ScaleOffset&) { return Wish::AskNext; },
          [](const Normalize&) { return Wish::AskNext; },
          [](const ChannelScale&) { return Wish::AskNext; },
          [&](const Dropout& dropout) {
            return dropout.kind == Dropout::Kind::Channels
                       ? by_channel_axis(dropout.channel_axis, rank)
                       : Wish::AskNext;
          },
          [](const Cast&) { return Wish::AskNext; },
          [](const Literal&) { return Wish::None; },
          [&](const Function& function) { return of_function(function, rank); },
          [&](const Recurrent&) { return last_axis; },
          [&](const ConvRecurrent& op) { return of_conv_recurrent(op, argument, rank); },
          [&](const NotEqualTo&) { return last_axis; },
          [&](const ApplyMask&) { return last_axis; },
          [&](const MaskedMean&) { return last_axis; },
          [](const FoldTime&) { return Wish::AskEachTime; },
          [](const UnfoldTime&) { return Wish::None; },
          [](const Identity&) { return Wish::AskNext; },
          [&](const CallGraph& call) { return of_call(call, argument, boundaries); },
          [&](const Unsupported&) { return last_axis; },
      },
      node.op);
}

struct Search {
  const Graph& graph;
  const std::vector<Boundary>& boundaries;
  Wishes wishes;
  std::set<ValueId> seen;

  void visit(ValueId value) {
    if (!seen.insert(value).second) return;
    for (const Node& node : graph.nodes) {
      for (std::size_t argument = 0; argument < node.inputs.size(); ++argument) {
        if (node.inputs[argument] == value) hear(node, argument);
      }
    }
  }

  void hear(const Node& node, std::size_t argument) {
    const std::size_t rank = graph.values[node.inputs[argument]].shape.size();
    switch (wish_of(node, argument, rank, boundaries)) {
      case Wish::None:
        return;
      case Wish::ChannelsFirst:
        wishes.channels_first = true;
        return;
      case Wish::ChannelsFirstEachTime:
        wishes.channels_first_each_time = true;
        return;
      case Wish::Keras:
        wishes.keras = true;
        return;
      case Wish::AskEachTime: {
        const Wishes folded = wishes_of(graph, node.outputs.at(0), boundaries);
        const bool channels_first = folded.channels_first && !folded.keras;
        wishes.channels_first_each_time = wishes.channels_first_each_time || channels_first;
        wishes.keras = wishes.keras || !channels_first;
        return;
      }
      case Wish::AskNext:
        visit(node.outputs.at(0));
        return;
    }
  }
};

}  // namespace

Wishes wishes_of(const Graph& graph, ValueId value, const std::vector<Boundary>& boundaries) {
  Search search{graph, boundaries, {}, {}};
  search.visit(value);
  return search.wishes;
}

}  // namespace tensorferry::graph
