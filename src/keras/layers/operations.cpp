#include "keras/layers/operations.h"

#include "keras/layers/layer_call.h"

namespace tensorferry::keras {

using graph::Merge;
using graph::ScaleOffset;

namespace {

/// The number at position `position` of the call, if it is one.
std::optional<double> number_operand(const Call& call, std::size_t position) {
  const Json* constant = std::get_if<Json>(&call.arguments[position].value);
  if (constant == nullptr) return std::nullopt;
  if (!constant->is_number()) throw Refusal{"an operand is neither a tensor nor a number"};
  return constant->get<double>();
}

graph::ValueId add_scale_offset(LayerCall& call, graph::ValueId input, double scale,
                                double offset) {
  ScaleOffset op;
  op.scale = {scale};
  op.offset = {offset};
  op.axis = call.rank(input) - 1;
  return call.add(op, {input});
}

graph::ValueId add_with_number(LayerCall& call, Merge::Kind kind, double number,
                               bool number_first) {
  const graph::ValueId input = call.input();
  if (!tensor::is_floating_point(call.value(input).dtype)) {
    throw Refusal{"it computes with whole numbers"};
  }
  if (kind == Merge::Kind::Add) return add_scale_offset(call, input, 1, number);
  if (kind == Merge::Kind::Multiply) return add_scale_offset(call, input, number, 0);
  if (kind == Merge::Kind::Subtract) {
    return number_first ? add_scale_offset(call, input, -1, number)
                        : add_scale_offset(call, input, 1, -number);
  }
  if (!number_first) return add_scale_offset(call, input, 1 / number, 0);
  const graph::ValueId inverse =
      call.add_step(graph::Unary{graph::UnaryKind::Reciprocal, 0, 0, 0}, {input});
  return add_scale_offset(call, inverse, number, 0);
}

graph::ValueId lower_operation(LayerCall& call, Merge::Kind kind) {
  if (call.call().arguments.size() != 2) throw Refusal{"it does not take two operands"};
  const auto first = number_operand(call.call(), 0);
  const auto second = number_operand(call.call(), 1);
  if (first && !second) return add_with_number(call, kind, *first, true);
  if (second && !first) return add_with_number(call, kind, *second, false);
  if (call.inputs().size() != 2 || call.rank(call.inputs()[0]) != call.rank(call.inputs()[1])) {
    throw Refusal{"its operands have different ranks"};
  }
  return call.add(Merge{kind}, call.inputs());
}

graph::ValueId lower_add_operation(LayerCall& call) {
  return lower_operation(call, Merge::Kind::Add);
}
graph::ValueId lower_divide_operation(LayerCall& call) {
  return lower_operation(call, Merge::Kind::Divide);
}
graph::ValueId lower_multiply_operation(LayerCall& call) {
  return lower_operation(call, Merge::Kind::Multiply);
}
graph::ValueId lower_subtract_operation(LayerCall& call) {
  return lower_operation(call, Merge::Kind::Subtract);
}

}  // namespace

const LayerKind add_operation_kind{{}, no_variables, lower_add_operation, MaskUse::Passes};
const LayerKind divide_operation_kind{{}, no_variables, lower_divide_operation, MaskUse::Passes};
const LayerKind multiply_operation_kind{
    {}, no_variables, lower_multiply_operation, MaskUse::Passes};
const LayerKind subtract_operation_kind{
    {}, no_variables, lower_subtract_operation, MaskUse::Passes};

}  // namespace tensorferry::keras
