#include "graph/einsum.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/error.h"

namespace tensorferry::graph {

namespace {

constexpr std::string_view ellipsis = "...";

[[noreturn]] void refuse_equation(const std::string& equation) {
  throw io::Error(
      io::ErrorCode::ConfigInvalid,
      fmt::format("\"{}\" is no equation of an EinsumDense on such tensors.", equation));
}

bool are_letters(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
}

std::string with_elided(std::string text, const std::string& elided) {
  const std::size_t at = text.find(ellipsis);
  if (at != std::string::npos) text.replace(at, ellipsis.size(), elided);
  return text;
}

}  // namespace

EinsumLabels einsum_labels(const EinsumDense& op, std::size_t rank) {
  const std::string& equation = op.equation;
  const std::size_t comma = equation.find(',');
  const std::size_t arrow = equation.find("->");
  if (comma == std::string::npos || arrow == std::string::npos || arrow < comma) {
    refuse_equation(equation);
  }
  EinsumLabels labels{equation.substr(0, comma), equation.substr(comma + 1, arrow - comma - 1),
                      equation.substr(arrow + 2)};
  if (labels.input.find(ellipsis) != std::string::npos) {
    const std::size_t written = labels.input.size() - ellipsis.size();
    if (written > rank) refuse_equation(equation);
    std::string elided;
    for (char c = 'A'; elided.size() + written < rank && c <= 'Z'; ++c) {
      if (equation.find(c) == std::string::npos) elided += c;
    }
    labels.input = with_elided(labels.input, elided);
    labels.output = with_elided(labels.output, elided);
  }
  const auto known = [&](char c) {
    return labels.input.find(c) != std::string::npos || labels.kernel.find(c) != std::string::npos;
  };
  const bool fits = are_letters(labels.input) && are_letters(labels.kernel) &&
                    are_letters(labels.output) && labels.input.size() == rank &&
                    labels.kernel.size() == op.kernel_shape.size() &&
                    std::all_of(labels.output.begin(), labels.output.end(), known);
  if (!fits) refuse_equation(equation);
  return labels;
}

}  // namespace tensorferry::graph
