#include "graph/graph.h"

#include <algorithm>
#include <numeric>

#include "io/overloaded.h"

namespace tensorferry::graph {

std::string_view op_name(const Op& op) {
  return std::visit(io::overloaded{
                        [](const Input&) { return "Input"; },
                        [](const Constant&) { return "Constant"; },
                        [](const Conv&) { return "Conv"; },
                        [](const LocallyConnected&) { return "LocallyConnected"; },
                        [](const Dense&) { return "Dense"; },
                        [](const BatchNorm&) { return "BatchNorm"; },
                        [](const LayerNorm&) { return "LayerNorm"; },
                        [](const GroupNorm&) { return "GroupNorm"; },
                        [](const UnitNorm&) { return "UnitNorm"; },
                        [](const Pool&) { return "Pool"; },
                        [](const ReduceAxes&) { return "ReduceAxes"; },
                        [](const Unary&) { return "Unary"; },
                        [](const Softmax&) { return "Softmax"; },
                        [](const Glu&) { return "Glu"; },
                        [](const PRelu&) { return "PRelu"; },
                        [](const Flatten&) { return "Flatten"; },
                        [](const Reshape&) { return "Reshape"; },
                        [](const Permute&) { return "Permute"; },
                        [](const RepeatVector&) { return "RepeatVector"; },
                        [](const PadAxes&) { return "PadAxes"; },
                        [](const Upsample&) { return "Upsample"; },
                        [](const EinsumDense&) { return "EinsumDense"; },
                        [](const Attention&) { return "Attention"; },
                        [](const MultiHeadAttention&) { return "MultiHeadAttention"; },
                        [](const Embedding&) { return "Embedding"; },
                        [](const ReverseEmbedding&) { return "ReverseEmbedding"; },
                        [](const Merge&) { return "Merge"; },
                        [](const Concatenate&) { return "Concatenate"; },
                        [](const Dot&) { return "Dot"; },
                        [](const ScaleOffset&) { return "ScaleOffset"; },
                        [](const Normalize&) { return "Normalize"; },
                        [](const ChannelScale&) { return "ChannelScale"; },
                        [](const Dropout&) { return "Dropout"; },
                        [](const Cast&) { return "Cast"; },
                        [](const Literal&) { return "Literal"; },
                        [](const Function&) { return "Function"; },
                        [](const Recurrent&) { return "Recurrent"; },
                        [](const ConvRecurrent&) { return "ConvRecurrent"; },
                        [](const NotEqualTo&) { return "NotEqualTo"; },
                        [](const ApplyMask&) { return "ApplyMask"; },
                        [](const MaskedMean&) { return "MaskedMean"; },
                        [](const FoldTime&) { return "FoldTime"; },
                        [](const UnfoldTime&) { return "UnfoldTime"; },
                        [](const Identity&) { return "Identity"; },
                        [](const CallGraph&) { return "CallGraph"; },
                        [](const Unsupported&) { return "Unsupported"; },
                    },
                    op);
}

ValueId add_value(Graph& graph, Value value) {
  graph.values.push_back(std::move(value));
  return static_cast<ValueId>(graph.values.size() - 1);
}

const Parameter* find_parameter(const Module& module, std::string_view role) {
  const auto found =
      std::find_if(module.parameters.begin(), module.parameters.end(),
                   [&](const Parameter& parameter) { return parameter.role == role; });
  return found == module.parameters.end() ? nullptr : &*found;
}

namespace {

/// The row-major positions of `extents` in the order in which their transpose by `order` lists
/// them.
std::vector<std::size_t> transposed_positions(const FlattenedRun& run) {
  const std::size_t rank = run.extents.size();
  std::vector<std::size_t> strides(rank, 1);
  for (std::size_t axis = rank; axis-- > 1;) {
    strides[axis - 1] = strides[axis] * static_cast<std::size_t>(run.extents[axis]);
  }
  std::vector<std::size_t> positions{0};
  for (std::size_t step = 0; step < rank; ++step) {
    const std::size_t axis = run.order.empty() ? step : run.order[step];
    std::vector<std::size_t> next;
    next.reserve(positions.size() * static_cast<std::size_t>(run.extents[axis]));
    for (const std::size_t position : positions) {
      for (std::int64_t index = 0; index < run.extents[axis]; ++index) {
        next.push_back(position + static_cast<std::size_t>(index) * strides[axis]);
      }
    }
    positions = std::move(next);
  }
  return positions;
}

}  // namespace

std::vector<std::size_t> keras_positions(const std::vector<FlattenedRun>& runs) {
  std::vector<std::size_t> positions;
  for (const FlattenedRun& run : runs) {
    const std::size_t offset = positions.size();
    for (const std::size_t position : transposed_positions(run)) {
      positions.push_back(offset + position);
    }
  }
  return positions;
}

}  // namespace tensorferry::graph
