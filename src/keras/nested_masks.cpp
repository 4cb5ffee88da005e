#include "keras/nested_masks.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "io/error.h"
#include "io/overloaded.h"

namespace tensorferry::keras {

using graph::ValueId;

namespace {

ValueId value_of(const Scope& scope, const TensorHandle& handle) {
  return scope.tensors.at({{handle.layer, handle.node}, handle.tensor});
}

std::string mask_name(const Model& model, const ModelOutput& input) {
  return model.inputs.size() == 1 ? "mask" : input.name + "_mask";
}

std::set<ValueId> read_values(const graph::Graph& graph) {
  std::set<ValueId> read;
  for (const graph::Port& output : graph.outputs) read.insert(output.value);
  for (const graph::Node& node : graph.nodes) read.insert(node.inputs.begin(), node.inputs.end());
  return read;
}

template <class Item>
void erase_at(std::vector<Item>& items, std::size_t i) {
  items.erase(items.begin() + static_cast<std::ptrdiff_t>(i));
}

/// The calls of one graph, whereever they stand.
std::vector<graph::Node*> calls_of(graph::Program& program, std::uint32_t index) {
  std::vector<graph::Node*> calls;
  for (graph::Graph& graph : program.graphs) {
    for (graph::Node& node : graph.nodes) {
      const auto* call = std::get_if<graph::CallGraph>(&node.op);
      if (call != nullptr && call->graph == index) calls.push_back(&node);
    }
  }
  return calls;
}

bool drop_inputs(graph::Program& program, std::uint32_t index, std::size_t own) {
  graph::Graph& graph = program.graphs[index];
  const std::set<ValueId> read = read_values(graph);
  bool dropped = false;
  for (std::size_t i = graph.inputs.size(); i-- > own;) {
    const ValueId mask = graph.inputs[i].value;
    if (read.contains(mask)) continue;
    erase_at(graph.inputs, i);
    std::erase_if(graph.nodes, [&](const graph::Node& node) {
      return std::holds_alternative<graph::Input>(node.op) && node.outputs[0] == mask;
    });
    for (graph::Node* call : calls_of(program, index)) erase_at(call->inputs, i);
    dropped = true;
  }
  return dropped;
}

bool drop_outputs(graph::Program& program, std::uint32_t index, std::size_t own) {
  graph::Graph& graph = program.graphs[index];
  bool dropped = false;
  for (std::size_t i = graph.outputs.size(); i-- > own;) {
    const bool is_read =
        std::any_of(program.graphs.begin(), program.graphs.end(), [&](const graph::Graph& caller) {
          const std::set<ValueId> read = read_values(caller);
          return std::any_of(caller.nodes.begin(), caller.nodes.end(), [&](const graph::Node& it) {
            const auto* call = std::get_if<graph::CallGraph>(&it.op);
            return call != nullptr && call->graph == index && read.contains(it.outputs.at(i));
          });
        });
    if (is_read) continue;
    erase_at(graph.outputs, i);
    for (graph::Node* call : calls_of(program, index)) erase_at(call->outputs, i);
    dropped = true;
  }
  return dropped;
}

}  // namespace

void add_mask_input(Scope& scope, const MaskedCalls& masked, const CallId& id, ValueId input) {
  const auto ranks = masked.inputs.find(&scope.model);
  if (ranks == masked.inputs.end()) return;
  for (const auto& [i, rank] : ranks->second) {
    const ModelOutput& port = scope.model.inputs.at(i);
    if (CallId{port.tensor.layer, port.tensor.node} != id) continue;
    graph::Value mask;
    mask.shape = scope.graph.values[input].shape;
    mask.shape.resize(rank, graph::unknown_extent);
    mask.dtype = tensor::DType::Bool;
    const ValueId output = graph::add_value(scope.graph, std::move(mask));
    scope.graph.nodes.push_back({graph::Input{mask_name(scope.model, port)},
                                 {},
                                 {output},
                                 std::nullopt,
                                 scope.model.layers[id.layer].name,
                                 false});
    scope.masks[input] = output;
  }
}

NestedMasks add_mask_ports(Scope& scope, const MaskedCalls& masked) {
  NestedMasks ports;
  ports.input_count = scope.model.inputs.size();
  ports.output_count = scope.model.outputs.size();
  std::map<ValueId, MaskOut> known;
  if (const auto ranks = masked.inputs.find(&scope.model); ranks != masked.inputs.end()) {
    ports.inputs = ranks->second;
  }
  for (const auto& [i, rank] : ports.inputs) {
    const ModelOutput& input = scope.model.inputs.at(i);
    const auto found = scope.masks.find(value_of(scope, input.tensor));
    if (found == scope.masks.end() || !found->second) {
      throw io::Error(io::ErrorCode::ConfigInvalid,
                      fmt::format("Input \"{}\" of nested model \"{}\" is no InputLayer.",
                                  input.name, scope.model.name));
    }
    const ValueId mask = *found->second;
    scope.graph.inputs.push_back({mask_name(scope.model, input), mask});
    known[mask] = MaskOfInput{i};
  }
  for (const ModelOutput& output : scope.model.outputs) {
    const auto found = scope.masks.find(value_of(scope, output.tensor));
    if (found == scope.masks.end()) {
      ports.outputs.emplace_back(NoMask{});
    } else if (!found->second) {
      ports.outputs.emplace_back(UnknownMask{});
    } else {
      const auto [entry, is_new] =
          known.try_emplace(*found->second, MaskOutput{scope.graph.outputs.size()});
      if (is_new) scope.graph.outputs.push_back({output.name + "_mask", *found->second});
      ports.outputs.push_back(entry->second);
    }
  }
  return ports;
}

void send_mask_out(Scope& scope, const MaskOut& out,
                   const std::vector<std::optional<ValueId>>& masks,
                   const std::vector<ValueId>& results, ValueId output) {
  std::visit(io::overloaded{
                 [](const NoMask&) {},
                 [&](const UnknownMask&) { scope.masks[output] = std::nullopt; },
                 [&](const MaskOfInput& mask) {
                   if (masks.at(mask.input)) scope.masks[output] = masks[mask.input];
                 },
                 [&](const MaskOutput& mask) { scope.masks[output] = results.at(mask.output); },
             },
             out);
}

void drop_unread_steps(graph::Graph& graph) {
  std::set<ValueId> read;
  for (const graph::Port& output : graph.outputs) read.insert(output.value);
  for (std::size_t i = graph.nodes.size(); i-- > 0;) {
    const graph::Node& node = graph.nodes[i];
    // Of booleans: a mask of several.
    const bool is_mask = std::holds_alternative<graph::NotEqualTo>(node.op) ||
                         (std::holds_alternative<graph::Concatenate>(node.op) &&
                          graph.values[node.outputs[0]].dtype == tensor::DType::Bool);
    const bool is_step = std::holds_alternative<graph::FoldTime>(node.op) ||
                         std::holds_alternative<graph::UnfoldTime>(node.op) ||
                         std::holds_alternative<graph::Function>(node.op) ||
                         std::holds_alternative<graph::Cast>(node.op) ||
                         std::holds_alternative<graph::Literal>(node.op) || is_mask;
    const bool is_read = std::any_of(node.outputs.begin(), node.outputs.end(),
                                     [&](ValueId output) { return read.contains(output); });
    if (is_step && !is_read) {
      erase_at(graph.nodes, i);
    } else {
      read.insert(node.inputs.begin(), node.inputs.end());
    }
  }
}

void drop_unread_masks(graph::Program& program, const std::map<std::uint32_t, NestedMasks>& masks) {
  for (bool dropped = true; dropped;) {
    dropped = false;
    for (const auto& [index, ports] : masks) {
      if (index == program.root) continue;
      const bool outputs = drop_outputs(program, index, ports.output_count);
      const bool inputs = drop_inputs(program, index, ports.input_count);
      dropped = dropped || outputs || inputs;
    }
    for (graph::Graph& graph : program.graphs) drop_unread_steps(graph);
  }
}

}  // namespace tensorferry::keras
