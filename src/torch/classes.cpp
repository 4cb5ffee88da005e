#include "torch/classes.h"

#include <algorithm>
#include <set>

#include "torch/identifier.h"

namespace tensorferry::torch {

namespace {

/// Two nodes with one key are calls of one layer.
struct LayerKey {
  std::uint32_t scope = 0;  ///< of a node without a module: the graph
  std::size_t number = 0;   ///< module, or node
  std::size_t op = 0;
  bool shared = false;  ///< `number` is a module's

  auto operator<=>(const LayerKey&) const = default;
};

/// Both ways of an Embedding are calls of one layer.
std::size_t kind_of(const graph::Op& op) {
  return std::holds_alternative<graph::ReverseEmbedding>(op) ? graph::Op(graph::Embedding{}).index()
                                                             : op.index();
}

LayerKey key_of(std::uint32_t graph, std::size_t index, const graph::Node& node) {
  if (node.module) return {0, *node.module, kind_of(node.op), true};
  return {graph, index, node.op.index(), false};
}

bool tells_scores(const graph::Op& op) {
  if (const auto* heads = std::get_if<graph::MultiHeadAttention>(&op)) {
    return heads->return_scores || heads->blind_is_zero;
  }
  const auto* attention = std::get_if<graph::Attention>(&op);
  return attention != nullptr && attention->return_scores;
}

bool tells_no_scores(const graph::Program& program) {
  return std::none_of(program.graphs.begin(), program.graphs.end(), [](const graph::Graph& graph) {
    return std::any_of(graph.nodes.begin(), graph.nodes.end(),
                       [](const graph::Node& node) { return tells_scores(node.op); });
  });
}

class Divider {
 public:
  Divider(const graph::Program& program, const std::string& root_name, bool fuses_attention)
      : program_(program), file_scope_(reserved_names()) {
    result_.helpers = Helpers(fuses_attention && tells_no_scores(program));
    result_.classes.reserve(program.graphs.size());
    root_class_ = file_scope_.identifier(root_name);
  }

  Classes run() {
    collect_reachable(program_.root);
    for (const std::uint32_t graph : reachable_) collect_layers(graph);
    for (Layer& layer : result_.layers) declare_layer(layer);
    for (const std::uint32_t graph : reachable_) add_class(graph);
    find_paths();
    find_aliases();
    return std::move(result_);
  }

 private:
  // Graphs stand after those that they call, so ascending order defines what is called first.
  void collect_reachable(std::uint32_t graph) {
    if (!reachable_.insert(graph).second) return;
    for (const graph::Node& node : program_.graphs[graph].nodes) {
      if (const auto* call = std::get_if<graph::CallGraph>(&node.op))
        collect_reachable(call->graph);
    }
  }

  void collect_layers(std::uint32_t graph) {
    const graph::Graph& own = program_.graphs[graph];
    for (std::size_t i = 0; i < own.nodes.size(); ++i) {
      const graph::Node& node = own.nodes[i];
      const auto [found, is_new] = numbers_.emplace(key_of(graph, i, node), result_.layers.size());
      if (is_new) result_.layers.emplace_back();
      Layer& layer = result_.layers[found->second];
      layer.sites.push_back({program_, own, node});
      if (node.module) {
        layer.part = program_.modules[*node.module].part;
        layer.trainable = program_.modules[*node.module].trainable;
      }
      result_.layer_of[{graph, i}] = found->second;
    }
  }

  void declare_layer(Layer& layer) {
    const Site& first = layer.sites.front();
    for (const Site& site : layer.sites) {
      const bool same_rank = site.node.inputs.empty() || site.rank() == first.rank();
      layer.alike = layer.alike && same_rank && site.node.op == first.node.op;
    }
    layer.declaration = declare(layer.sites, result_.helpers);
  }

  void add_class(std::uint32_t graph) {
    const graph::Graph& own = program_.graphs[graph];
    Class made;
    made.graph = graph;
    made.name =
        graph == program_.root ? root_class_ : file_scope_.identifier(class_identifier(own.name));
    Scope names;
    std::map<std::string, std::size_t> by_layer;  // parts of one layer share an attribute
    std::set<std::size_t> seen;
    std::map<std::uint32_t, std::size_t> nested;
    for (std::size_t i = 0; i < own.nodes.size(); ++i) {
      const graph::Node& node = own.nodes[i];
      if (const auto* call = std::get_if<graph::CallGraph>(&node.op)) {
        if (nested.emplace(call->graph, i).second) {
          made.attributes.push_back({names.identifier(node.layer),
                                     {},
                                     call->graph,
                                     owned_graphs_.insert(call->graph).second});
        }
        continue;
      }
      const std::size_t layer = result_.layer_of.at({graph, i});
      if (!result_.layers[layer].declaration || !seen.insert(layer).second) continue;
      const bool is_part = !result_.layers[layer].part.empty();
      const auto whole = by_layer.find(node.layer);
      if (is_part && whole != by_layer.end()) {
        made.attributes[whole->second].layers.push_back(layer);
        owned_layers_.insert(layer);
        continue;
      }
      if (is_part) by_layer[node.layer] = made.attributes.size();
      made.attributes.push_back({names.identifier(node.layer),
                                 {layer},
                                 std::nullopt,
                                 owned_layers_.insert(layer).second});
    }
    made.is_sequence = own.sequential && is_sequence(graph, made);
    result_.classes.push_back(std::move(made));
  }

  // Every step exactly one stock module, nothing frozen, nothing constant, nothing shared, and
  // every layer once.
  bool is_sequence(std::uint32_t graph, const Class& made) const {
    const graph::Graph& own = program_.graphs[graph];
    if (own.inputs.size() != 1 || own.outputs.size() != 1) return false;
    graph::ValueId expected = own.inputs[0].value;
    std::set<std::string> layers;
    std::size_t steps = 0;
    for (std::size_t i = 0; i < own.nodes.size(); ++i) {
      const graph::Node& node = own.nodes[i];
      if (std::holds_alternative<graph::Input>(node.op)) continue;
      const Layer& layer = result_.layers[result_.layer_of.at({graph, i})];
      const bool in_line =
          node.inputs.size() == 1 && node.inputs[0] == expected && node.outputs.size() == 1;
      const bool named = !node.layer.empty() && layers.insert(node.layer).second && !node.fused;
      if (!in_line || !named || layer.sites.size() != 1 || layer.is_frozen()) return false;
      const bool stock = layer.declaration
                             ? layer.declaration->stock && layer.declaration->constant.empty()
                             : stock_module(layer.sites.front()).has_value();
      if (!stock) return false;
      expected = node.outputs[0];
      steps += 1;
    }
    const bool owns_all =
        std::all_of(made.attributes.begin(), made.attributes.end(),
                    [](const Attribute& attribute) { return attribute.declared; });
    return owns_all && steps > 0 && expected == own.outputs[0].value;
  }

  Class& class_of(std::uint32_t graph) { return const_cast<Class&>(result_.of(graph)); }

  void find_paths() {
    class_of(program_.root).path = "self";
    for (auto owner = result_.classes.rbegin(); owner != result_.classes.rend(); ++owner) {
      for (const Attribute& attribute : owner->attributes) {
        if (attribute.graph && attribute.declared) {
          class_of(*attribute.graph).path = owner->path + "." + attribute.name;
        }
      }
    }
  }

  std::string place_of(const Attribute& shared) const {
    for (const Class& owner : result_.classes) {
      for (const Attribute& attribute : owner.attributes) {
        const bool same = attribute.layers == shared.layers && attribute.graph == shared.graph;
        if (same && attribute.declared) return owner.path + "." + attribute.name;
      }
    }
    return "";
  }

  void find_aliases() {
    for (const Class& holder : result_.classes) {
      for (const Attribute& attribute : holder.attributes) {
        if (!attribute.declared) {
          result_.aliases.push_back({holder.path + "." + attribute.name, place_of(attribute)});
        }
      }
    }
  }

  const graph::Program& program_;
  Classes result_;
  Scope file_scope_;
  std::string root_class_;
  std::set<std::uint32_t> reachable_;
  std::map<LayerKey, std::size_t> numbers_;
  std::set<std::uint32_t> owned_graphs_;
  std::set<std::size_t> owned_layers_;
};

void append_entries(const Classes& classes, const Class& own, const std::string& prefix,
                    std::vector<StateEntry>& entries) {
  for (const Attribute& attribute : own.attributes) {
    const std::string place = prefix + attribute.name + ".";
    if (attribute.graph) {
      append_entries(classes, classes.of(*attribute.graph), place, entries);
      continue;
    }
    for (const std::size_t number : attribute.layers) {
      const Layer& layer = classes.layers[number];
      const std::string part = layer.part.empty() ? "" : layer.part + ".";
      for (std::size_t i = 0; i < layer.declaration->state.size(); ++i) {
        const State& state = layer.declaration->state[i];
        const std::vector<std::string>& constant = layer.declaration->constant;
        const bool is_constant =
            std::find(constant.begin(), constant.end(), state.name) != constant.end();
        entries.push_back({place + part + state.name,
                           {number, i},
                           &state.weight,
                           layer.trainable && !is_constant});
      }
    }
  }
}

}  // namespace

const std::set<std::string>& reserved_names() {
  static const std::set<std::string> names{
      "self", "nn", "F", "torch", "OrderedDict", "super",
      // Helpers of ops/, some of which a call names only after the classes have their names.
      "AdditiveAttention", "ConcatAttention", "DotProductAttention", "EinsumDense",
      "GatedGroupQueryAttention", "GatedMultiHeadAttention", "GroupQueryAttention",
      "MultiHeadAttention", "area_matrix", "attend", "band", "dot_product_attend", "gaussian",
      "mitchell_cubic", "resize_area", "Bidirectional", "Constant", "Denormalization",
      "ElementwisePReLU", "FixedDenormalization", "FixedNormalization", "GaussianDropout",
      "GaussianNoise", "LayerScale", "Literal", "Masked", "MaskedBidirectional", "MaskedConvLSTM",
      "Normalization", "NotConverted", "RMSNorm", "RMSNormalization", "ScaleOffset",
      "SharedDropout", "StepwiseGRU", "StepwiseGRUResetAfter", "StepwiseLSTM", "StepwiseRNN",
      "StochasticDepth", "auto_contrast", "average_pool", "clahe", "cubic", "hard_sigmoid",
      "lanczos3", "lanczos5", "look_up", "mirror_pad", "one_hot", "pad_same", "resize",
      "resize_matrix", "same_average_pool", "select", "sparsemax"};
  return names;
}

const Class& Classes::of(std::uint32_t graph) const {
  return *std::find_if(classes.begin(), classes.end(),
                       [graph](const Class& made) { return made.graph == graph; });
}

const Attribute* Classes::attribute_of(const Class& owner, std::size_t layer) const {
  const auto found = owner.attribute_of_layer.find(layer);
  return found == owner.attribute_of_layer.end() ? nullptr : &owner.attributes[found->second];
}

Classes divide(const graph::Program& program, const std::string& root_name, bool fuses_attention) {
  Classes classes = Divider(program, root_name, fuses_attention).run();
  for (Class& owner : classes.classes) {
    for (std::size_t i = 0; i < owner.attributes.size(); ++i) {
      for (const std::size_t layer : owner.attributes[i].layers) {
        owner.attribute_of_layer.emplace(layer, i);
      }
    }
  }
  return classes;
}

std::vector<StateEntry> state_dict(const Classes& classes) {
  std::vector<StateEntry> entries;
  append_entries(classes, classes.classes.back(), "", entries);
  return entries;
}

}  // namespace tensorferry::torch
