#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace tensorferry::torch {

/// The variables of a `forward`: the main path is `x`; what branches off it is named after what it
/// is for (residual, scale, branch, skip); a name whose value is read no more is used again. Nodes
/// are told in their order.
class Variables {
 public:
  Variables(const graph::Graph& graph, const std::vector<std::string>& arguments);

  const std::string& of(graph::ValueId value) const { return names_.at(value); }
  /// The variable for output `value` of node `node`, once the node has read its inputs.
  std::string assign(std::size_t node, graph::ValueId value);
  /// A name for something that only the statements of this node hold, whose outputs have theirs.
  std::string temporary(std::size_t node, std::string_view name);
  /// Whether any node, or the caller, reads the value.
  bool is_read(graph::ValueId value) const { return is_output_[value] || !readers_[value].empty(); }
  /// `value` is another name for `same`.
  void alias(std::size_t node, graph::ValueId value, graph::ValueId same);
  /// Whether only one node, and no output, reads the value; that node's index.
  bool has_one_reader(graph::ValueId value, std::size_t& reader) const;

 private:
  bool is_live_after(graph::ValueId value, std::size_t node) const;
  std::set<std::string> live_after(std::size_t node);
  std::string hint(graph::ValueId value) const;
  bool is_skip(graph::ValueId value) const;

  const graph::Graph& graph_;
  std::vector<std::vector<std::size_t>> readers_;  ///< of each value, ascending
  std::vector<bool> is_output_;
  std::map<graph::ValueId, std::string> names_;
  std::set<graph::ValueId> held_;  ///< that have names and may be read again
  std::map<graph::ValueId, std::vector<graph::ValueId>> aliases_;
  std::set<std::string> arguments_;
};

}  // namespace tensorferry::torch
