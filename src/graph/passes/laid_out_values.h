#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "graph/passes/graph_layout.h"

namespace tensorferry::graph {

using Runs = std::vector<FlattenedRun>;

/// The graph that the layout pass builds from `source`: each value with the order of its axes.
/// What an op asks of the layout is in graph_layout/; here is how it is given.
class LaidOutValues {
 public:
  LaidOutValues(LayoutState& state, const Graph& source, std::uint32_t index);

  const Graph& source() const { return source_; }
  /// A value of the source, as Keras holds it.
  const Value& keras(ValueId source) const { return source_.values[source]; }
  Wishes wishes(ValueId source) const { return wishes_of(source_, source, state_.boundaries); }
  /// The order of the elements can't be absorbed behind this Flatten, the source's node `index`.
  bool must_permute_before(std::size_t index) const;

  Graph& result() { return result_; }
  const Value& value(ValueId value) const { return result_.values[value]; }
  /// The result's value that stands for a value of the source.
  ValueId& now(ValueId source) { return now_[source]; }
  ValueId argument(const Node& node, std::size_t i = 0) const { return now_[node.inputs.at(i)]; }

  std::size_t rank_of(ValueId value) const { return result_.values[value].shape.size(); }
  Axes order_of(ValueId value) const;
  const Runs& runs_of(ValueId value) const { return result_.values[value].layout.last_axis; }

  /// Adds the node with another op and other inputs; its outputs are held in `orders`.
  void emit(const Node& node, Op op, std::vector<ValueId> inputs, const std::vector<Axes>& orders,
            Runs runs = {});
  /// `value` held in `order`: itself, or a transpose of it, which is made once and noted.
  ValueId held_in(ValueId value, const Axes& order, const Node& consumer,
                  const std::string& reason);

  /// The consumer can't absorb the order of a flattened axis: the Flatten must permute first.
  void require_keras_elements(ValueId source);
  void require_keras_elements(const Node& node);
  /// The parameters of `roles` take the order of the flattened axis, once for all calls.
  void absorb(const Node& node, const std::vector<std::string>& roles);
  /// The order in which a module whose parameters lie along several axes takes its input: that of
  /// the first call, for all calls.
  ValueId as_at_first_call(const Node& node, ValueId value);

  /// The one order in which a merging layer takes all its inputs.
  Axes common_order(const Node& node) const;
  /// The order of the flattened axis that elementwise merged inputs share; none where they differ.
  /// An input of extent 1 there has no order.
  Runs common_runs(const Node& node);
  /// The orders of the flattened axes that stand one after another in a concatenation.
  Runs concatenated_runs(const Node& node, std::size_t axis);

 private:
  ValueId transpose(ValueId value, const Axes& axes, const Axes& order);
  void note(const std::string& layer, const Axes& axes, const std::string& reason);

  LayoutState& state_;
  const Graph& source_;
  std::uint32_t index_;
  Graph result_;
  std::vector<ValueId> now_;
  std::map<std::pair<ValueId, Axes>, ValueId> transposed_;
};

}  // namespace tensorferry::graph
