#include "torch/match/weighted_layers.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "graph/infer.h"
#include "io/overloaded.h"

namespace tensorferry::torch {

namespace {

using graph::Graph;
using graph::Node;
using graph::ValueId;
using Kind = TargetModule::Kind;

/// Who makes each value of a graph, and how many read it.
struct Wiring {
  explicit Wiring(const Graph& graph) : graph(graph), readers(graph.values.size(), 0) {
    makers.resize(graph.values.size());
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
      for (const ValueId value : graph.nodes[i].outputs) makers[value] = i;
      for (const ValueId value : graph.nodes[i].inputs) readers[value] += 1;
    }
    for (const graph::Port& port : graph.outputs) readers[port.value] += 1;
  }

  const Node* maker(ValueId value) const {
    return makers[value] ? &graph.nodes[*makers[value]] : nullptr;
  }

  const Graph& graph;
  std::vector<std::optional<std::size_t>> makers;
  std::vector<std::size_t> readers;
};

Kind kind_of_op(const graph::Op& op) {
  if (std::holds_alternative<graph::Conv>(op)) return Kind::Conv;
  if (std::holds_alternative<graph::Dense>(op) || std::holds_alternative<graph::Embedding>(op)) {
    return Kind::Linear;
  }
  if (std::holds_alternative<graph::BatchNorm>(op)) return Kind::BatchNorm;
  if (std::holds_alternative<graph::GroupNorm>(op)) return Kind::Norm;
  if (std::holds_alternative<graph::ChannelScale>(op)) return Kind::Vector;
  if (const auto* norm = std::get_if<graph::LayerNorm>(&op)) {
    const bool is_plain = norm->kind == graph::LayerNorm::Kind::Standard && norm->axes.size() == 1;
    return is_plain ? Kind::Norm : Kind::Other;
  }
  if (const auto* prelu = std::get_if<graph::PRelu>(&op)) {
    const auto wide = std::count_if(prelu->alpha_shape.begin(), prelu->alpha_shape.end(),
                                    [](std::int64_t extent) { return extent != 1; });
    return wide <= 1 ? Kind::Vector : Kind::Other;
  }
  if (const auto* pool = std::get_if<graph::Pool>(&op)) {
    return pool->kind == graph::Pool::Kind::Max ? Kind::MaxPool : Kind::AveragePool;
  }
  return Kind::Other;
}

bool has_own_weights(const graph::Op& op) {
  return !std::holds_alternative<graph::Normalize>(op) &&
         !std::holds_alternative<graph::ScaleOffset>(op);
}

bool is_affine_op(const graph::Op& op) {
  return std::holds_alternative<graph::Conv>(op) || std::holds_alternative<graph::Dense>(op);
}

/// Whether a BatchNorm's axis is that of the channels which the layer before it makes.
bool is_along_channels(const Node& norm, const graph::Op& before, const graph::Value& value) {
  const std::size_t axis = std::get<graph::BatchNorm>(norm.op).axis;
  const auto* conv = std::get_if<graph::Conv>(&before);
  return axis == (conv != nullptr ? conv->channel_axis : value.shape.size() - 1);
}

/// Convolutions and Dense layers on the way back to where the branch began.
std::vector<const Node*> affine_ops_of_branch(const Wiring& wiring, ValueId value) {
  std::vector<const Node*> found;
  while (wiring.readers[value] == 1) {
    const Node* maker = wiring.maker(value);
    if (maker == nullptr || maker->inputs.empty()) break;
    const auto* merge = std::get_if<graph::Merge>(&maker->op);
    const bool is_gate = merge != nullptr && merge->kind == graph::Merge::Kind::Multiply;
    if (maker->inputs.size() > 1 && !is_gate) break;
    if (is_affine_op(maker->op)) found.push_back(maker);
    value = maker->inputs.front();
  }
  return found;
}

/// The one convolution of the shorter way around a block.
std::set<const Node*> projections(const Wiring& wiring) {
  std::set<const Node*> found;
  for (const Node& node : wiring.graph.nodes) {
    const auto* merge = std::get_if<graph::Merge>(&node.op);
    if (merge == nullptr || merge->kind != graph::Merge::Kind::Add || node.inputs.size() != 2) {
      continue;
    }
    const auto a = affine_ops_of_branch(wiring, node.inputs[0]);
    const auto b = affine_ops_of_branch(wiring, node.inputs[1]);
    if (a.size() == 1 && b.size() > 1) found.insert(a.front());
    if (b.size() == 1 && a.size() > 1) found.insert(b.front());
  }
  return found;
}

struct Sliding {
  std::vector<std::int64_t> size;
  std::vector<std::int64_t> strides;
  std::vector<std::int64_t> dilations;
  graph::SpatialPadding padding;
  std::vector<std::size_t> axes;  ///< spatial
};

std::optional<Sliding> sliding_of(const graph::Op& op) {
  if (const auto* conv = std::get_if<graph::Conv>(&op)) {
    if (conv->transposed) return std::nullopt;
    return Sliding{conv->kernel_size, conv->strides, conv->dilations, conv->padding,
                   graph::spatial_axes(conv->spatial_rank, conv->channel_axis)};
  }
  if (const auto* pool = std::get_if<graph::Pool>(&op)) {
    return Sliding{pool->size, pool->strides, std::vector<std::int64_t>(pool->size.size(), 1),
                   pool->padding, graph::spatial_axes(pool->spatial_rank, pool->channel_axis)};
  }
  return std::nullopt;
}

bool is_zero(const graph::Pad& pad) { return pad.before == 0 && pad.after == 0; }

/// Zeros around these axes and no others; what cuts off is a step of its own in any model.
bool is_around(const graph::PadAxes& pad, const std::vector<std::size_t>& axes) {
  if (pad.value != 0) return false;
  for (std::size_t axis = 0; axis < pad.pads.size(); ++axis) {
    const graph::Pad& one = pad.pads[axis];
    const bool is_among = std::find(axes.begin(), axes.end(), axis) != axes.end();
    if (one.before < 0 || one.after < 0 || (!is_among && !is_zero(one))) return false;
  }
  return true;
}

/// Nothing below zero comes out of it, so that zeros around it change no maximum.
bool is_never_negative(const Node* maker) {
  if (maker == nullptr) return false;
  const auto* unary = std::get_if<graph::Unary>(&maker->op);
  return unary != nullptr &&
         (unary->kind == graph::UnaryKind::Relu || unary->kind == graph::UnaryKind::Relu6 ||
          unary->kind == graph::UnaryKind::Sigmoid);
}

Surroundings surroundings_of(const Wiring& wiring, const Node& node) {
  const std::optional<Sliding> sliding = sliding_of(node.op);
  Surroundings around;
  if (!sliding) return around;
  const bool is_max = kind_of_op(node.op) == Kind::MaxPool;
  around.by_size = sliding->padding.kind == graph::SpatialPadding::Kind::Same;
  around.zeros = !is_max;
  for (std::size_t i = 0; i < sliding->axes.size(); ++i) {
    around.pads.push_back(around.by_size ? graph::Pad{} : sliding->padding.pads[i]);
    around.extents.push_back(wiring.graph.values[node.inputs.front()].shape.at(sliding->axes[i]));
  }
  const Node* before = wiring.maker(node.inputs.front());
  while (before != nullptr && std::holds_alternative<graph::Identity>(before->op)) {
    before = wiring.maker(before->inputs.front());
  }
  const auto* pad = before == nullptr ? nullptr : std::get_if<graph::PadAxes>(&before->op);
  if (pad == nullptr || around.by_size || !is_around(*pad, sliding->axes)) return around;
  around.pad = before;
  for (std::size_t i = 0; i < sliding->axes.size(); ++i) {
    const graph::Pad& more = pad->pads.at(sliding->axes[i]);
    if (is_zero(more)) continue;
    around.pads[i].before += more.before;
    around.pads[i].after += more.after;
    if (around.extents[i] != graph::unknown_extent) around.extents[i] -= more.before + more.after;
    around.counted = kind_of_op(node.op) == Kind::AveragePool;
    if (is_max) around.zeros = !is_never_negative(wiring.maker(before->inputs.front()));
  }
  return around;
}

class Walk {
 public:
  Walk(const graph::Program& program, const Classes& classes)
      : program_(program), classes_(classes) {
    for (const StateEntry& entry : state_dict(classes)) {
      const State& state =
          classes.layers[entry.identity.first].declaration->state[entry.identity.second];
      const std::size_t length = entry.key.size() - state.name.size();
      names_.emplace(entry.identity.first, entry.key.substr(0, length == 0 ? 0 : length - 1));
    }
  }

  std::vector<WeightedLayer> run() {
    visit_graph(program_.root);
    return std::move(found_);
  }

 private:
  bool is_called_once(const WeightedLayer& layer) const {
    return classes_.layers[layer.layer].sites.size() == 1;
  }

  // Branch by branch, from the outputs back: a stack of its own, as a model may be 10,000 layers
  // deep.
  void visit_graph(std::uint32_t index) {
    if (!seen_graphs_.insert(index).second) return;
    const Graph& graph = program_.graphs.at(index);
    const Wiring wiring(graph);
    const std::set<const Node*> around = projections(wiring);
    std::vector<bool> done(graph.nodes.size(), false);
    struct Step {
      std::size_t node;
      std::size_t input;
    };
    for (const graph::Port& port : graph.outputs) {
      if (!wiring.makers[port.value]) continue;
      std::vector<Step> steps{{*wiring.makers[port.value], 0}};
      while (!steps.empty()) {
        Step& step = steps.back();
        const Node& node = graph.nodes[step.node];
        if (done[step.node] || step.input == node.inputs.size()) {
          const std::size_t finished = step.node;
          steps.pop_back();
          if (!done[finished]) visit_node(index, finished, wiring, around);
          done[finished] = true;
          continue;
        }
        const auto maker = wiring.makers[node.inputs[step.input++]];
        if (maker && !done[*maker]) steps.push_back({*maker, 0});
      }
    }
  }

  void visit_node(std::uint32_t index, std::size_t number, const Wiring& wiring,
                  const std::set<const Node*>& around) {
    const Node& node = wiring.graph.nodes[number];
    if (const auto* call = std::get_if<graph::CallGraph>(&node.op)) {
      visit_graph(call->graph);
      return;
    }
    const auto layer = classes_.layer_of.find({index, number});
    if (layer == classes_.layer_of.end() || !seen_layers_.insert(layer->second).second) return;
    const std::optional<Declaration>& declaration = classes_.layers[layer->second].declaration;
    const bool has_state = declaration && !declaration->state.empty() && has_own_weights(node.op);
    if (!has_state && !std::holds_alternative<graph::Pool>(node.op)) return;
    WeightedLayer weighted;
    weighted.layer = layer->second;
    const auto name = names_.find(layer->second);
    weighted.name = name == names_.end() ? node.layer : name->second;
    weighted.keras_name = node.layer;
    weighted.kind = kind_of_op(node.op);
    if (has_state) {
      for (const State& state : declaration->state) {
        weighted.entries.push_back({state.name, state.weight.contiguous.shape});
      }
    }
    weighted.node = &node;
    weighted.input = &wiring.graph.values[node.inputs.at(0)];
    weighted.surroundings = surroundings_of(wiring, node);
    weighted.is_projection = around.count(&node) != 0;
    const Node* before = wiring.maker(node.inputs.front());
    const auto leader = weighted_nodes_.find(before);
    if (weighted.kind == Kind::BatchNorm && leader != weighted_nodes_.end() &&
        is_affine_op(before->op) && is_along_channels(node, before->op, *weighted.input)) {
      weighted.follows = leader->second;
      weighted.follows_alone = wiring.readers[node.inputs.front()] == 1 &&
                               is_called_once(weighted) && is_called_once(found_[leader->second]);
    }
    weighted_nodes_[&node] = found_.size();
    found_.push_back(std::move(weighted));
  }

  const graph::Program& program_;
  const Classes& classes_;
  std::map<std::size_t, std::string> names_;
  std::set<std::uint32_t> seen_graphs_;
  std::set<std::size_t> seen_layers_;
  std::map<const Node*, std::size_t> weighted_nodes_;
  std::vector<WeightedLayer> found_;
};

}  // namespace

std::vector<WeightedLayer> weighted_layers(const graph::Program& program, const Classes& classes) {
  return Walk(program, classes).run();
}

}  // namespace tensorferry::torch
