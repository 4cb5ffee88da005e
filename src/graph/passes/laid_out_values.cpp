#include "graph/passes/laid_out_values.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

namespace tensorferry::graph {

namespace {

Layout layout_of(const Axes& order, Runs runs) {
  return {order == keras_order(order.size()) ? Axes{} : order, std::move(runs)};
}

}  // namespace

LaidOutValues::LaidOutValues(LayoutState& state, const Graph& source, std::uint32_t index)
    : state_(state), source_(source), index_(index), now_(source.values.size()) {
  result_.name = source.name;
  result_.sequential = source.sequential;
}

bool LaidOutValues::must_permute_before(std::size_t index) const {
  return state_.lessons.plain_flattens.contains({index_, index});
}

Axes LaidOutValues::order_of(ValueId value) const {
  const Axes& axes = result_.values[value].layout.axes;
  return axes.empty() ? keras_order(rank_of(value)) : axes;
}

void LaidOutValues::emit(const Node& node, Op op, std::vector<ValueId> inputs,
                         const std::vector<Axes>& orders, Runs runs) {
  Node made = node;
  made.op = std::move(op);
  made.inputs = std::move(inputs);
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    Value value = source_.values[node.outputs[i]];
    const Axes order =
        orders.at(i).size() == value.shape.size() ? orders[i] : keras_order(value.shape.size());
    value.shape = in_order(value.shape, order);
    value.layout = layout_of(order, runs);
    made.outputs[i] = add_value(result_, std::move(value));
    now_[node.outputs[i]] = made.outputs[i];
  }
  result_.nodes.push_back(std::move(made));
}

ValueId LaidOutValues::held_in(ValueId value, const Axes& order, const Node& consumer,
                               const std::string& reason) {
  if (order_of(value) == order || order.size() != rank_of(value)) return value;
  const auto key = std::make_pair(value, order);
  const auto made = transposed_.find(key);
  if (made != transposed_.end()) return made->second;
  const Axes axes = transpose_between(order_of(value), order);
  const ValueId result = transpose(value, axes, order);
  transposed_[key] = result;
  note(consumer.layer, axes, reason);
  return result;
}

ValueId LaidOutValues::transpose(ValueId value, const Axes& axes, const Axes& order) {
  Value held = result_.values[value];
  held.shape = in_order(held.shape, axes);
  held.layout = layout_of(order, {});
  const ValueId result = add_value(result_, std::move(held));
  result_.nodes.push_back({Permute{axes}, {value}, {result}, std::nullopt, "", false});
  return result;
}

void LaidOutValues::note(const std::string& layer, const Axes& axes, const std::string& reason) {
  state_.program.notes.push_back(
      {io::Severity::Info, layer, "permute-inserted",
       fmt::format("A permute({}) is put in, since {}.", fmt::join(axes, ", "), reason)});
}

void LaidOutValues::require_keras_elements(ValueId source) {
  if (runs_of(now_[source]).empty()) return;
  for (std::size_t i = 0; i < source_.nodes.size(); ++i) {
    const Node& node = source_.nodes[i];
    if (std::find(node.outputs.begin(), node.outputs.end(), source) == node.outputs.end()) continue;
    if (std::holds_alternative<Flatten>(node.op)) {
      state_.lessons.plain_flattens.insert({index_, i});
      state_.learned = true;
    } else {
      for (const ValueId input : node.inputs) require_keras_elements(input);
    }
  }
}

void LaidOutValues::require_keras_elements(const Node& node) {
  for (const ValueId input : node.inputs) require_keras_elements(input);
}

void LaidOutValues::absorb(const Node& node, const std::vector<std::string>& roles) {
  const ModuleId id = node.module.value();
  const Runs& runs = runs_of(argument(node));
  if (state_.lessons.plain_modules.count(id)) {
    require_keras_elements(node);
    return;
  }
  const auto [first, is_first] = state_.runs.emplace(id, runs);
  if (!is_first && first->second != runs) {
    state_.lessons.plain_modules.insert(id);
    state_.learned = true;
    return;
  }
  for (Parameter& parameter : state_.program.modules[id].parameters) {
    if (std::find(roles.begin(), roles.end(), parameter.role) != roles.end()) {
      parameter.runs = runs;
    }
  }
}

ValueId LaidOutValues::as_at_first_call(const Node& node, ValueId value) {
  if (!node.module || state_.program.modules[*node.module].parameters.empty()) return value;
  const auto [first, is_first] = state_.orders.emplace(*node.module, order_of(value));
  if (is_first) return value;
  return held_in(value, first->second, node, "the layer is shared with a value of that layout");
}

Axes LaidOutValues::common_order(const Node& node) const {
  const Axes first = order_of(argument(node));
  const Axes channels_first =
      first.size() < 3 ? first : channels_first_order(first.size(), first.size() - 1);
  bool alike = true;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const Axes order = order_of(argument(node, i));
    if (order.size() != first.size()) return keras_order(first.size());
    if (order == channels_first) return channels_first;
    alike = alike && order == first;
  }
  return alike ? first : keras_order(first.size());
}

Runs LaidOutValues::common_runs(const Node& node) {
  std::optional<Runs> common;
  bool alike = true;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const Value& value = this->value(argument(node, i));
    if (!value.shape.empty() && value.shape.back() == 1) continue;
    if (common && *common != value.layout.last_axis) alike = false;
    if (!common) common = value.layout.last_axis;
  }
  if (alike) return common.value_or(Runs{});
  require_keras_elements(node);
  return {};
}

Runs LaidOutValues::concatenated_runs(const Node& node, std::size_t axis) {
  const bool any = std::any_of(node.inputs.begin(), node.inputs.end(),
                               [&](ValueId input) { return !runs_of(now(input)).empty(); });
  if (!any) return {};
  Runs runs;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const Value& value = this->value(argument(node, i));
    const Extent extent = value.shape.back();
    if (axis != 1 || extent == unknown_extent) {
      require_keras_elements(node);
      return {};
    }
    const Runs& own = value.layout.last_axis;
    if (own.empty()) runs.push_back({{extent}, {0}});
    runs.insert(runs.end(), own.begin(), own.end());
  }
  return runs;
}

}  // namespace tensorferry::graph
