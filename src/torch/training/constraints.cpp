#include "torch/training/constraints.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <string>
#include <variant>

#include "torch/training/parameters.h"
#include "torch/training/settings.h"

namespace tensorferry::torch {
namespace {

using Kind = graph::Constraint::Kind;

// The parameter's axes along which Keras takes the norm.
std::optional<Axes> norm_axes(const graph::Constraint& constraint, const Weight& weight,
                              const tensor::Shape& stored) {
  const std::optional<Axes> of_keras = keras_axes(weight, stored);
  if (!of_keras || constraint.axes.empty()) return std::nullopt;
  const auto rank = static_cast<std::int64_t>(stored.size());
  Axes axes;
  for (const std::int64_t written : constraint.axes) {
    const std::int64_t axis = written < 0 ? written + rank : written;
    const auto found = std::find(of_keras->begin(), of_keras->end(), axis);
    if (axis < 0 || found == of_keras->end()) return std::nullopt;
    axes.push_back(static_cast<std::size_t>(found - of_keras->begin()));
  }
  return axes;
}

bool is_only_moved(const NamedWeight* parameter) {
  const tensor::Computation& computation = parameter->weight->contiguous;
  return computation.combinations.empty() &&
         std::all_of(computation.values.begin(), computation.values.end(),
                     [](const auto& value) { return std::holds_alternative<tensor::Cast>(value); });
}

std::string clamped(const graph::Constraint& constraint) {
  const std::string clamp = fmt::format("norm.clamp({}, {})", number_text(constraint.least),
                                        number_text(constraint.most));
  if (constraint.rate == 1) return clamp;
  return fmt::format("({0} * {1} + (1 - {0}) * norm)", number_text(constraint.rate), clamp);
}

}  // namespace

bool can_constrain(const graph::Constraint& constraint, const graph::Program& program,
                   const std::vector<NamedWeight>& weights) {
  const auto parameters = parameters_of(program, weights, constraint.tensor);
  if (parameters.empty() || !std::all_of(parameters.begin(), parameters.end(), &is_only_moved)) {
    return false;
  }
  if (constraint.kind == Kind::NonNegative) return true;
  const tensor::Shape& stored = program.tensors.at(constraint.tensor).shape;
  return parameters.size() == 1 &&
         norm_axes(constraint, *parameters.front()->weight, stored).has_value();
}

void write_constraint(const graph::Constraint& constraint, const graph::Program& program,
                      const std::vector<NamedWeight>& weights, python::Writer& writer) {
  const auto parameters = parameters_of(program, weights, constraint.tensor);
  if (constraint.kind == Kind::NonNegative) {
    for (const NamedWeight* parameter : parameters) {
      writer.line(fmt::format("model.{}.clamp_(min=0)", parameter->key));
    }
    return;
  }
  const tensor::Shape& stored = program.tensors.at(constraint.tensor).shape;
  const Axes axes = *norm_axes(constraint, *parameters.front()->weight, stored);
  const std::string along = axes.size() == 1 ? fmt::format("{}", axes.front())
                                             : fmt::format("({})", fmt::join(axes, ", "));
  writer.line(fmt::format("weight = model.{}", parameters.front()->key));
  writer.line(fmt::format("norm = weight.square().sum({}, keepdim=True).sqrt()", along));
  writer.line(constraint.kind == Kind::UnitNorm
                  ? std::string("weight.div_(1e-7 + norm)")
                  : fmt::format("weight.mul_({} / (1e-7 + norm))", clamped(constraint)));
}

}  // namespace tensorferry::torch
