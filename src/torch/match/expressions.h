#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace tensorferry::torch {

using ExpressionId = std::size_t;

/// Computations by what they are made of: two that are spelled differently and are the same (a
/// product with a sigmoid of itself and `silu`, a concatenation in steps and at once) have one id.
/// Numbers of an operation are part of its name: "mul 0.17".
class Expressions {
 public:
  /// What is not looked into: the input, the result of a layer with weights.
  ExpressionId leaf(const std::string& name);
  ExpressionId apply(const std::string& operation, std::vector<ExpressionId> arguments);

  /// "relu(add(bn3, bn0))"; what lies deeper is "…". `name_of_leaf` calls the leaves.
  std::string text(ExpressionId id,
                   const std::function<std::string(const std::string&)>& name_of_leaf) const;

  const std::string& operation(ExpressionId id) const { return all_[id].first; }
  const std::vector<ExpressionId>& arguments(ExpressionId id) const { return all_[id].second; }

 private:
  using Expression = std::pair<std::string, std::vector<ExpressionId>>;

  bool is(ExpressionId id, const char* operation) const;
  ExpressionId number_of(Expression expression);
  std::string text(ExpressionId id,
                   const std::function<std::string(const std::string&)>& name_of_leaf,
                   int depth) const;

  std::vector<Expression> all_;
  std::map<Expression, ExpressionId> ids_;
};

}  // namespace tensorferry::torch
