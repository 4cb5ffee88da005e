#include "torch/match/places.h"

#include <algorithm>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace tensorferry::torch {

namespace {

/// A block of two separable convolutions, and what follows it; less where the models end otherwise.
constexpr int reach = 12;

/// What is made of a value: the operation, which of its inputs the value is, the others, and where
/// the result goes.
using Use = std::tuple<std::string, std::vector<std::size_t>>;
using Place = std::pair<ExpressionId, std::size_t>;

class Places {
 public:
  /// Of each step's result, as far as ever more steps reach.
  std::vector<std::vector<Place>> of(const std::vector<Step>& steps) {
    const Run run = run_steps(
        steps,
        [this](const Step& step, std::vector<ExpressionId> arguments) {
          return expressions_.apply(step.operation, std::move(arguments));
        },
        expressions_);
    std::vector<std::size_t> ways(run.values.size(), 0);
    std::vector<std::vector<Place>> places;
    for (int i = 0; i < reach; ++i) {
      ways = one_step_further(steps, run.values, ways);
      std::vector<Place>& these = places.emplace_back();
      for (std::size_t n = 0; n < steps.size(); ++n) {
        these.emplace_back(run.values[n + 1], ways[n + 1]);
      }
    }
    return places;
  }

 private:
  std::vector<std::size_t> one_step_further(const std::vector<Step>& steps,
                                            const std::vector<ExpressionId>& values,
                                            const std::vector<std::size_t>& ways) {
    std::vector<std::vector<std::size_t>> uses(values.size());
    uses.back().push_back(number_of(uses_, Use{"result", {}}));
    for (std::size_t i = steps.size(); i-- > 0;) {
      if (uses[i + 1].empty()) continue;  // nobody takes it
      for (std::size_t input = 0; input < steps[i].inputs.size(); ++input) {
        const Use use = use_of(steps[i], input, values, ways[i + 1]);
        uses[steps[i].inputs[input]].push_back(number_of(uses_, use));
      }
    }
    std::vector<std::size_t> further;
    for (std::vector<std::size_t>& of_value : uses) {
      std::sort(of_value.begin(), of_value.end());
      further.push_back(number_of(ways_, std::move(of_value)));
    }
    return further;
  }

  static Use use_of(const Step& step, std::size_t input, const std::vector<ExpressionId>& values,
                    std::size_t way_of_result) {
    const bool in_any_order = step.operation == "add" || step.operation == "mul";
    std::vector<std::size_t> others;
    for (std::size_t i = 0; i < step.inputs.size(); ++i) {
      if (i != input) others.push_back(values[step.inputs[i]]);
    }
    if (in_any_order) std::sort(others.begin(), others.end());
    others.push_back(in_any_order ? 0 : input);
    others.push_back(way_of_result);
    return {step.operation, std::move(others)};
  }

  template <class Key>
  static std::size_t number_of(std::map<Key, std::size_t>& numbers, Key key) {
    return numbers.emplace(std::move(key), numbers.size()).first->second;
  }

  Expressions expressions_;
  std::map<Use, std::size_t> uses_;
  std::map<std::vector<std::size_t>, std::size_t> ways_;
};

using Pairs = std::map<std::size_t, std::size_t>;

/// Steps that alone stand at a place of both, by their numbers; those in `pairs` are not looked at.
void add_pairs(const std::vector<Place>& of_a, const std::vector<Place>& of_b, Pairs& pairs) {
  std::set<std::size_t> taken;
  for (const auto& [first, second] : pairs) taken.insert(second);
  std::map<Place, std::pair<std::vector<std::size_t>, std::vector<std::size_t>>> steps_at;
  for (std::size_t i = 0; i < of_a.size(); ++i) {
    if (pairs.count(i) == 0) steps_at[of_a[i]].first.push_back(i);
  }
  for (std::size_t i = 0; i < of_b.size(); ++i) {
    if (taken.count(i) == 0) steps_at[of_b[i]].second.push_back(i);
  }
  for (const auto& [place, steps] : steps_at) {
    if (steps.first.size() != 1 || steps.second.size() != 1) continue;
    pairs.emplace(steps.first.front(), steps.second.front());
  }
}

}  // namespace

Pairs pairs_at_same_places(const std::vector<Step>& a, const std::vector<Step>& b) {
  Places places;
  const std::vector<std::vector<Place>> of_a = places.of(a);
  const std::vector<std::vector<Place>> of_b = places.of(b);
  Pairs steps;
  for (std::size_t i = of_a.size(); i-- > 0;) add_pairs(of_a[i], of_b[i], steps);
  Pairs holders;
  std::set<std::size_t> several;
  for (const auto& [first, second] : steps) {
    if (!a[first].holder || !b[second].holder) continue;
    // A layer that is called twice is at two places.
    const bool is_new = holders.emplace(*a[first].holder, *b[second].holder).second;
    if (!is_new) several.insert(*a[first].holder);
  }
  for (const std::size_t holder : several) holders.erase(holder);
  return holders;
}

}  // namespace tensorferry::torch
