#include "torch/match/expressions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace tensorferry::torch {

namespace {

constexpr int deepest_text = 3;
constexpr std::size_t most_arguments = 6;

}  // namespace

ExpressionId Expressions::leaf(const std::string& name) { return number_of({name, {}}); }

bool Expressions::is(ExpressionId id, const char* operation) const {
  return all_[id].first == operation && !all_[id].second.empty();
}

ExpressionId Expressions::number_of(Expression expression) {
  const auto [found, is_new] = ids_.emplace(std::move(expression), all_.size());
  if (is_new) all_.push_back(found->first);
  return found->second;
}

ExpressionId Expressions::apply(const std::string& operation, std::vector<ExpressionId> arguments) {
  if (arguments.empty()) return leaf(operation);
  if (operation == "mul 1" || operation == "add 0") return arguments.front();
  if (operation == "cat") {
    std::vector<ExpressionId> parts;
    for (const ExpressionId id : arguments) {
      if (!is(id, "cat")) {
        parts.push_back(id);
        continue;
      }
      const std::vector<ExpressionId>& inner = all_[id].second;
      parts.insert(parts.end(), inner.begin(), inner.end());
    }
    return parts.size() == 1 ? parts.front() : number_of({operation, std::move(parts)});
  }
  if (operation == "add" || operation == "mul") std::sort(arguments.begin(), arguments.end());
  if (operation == "mul" && arguments.size() == 2) {
    for (const bool swapped : {false, true}) {
      const ExpressionId x = arguments[swapped ? 1 : 0];
      const ExpressionId gate = arguments[swapped ? 0 : 1];
      if (is(gate, "sigmoid") && all_[gate].second.front() == x) return apply("silu", {x});
      if (is(gate, "hardsigmoid") && all_[gate].second.front() == x) {
        return apply("hardswish", {x});
      }
    }
  }
  if (operation == "mul 0.166667" && is(arguments.front(), "relu6")) {
    const ExpressionId sum = all_[arguments.front()].second.front();
    if (is(sum, "add 3")) return apply("hardsigmoid", {all_[sum].second.front()});
  }
  return number_of({operation, std::move(arguments)});
}

std::string Expressions::text(
    ExpressionId id, const std::function<std::string(const std::string&)>& name_of_leaf) const {
  return text(id, name_of_leaf, deepest_text);
}

std::string Expressions::text(ExpressionId id,
                              const std::function<std::string(const std::string&)>& name_of_leaf,
                              int depth) const {
  const auto& [operation, arguments] = all_[id];
  if (arguments.empty()) return name_of_leaf(operation);
  if (depth == 0) return "…";
  std::vector<std::string> parts;
  for (const ExpressionId argument : arguments) {
    if (parts.size() == most_arguments) {
      parts.emplace_back("…");
      break;
    }
    parts.push_back(text(argument, name_of_leaf, depth - 1));
  }
  return fmt::format("{}({})", operation, fmt::join(parts, ", "));
}

}  // namespace tensorferry::torch
