#include "torch/variables.h"

#include <algorithm>

#include "torch/classes.h"
#include "torch/identifier.h"

namespace tensorferry::torch {

namespace {

// A value that is read again this many nodes after it was first read is a skip connection.
constexpr std::size_t skip_distance = 16;

std::string purpose(const graph::Node& reader) {
  if (const auto* merge = std::get_if<graph::Merge>(&reader.op)) {
    switch (merge->kind) {
      case graph::Merge::Kind::Add:
        return "residual";
      case graph::Merge::Kind::Multiply:
        return "scale";
      case graph::Merge::Kind::Subtract:
      case graph::Merge::Kind::Divide:
      case graph::Merge::Kind::Average:
      case graph::Merge::Kind::Maximum:
      case graph::Merge::Kind::Minimum:
        return "branch";
    }
  }
  return "branch";
}

}  // namespace

Variables::Variables(const graph::Graph& graph, const std::vector<std::string>& arguments)
    : graph_(graph),
      readers_(graph.values.size()),
      is_output_(graph.values.size(), false),
      arguments_(arguments.begin(), arguments.end()) {
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    for (const graph::ValueId value : graph.nodes[i].inputs) readers_[value].push_back(i);
  }
  for (const graph::Port& port : graph.outputs) is_output_[port.value] = true;
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    names_[graph.inputs[i].value] = arguments.at(i);
    held_.insert(graph.inputs[i].value);
  }
}

bool Variables::is_live_after(graph::ValueId value, std::size_t node) const {
  if (is_output_[value] || (!readers_[value].empty() && readers_[value].back() > node)) return true;
  const auto same = aliases_.find(value);
  return same != aliases_.end() &&
         std::any_of(same->second.begin(), same->second.end(),
                     [&](graph::ValueId other) { return is_live_after(other, node); });
}

// What is read no more at a node is not read later: it is forgotten, so that a long net does not
// look at all its values for each node.
std::set<std::string> Variables::live_after(std::size_t node) {
  std::erase_if(held_, [&](graph::ValueId value) { return !is_live_after(value, node); });
  std::set<std::string> live;
  for (const graph::ValueId value : held_) live.insert(names_.at(value));
  return live;
}

std::string Variables::assign(std::size_t node, graph::ValueId value) {
  const std::set<std::string> live = live_after(node);
  std::set<std::string> taken = reserved_names();
  taken.insert(live.begin(), live.end());
  const bool x_is_free = !taken.count("x") && (!arguments_.count("x") || arguments_.size() == 1);
  std::string name;
  if (std::holds_alternative<graph::NotEqualTo>(graph_.nodes[node].op)) {
    name = Scope(taken).identifier("mask");
  } else if (is_skip(value)) {
    name = Scope(taken).identifier("skip");
  } else if (x_is_free) {
    name = "x";
  } else {
    for (const graph::ValueId input : graph_.nodes[node].inputs) {
      const std::string& own = names_.at(input);
      if (name.empty() && !live.count(own) && !arguments_.count(own)) name = own;
    }
    if (name.empty()) {
      taken.insert(arguments_.begin(), arguments_.end());
      name = Scope(taken).identifier(hint(value));
    }
  }
  names_[value] = name;
  held_.insert(value);
  return name;
}

std::string Variables::temporary(std::size_t node, std::string_view name) {
  std::set<std::string> taken = reserved_names();
  taken.merge(live_after(node));
  for (const graph::ValueId input : graph_.nodes[node].inputs) taken.insert(names_.at(input));
  return Scope(taken).identifier(name);
}

void Variables::alias(std::size_t, graph::ValueId value, graph::ValueId same) {
  names_[value] = names_.at(same);
  aliases_[same].push_back(value);
  held_.insert({value, same});
}

bool Variables::has_one_reader(graph::ValueId value, std::size_t& reader) const {
  if (is_output_[value] || readers_[value].size() != 1) return false;
  reader = readers_[value].front();
  return true;
}

bool Variables::is_skip(graph::ValueId value) const {
  const std::vector<std::size_t>& readers = readers_[value];
  if (readers.size() < 2 || readers.back() - readers.front() < skip_distance) return false;
  return std::holds_alternative<graph::Concatenate>(graph_.nodes[readers.back()].op);
}

// Follows the value to where it meets another one, or leaves.
std::string Variables::hint(graph::ValueId value) const {
  while (true) {
    if (is_output_[value]) {
      for (const graph::Port& port : graph_.outputs) {
        if (port.value == value) return port.name;
      }
    }
    if (readers_[value].size() != 1) return "y";
    const graph::Node& reader = graph_.nodes[readers_[value].front()];
    if (reader.inputs.size() > 1) return purpose(reader);
    if (reader.outputs.empty()) return "y";
    value = reader.outputs.front();
  }
}

}  // namespace tensorferry::torch
