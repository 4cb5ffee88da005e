#include "keras/operations/shape_numbers.h"

#include <algorithm>

#include "graph/functions.h"
#include "io/overloaded.h"

namespace tensorferry::keras {
namespace {

using graph::Extent;
using graph::Function;
using graph::unknown_extent;
using graph::ValueId;

using Numbers = std::vector<ShapeNumber>;
using Found = std::optional<Numbers>;

bool keeps_batch(const Function& function) {
  switch (function.kind->axes) {
    case graph::AxisUse::Elementwise:
    case graph::AxisUse::Channels:
      return true;
    case graph::AxisUse::Reduces:
      return std::count(function.axes.begin(), function.axes.end(), std::size_t{0}) == 0;
    case graph::AxisUse::Along:
    case graph::AxisUse::Fixed:
      break;
  }
  return false;
}

/// Of the ops that are layers only those that may move the batch, or fold it, are named.
bool keeps_batch(const graph::Op& op) {
  return std::visit(io::overloaded{
                        [](const Function& function) { return keeps_batch(function); },
                        [](const graph::Permute& permute) { return permute.axes.at(0) == 0; },
                        [](const graph::PadAxes& pad) {
                          return pad.pads.at(0).before == 0 && pad.pads.at(0).after == 0;
                        },
                        [](const graph::Concatenate& join) { return join.axis != 0; },
                        [](const graph::EinsumDense&) { return false; },
                        [](const graph::FoldTime&) { return false; },
                        [](const graph::UnfoldTime&) { return false; },
                        [](const graph::CallGraph&) { return false; },
                        [](const graph::Unsupported&) { return false; },
                        [](const graph::Literal&) { return false; },
                        [](const auto&) { return true; },
                    },
                    op);
}

Numbers extents_of(const LayerCall& call, ValueId x) {
  Numbers numbers;
  for (const Extent extent : call.value(x).shape) numbers.push_back({extent, std::nullopt});
  if (!numbers.empty()) numbers.front().batch_of = batch_source(call, x);
  return numbers;
}

/// One item of an index, as graph/functions/indexing.cpp has it: kind, first, last, step.
Found taken(const Numbers& numbers, const Function& function) {
  constexpr std::int64_t slice = 0;
  constexpr std::int64_t position = 1;
  const auto& item = function.integers;
  if (item.size() != 4 || item[3] != 1) return std::nullopt;
  const auto size = static_cast<std::int64_t>(numbers.size());
  const auto from_front = [size](std::int64_t at) { return at < 0 ? at + size : at; };
  if (item[0] == position) {
    const std::int64_t at = from_front(item[1]);
    if (at < 0 || at >= size) return std::nullopt;
    return Numbers{numbers[static_cast<std::size_t>(at)]};
  }
  if (item[0] != slice) return std::nullopt;
  const auto bound = [&](std::int64_t at, std::int64_t otherwise) {
    return at == graph::no_bound ? otherwise : std::clamp<std::int64_t>(from_front(at), 0, size);
  };
  const std::int64_t first = bound(item[1], 0);
  const std::int64_t last = std::max(first, bound(item[2], size));
  return Numbers{numbers.begin() + first, numbers.begin() + last};
}

std::optional<Extent> computed(std::string_view name, Extent a, Extent b) {
  if (name == "add") return a + b;
  if (name == "subtract") return a - b;
  if (name == "multiply") return a * b;
  if (name == "floor_divide" && a >= 0 && b > 0) return a / b;
  return std::nullopt;
}

/// Element by element; a single number goes with each.
Found combined(const Function& function, const std::vector<Numbers>& operands) {
  if (operands.size() != 2) return std::nullopt;
  const std::size_t size = std::max(operands[0].size(), operands[1].size());
  Numbers result;
  for (std::size_t i = 0; i < size; ++i) {
    Extent pair[2];
    for (std::size_t k = 0; k < 2; ++k) {
      if (operands[k].size() != 1 && operands[k].size() != size) return std::nullopt;
      pair[k] = operands[k][operands[k].size() == 1 ? 0 : i].value;
    }
    const bool is_known = pair[0] != unknown_extent && pair[1] != unknown_extent;
    const auto value = is_known ? computed(function.kind->name, pair[0], pair[1])
                                : std::optional<Extent>(unknown_extent);
    if (!value || (is_known && *value < 0)) return std::nullopt;
    result.push_back({*value, std::nullopt});
  }
  return result;
}

Found of_function(const LayerCall& call, const graph::Node& node, const Function& function) {
  const std::string_view name = function.kind->name;
  if (name == "shape") return extents_of(call, node.inputs.at(0));
  std::vector<Numbers> operands;
  std::size_t next = 0;
  for (const auto& scalar : function.operands) {
    if (scalar) {
      const auto whole = static_cast<Extent>(scalar->value);
      if (static_cast<double>(whole) != scalar->value || whole < 0) return std::nullopt;
      operands.push_back({{whole, std::nullopt}});
    } else {
      Found found = shape_numbers(call, node.inputs.at(next++));
      if (!found) return std::nullopt;
      operands.push_back(std::move(*found));
    }
  }
  if (name == "get_item") return taken(operands.at(0), function);
  if (name == "stack" || name == "concatenate") {
    Numbers all;
    for (const Numbers& part : operands) all.insert(all.end(), part.begin(), part.end());
    return all;
  }
  return combined(function, operands);
}

Numbers of_literal(const graph::Literal& literal) {
  Numbers numbers;
  for (const double value : literal.values) numbers.push_back({static_cast<Extent>(value), {}});
  return numbers;
}

Found joined(const LayerCall& call, const std::vector<ValueId>& parts) {
  Numbers all;
  for (const ValueId part : parts) {
    const Found found = shape_numbers(call, part);
    if (!found) return std::nullopt;
    all.insert(all.end(), found->begin(), found->end());
  }
  return all;
}

}  // namespace

ValueId batch_source(const LayerCall& call, ValueId id) {
  while (true) {
    const graph::Node* node = call.maker_of(id);
    if (node == nullptr || node->inputs.empty() || !keeps_batch(node->op)) return id;
    const ValueId input = node->inputs.front();
    const auto& from = call.value(input).shape;
    const auto& to = call.value(id).shape;
    const bool has_batch = !from.empty() && !to.empty() && from[0] == unknown_extent;
    // An operand of fewer axes is broadcast along the batch.
    const bool is_elementwise = std::holds_alternative<Function>(node->op);
    if (!has_batch || (is_elementwise && from.size() < to.size())) return id;
    id = input;
  }
}

std::optional<std::vector<ShapeNumber>> shape_numbers(const LayerCall& call, ValueId id) {
  const graph::Node* node = call.maker_of(id);
  if (node == nullptr || call.value(id).shape.size() > 1 ||
      tensor::is_floating_point(call.value(id).dtype)) {
    return std::nullopt;
  }
  if (const auto* literal = std::get_if<graph::Literal>(&node->op)) return of_literal(*literal);
  if (const auto* function = std::get_if<Function>(&node->op)) {
    return of_function(call, *node, *function);
  }
  if (std::holds_alternative<graph::Concatenate>(node->op)) return joined(call, node->inputs);
  const bool is_same = std::holds_alternative<graph::Cast>(node->op) ||
                       std::holds_alternative<graph::Identity>(node->op);
  return is_same ? shape_numbers(call, node->inputs.at(0)) : std::nullopt;
}

}  // namespace tensorferry::keras
