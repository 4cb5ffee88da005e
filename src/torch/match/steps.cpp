#include "torch/match/steps.h"

namespace tensorferry::torch {

Run run_steps(const std::vector<Step>& steps,
              const std::function<ExpressionId(const Step&, std::vector<ExpressionId>)>& result_of,
              Expressions& expressions) {
  Run run;
  run.values.push_back(expressions.leaf("the input"));
  for (const Step& step : steps) {
    std::vector<ExpressionId> arguments;
    for (const std::size_t input : step.inputs) arguments.push_back(run.values[input]);
    if (step.holder) {
      const ExpressionId given =
          arguments.size() == 1 ? arguments.front() : expressions.apply("", arguments);
      const auto [before, is_first] = run.given.emplace(*step.holder, given);
      if (!is_first && before->second != given) run.given_several.push_back(*step.holder);
    }
    run.values.push_back(result_of(step, std::move(arguments)));
  }
  return run;
}

}  // namespace tensorferry::torch
