#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"
#include "torch/ops/spelling.h"

namespace tensorferry::torch {

/// A layer, or one part of one, that `__init__` declares: called at `sites`, in whatever graphs.
struct Layer {
  std::string part;  ///< "", "depthwise"…
  std::vector<Site> sites;
  bool alike = true;  ///< all sites are the same op on values of one rank
  bool trainable = true;
  std::optional<Declaration> declaration;

  bool is_frozen() const { return !trainable && declaration && !declaration->state.empty(); }
};

/// What an attribute of a class holds: layers (several: the parts of one), or a nested model.
struct Attribute {
  std::string name;
  std::vector<std::size_t> layers;  ///< indices into `Classes::layers`
  std::optional<std::uint32_t> graph;
  bool declared = true;  ///< in this class; false: the root shares it from another path
};

/// One graph as a Python class.
struct Class {
  std::uint32_t graph = 0;
  std::string name;
  std::string path;  ///< from the root's: "self", "self.encoder"
  std::vector<Attribute> attributes;
  std::map<std::size_t, std::size_t> attribute_of_layer;  ///< index into `attributes`
  bool is_sequence = false;                               ///< an nn.Sequential
};

/// `self.<to> = self.<from>`: one layer at two places.
struct Alias {
  std::string to;
  std::string from;
};

/// How a program is divided into classes and attributes. Refers to the program.
struct Classes {
  std::vector<Layer> layers;
  std::vector<Class> classes;  ///< in the order of definition; the root is the last
  std::vector<Alias> aliases;  ///< for the root's `__init__`
  std::map<std::pair<std::uint32_t, std::size_t>, std::size_t> layer_of;  ///< graph, node → layer
  Helpers helpers;

  const Class& of(std::uint32_t graph) const;
  const Attribute* attribute_of(const Class& owner, std::size_t layer) const;
};

/// Names that model.py may use itself: none of them is given to a class or a variable.
const std::set<std::string>& reserved_names();

/// `fuses_attention`: torch has F.scaled_dot_product_attention with a scale (2.1); used where no
/// attention of the program tells its scores.
Classes divide(const graph::Program& program, const std::string& root_name, bool fuses_attention);

/// One entry of the state_dict. Two entries of one layer at two places have the same `identity`.
struct StateEntry {
  std::string key;
  std::pair<std::size_t, std::size_t> identity;  ///< layer, index of its state
  const Weight* weight = nullptr;
  bool trained = true;  ///< not of a frozen layer, nor a parameter that Keras does not have
};
std::vector<StateEntry> state_dict(const Classes& classes);

}  // namespace tensorferry::torch
