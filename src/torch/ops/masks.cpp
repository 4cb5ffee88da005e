#include <fmt/format.h>

#include <cmath>

#include "torch/ops/spelling.h"

namespace tensorferry::torch {

Expression call_not_equal_to(const graph::NotEqualTo& op, Call& call) {
  const Expression value = std::trunc(op.value) == op.value && std::abs(op.value) < 1e9
                               ? python::number(static_cast<std::int64_t>(op.value))
                               : python::number(op.value);
  const std::string mask = call.name() + " != " + python::text_of(value);
  if (!op.any_of_last) return python::operators("!=", {python::atom(call.name()), value});
  return python::call("(" + mask + ").any",
                      {python::keyword("dim", python::number(std::int64_t{-1}))});
}

Expression call_apply_mask(Call& call) {
  const std::string mask = call.name(1) + ".unsqueeze(-1)";
  return python::operators("*", {call.input(), python::atom(mask)});
}

Expression call_masked_mean(const graph::MaskedMean& op, Call& call) {
  const std::string x = call.name();
  const std::string mask = call.name(1);
  const std::string total = fmt::format("({} * {}.unsqueeze(2)).sum(1)", x, mask);
  const std::string count = mask + ".sum(1, keepdim=True)";
  const std::string mean = fmt::format("{} / {}", total, count);
  // A quotient has no place to be broken at.
  constexpr std::size_t longest = 56;
  if (mean.size() > longest && !op.keep_dims) {
    return python::call("torch.div", {python::atom(total), python::atom(count)});
  }
  return python::atom(op.keep_dims ? "(" + mean + ").unsqueeze(1)" : mean);
}

}  // namespace tensorferry::torch
