#include <fmt/format.h>

#include "torch/ops/spelling.h"

namespace tensorferry::torch {

namespace {

using graph::Merge;
using python::keyword;
using python::number;

Expression nested(const std::string& function, const std::vector<Expression>& inputs) {
  Expression result = inputs.front();
  for (std::size_t i = 1; i < inputs.size(); ++i)
    result = python::call(function, {result, inputs[i]});
  return result;
}

std::vector<Expression> names(Call& call) {
  std::vector<Expression> result;
  for (std::size_t i = 0; i < call.inputs.size(); ++i) result.push_back(python::atom(call.name(i)));
  return result;
}

}  // namespace

Expression call_merge(const Merge& merge, Call& call) {
  const std::vector<Expression> inputs = names(call);
  switch (merge.kind) {
    case Merge::Kind::Add:
      return python::operators("+", inputs);
    case Merge::Kind::Subtract:
      return python::operators("-", inputs);
    case Merge::Kind::Multiply:
      return python::operators("*", inputs);
    case Merge::Kind::Divide:
      return python::operators("/", inputs);
    case Merge::Kind::Average:
      return python::atom(
          fmt::format("({}) / {}", python::text_of(python::operators("+", inputs)), inputs.size()));
    case Merge::Kind::Maximum:
      return nested("torch.maximum", inputs);
    case Merge::Kind::Minimum:
      return nested("torch.minimum", inputs);
  }
  return inputs.front();
}

Expression call_concatenate(const graph::Concatenate& concatenate, Call& call) {
  return python::call("torch.cat",
                      {python::list(names(call)),
                       keyword("dim", number(static_cast<std::int64_t>(concatenate.axis)))});
}

// einsum with a letter for each axis: the batch is "n", the contracted axis "k".
Expression call_dot(const graph::Dot& dot, Call& call) {
  static constexpr std::string_view letters = "abcdefghij";
  std::size_t used = 0;
  std::string kept;
  const auto labels = [&](std::size_t input, std::int64_t contracted) {
    std::string text = "n";
    const std::size_t rank = call.site.input(input).shape.size();
    for (std::size_t axis = 1; axis < rank; ++axis) {
      const bool is_contracted = static_cast<std::int64_t>(axis) == contracted;
      text += is_contracted ? 'k' : letters.at(used++);
      if (!is_contracted) kept += text.back();
    }
    return text;
  };
  const std::string left = labels(0, dot.axis_a);
  const std::string right = labels(1, dot.axis_b);
  std::vector<Expression> inputs = names(call);
  if (dot.normalize) {
    const std::int64_t axes[] = {dot.axis_a, dot.axis_b};
    for (std::size_t i = 0; i < 2; ++i) {
      // Keras bounds the sum of squares at 1e-12, so the norm at 1e-6.
      inputs[i] = python::call("F.normalize", {inputs[i], keyword("dim", number(axes[i])),
                                               keyword("eps", number(1e-6))});
    }
  }
  const Expression product = python::call(
      "torch.einsum",
      {python::string(fmt::format("{},{}->n{}", left, right, kept)), inputs[0], inputs[1]});
  if (!kept.empty()) return product;
  return python::call(call.let(product).text + ".unsqueeze", {number(std::int64_t{1})});
}

}  // namespace tensorferry::torch
