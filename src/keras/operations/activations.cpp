#include <limits>

#include "keras/operations/operation_row.h"

namespace tensorferry::keras {

using graph::Softmax;
using graph::Unary;
using graph::UnaryKind;
using graph::ValueId;
using tensor::DType;

namespace {

/// What the function is applied to: as float32, in which these are computed.
ValueId activated(OperationCall& call, const OperationRow& row) {
  const ValueId x = call.tensor(words_of(row.parameters).at(0));
  if (!tensor::is_floating_point(call.dtype_of(x))) return call.cast(x, DType::Float32);
  if (call.dtype_of(x) != DType::Float32) throw Refusal{"its tensor is not float32"};
  return x;
}

std::vector<ValueId> add_unary(OperationCall& call, const OperationRow& row, UnaryKind kind,
                               double alpha = 0, double beta = 0, double gamma = 0) {
  const ValueId x = activated(call, row);
  return {call.add(Unary{kind, alpha, beta, gamma}, {x})};
}

template <UnaryKind kind>
std::vector<ValueId> lower_plain(OperationCall& call, const OperationRow& row) {
  return add_unary(call, row, kind);
}

std::vector<ValueId> lower_celu(OperationCall& call, const OperationRow& row) {
  return add_unary(call, row, UnaryKind::Celu, call.number("alpha", 1));
}

std::vector<ValueId> lower_elu(OperationCall& call, const OperationRow& row) {
  return add_unary(call, row, UnaryKind::Elu, call.number("alpha", 1));
}

std::vector<ValueId> lower_gelu(OperationCall& call, const OperationRow& row) {
  return add_unary(call, row,
                   call.flag("approximate", true) ? UnaryKind::GeluTanh : UnaryKind::GeluErf);
}

std::vector<ValueId> lower_hard_shrink(OperationCall& call, const OperationRow& row) {
  return add_unary(call, row, UnaryKind::HardShrink, call.number("threshold", 0.5));
}

std::vector<ValueId> lower_soft_shrink(OperationCall& call, const OperationRow& row) {
  return add_unary(call, row, UnaryKind::SoftShrink, call.number("threshold", 0.5));
}

std::vector<ValueId> lower_leaky_relu(OperationCall& call, const OperationRow& row) {
  return add_unary(call, row, UnaryKind::LeakyRelu, call.number("negative_slope", 0.2));
}

std::vector<ValueId> lower_squareplus(OperationCall& call, const OperationRow& row) {
  return add_unary(call, row, UnaryKind::SquarePlus, call.number("b", 4));
}

std::vector<ValueId> lower_threshold(OperationCall& call, const OperationRow& row) {
  return add_unary(call, row, UnaryKind::Threshold, call.number("threshold", 0),
                   call.number("default_value", 0));
}

std::vector<ValueId> lower_softmax_of(OperationCall& call, const OperationRow& row,
                                      Softmax::Kind kind) {
  const ValueId x = activated(call, row);
  const std::size_t rank = call.rank_of(x);
  std::vector<std::size_t> axes = call.axes("axis", rank);
  return {call.add(Softmax{kind, std::move(axes)}, {x})};
}

std::vector<ValueId> lower_softmax_operation(OperationCall& call, const OperationRow& row) {
  return lower_softmax_of(call, row, Softmax::Kind::Softmax);
}

std::vector<ValueId> lower_log_softmax(OperationCall& call, const OperationRow& row) {
  return lower_softmax_of(call, row, Softmax::Kind::LogSoftmax);
}

std::vector<ValueId> lower_sparsemax(OperationCall& call, const OperationRow& row) {
  return lower_softmax_of(call, row, Softmax::Kind::Sparsemax);
}

std::vector<ValueId> lower_glu(OperationCall& call, const OperationRow& row) {
  const ValueId x = activated(call, row);
  return {call.add(graph::Glu{call.axis("axis", call.rank_of(x), -1)}, {x})};
}

constexpr OperationRow rows_of_activations[] = {
    {"Celu", "x", lower_celu},
    {"Elu", "x", lower_elu},
    {"Gelu", "x", lower_gelu},
    {"Glu", "x", lower_glu},
    {"HardShrink", "x", lower_hard_shrink},
    {"HardSigmoid", "x", lower_plain<UnaryKind::HardSigmoid3>},
    {"HardSilu", "x", lower_plain<UnaryKind::HardSilu>},
    {"HardTanh", "x", lower_plain<UnaryKind::HardTanh>},
    {"LeakyRelu", "x", lower_leaky_relu},
    {"LogSigmoid", "x", lower_plain<UnaryKind::LogSigmoid>},
    {"LogSoftmax", "x", lower_log_softmax},
    {"Relu", "x", lower_plain<UnaryKind::Relu>},
    {"Relu6", "x", lower_plain<UnaryKind::Relu6>},
    {"Selu", "x", lower_plain<UnaryKind::Selu>},
    {"Sigmoid", "x", lower_plain<UnaryKind::Sigmoid>},
    {"Silu", "x", lower_plain<UnaryKind::Silu>},
    {"SoftShrink", "x", lower_soft_shrink},
    {"Softmax", "x", lower_softmax_operation},
    {"Softplus", "x", lower_plain<UnaryKind::Softplus>},
    {"Softsign", "x", lower_plain<UnaryKind::Softsign>},
    {"SparsePlus", "x", lower_plain<UnaryKind::SparsePlus>},
    {"SparseSigmoid", "x", lower_plain<UnaryKind::SparseSigmoid>},
    {"Sparsemax", "x", lower_sparsemax},
    {"Squareplus", "x", lower_squareplus},
    {"TanhShrink", "x", lower_plain<UnaryKind::TanhShrink>},
    {"Threshold", "x", lower_threshold},
};

}  // namespace

std::span<const OperationRow> activation_operations() { return rows_of_activations; }

}  // namespace tensorferry::keras
