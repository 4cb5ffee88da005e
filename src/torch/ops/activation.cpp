#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "torch/ops/spelling.h"

namespace tensorferry::torch {

namespace {

using graph::Unary;
using graph::UnaryKind;
using python::keyword;
using python::number;

const Helper sparsemax{"sparsemax",
                       R"(def sparsemax(x, dim):
    """As Keras computes it: the threshold sums all cumulative sums of the support."""
    ordered = x.sort(dim=dim, descending=True).values
    sums = ordered.cumsum(dim=dim)
    counts = torch.ones_like(x).cumsum(dim=dim)
    support = 1 + counts * ordered > sums
    total = (sums * support).sum(dim=dim, keepdim=True)
    return torch.clamp(x - (total - 1) / support.sum(dim=dim, keepdim=True), min=0)
)"};

const Helper elementwise_prelu{"ElementwisePReLU",
                               R"(class ElementwisePReLU(nn.Module):
    """A PReLU whose slopes broadcast against one sample."""

    def __init__(self, *shape):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(shape))

    def forward(self, x):
        return torch.where(x > 0, x, self.weight * x)
)"};

/// A function of x and numbers, and the module of the same meaning if there is one.
struct Spelling {
  std::string function;
  std::vector<Expression> arguments;
  std::string module;  ///< empty: none
};

std::optional<Spelling> plain_function(const Unary& unary) {
  const auto simple = [](const char* function, const char* module = "") {
    return Spelling{function, {}, module};
  };
  const auto with_alpha = [&](const char* function, const char* module) {
    return Spelling{function, {number(unary.alpha)}, module};
  };
  switch (unary.kind) {
    case UnaryKind::Abs:
      return simple("torch.abs");
    case UnaryKind::Celu:
      return unary.alpha == 1 ? simple("F.celu", "nn.CELU") : with_alpha("F.celu", "nn.CELU");
    case UnaryKind::Cos:
      return simple("torch.cos");
    case UnaryKind::Elu:
      return unary.alpha == 1 ? simple("F.elu", "nn.ELU") : with_alpha("F.elu", "nn.ELU");
    case UnaryKind::Exp:
      return simple("torch.exp");
    case UnaryKind::Erf:
      return simple("torch.erf");
    case UnaryKind::GeluErf:
      return simple("F.gelu", "nn.GELU");
    case UnaryKind::GeluTanh:
      return Spelling{"F.gelu", {keyword("approximate", python::string("tanh"))}, "nn.GELU"};
    case UnaryKind::HardShrink:
      return with_alpha("F.hardshrink", "nn.Hardshrink");
    case UnaryKind::HardSigmoid3:
      return simple("F.hardsigmoid", "nn.Hardsigmoid");
    case UnaryKind::HardSilu:
      return simple("F.hardswish", "nn.Hardswish");
    case UnaryKind::HardTanh:
      return simple("F.hardtanh", "nn.Hardtanh");
    case UnaryKind::LeakyRelu:
      return with_alpha("F.leaky_relu", "nn.LeakyReLU");
    case UnaryKind::Log:
      return simple("torch.log");
    case UnaryKind::LogSigmoid:
      return simple("F.logsigmoid", "nn.LogSigmoid");
    case UnaryKind::Mish:
      return simple("F.mish", "nn.Mish");
    case UnaryKind::Negate:
      return simple("torch.neg");
    case UnaryKind::Reciprocal:
      return simple("torch.reciprocal");
    case UnaryKind::Relu:
      return simple("F.relu", "nn.ReLU");
    case UnaryKind::Relu6:
      return simple("F.relu6", "nn.ReLU6");
    case UnaryKind::Rsqrt:
      return simple("torch.rsqrt");
    case UnaryKind::Selu:
      return simple("F.selu", "nn.SELU");
    case UnaryKind::Sigmoid:
      return simple("torch.sigmoid", "nn.Sigmoid");
    case UnaryKind::Silu:
      return simple("F.silu", "nn.SiLU");
    case UnaryKind::Sin:
      return simple("torch.sin");
    case UnaryKind::SoftShrink:
      return with_alpha("F.softshrink", "nn.Softshrink");
    case UnaryKind::Softplus:
      return simple("F.softplus", "nn.Softplus");
    case UnaryKind::Softsign:
      return simple("F.softsign", "nn.Softsign");
    case UnaryKind::Sqrt:
      return simple("torch.sqrt");
    case UnaryKind::Square:
      return simple("torch.square");
    case UnaryKind::Tanh:
      return simple("torch.tanh", "nn.Tanh");
    case UnaryKind::TanhShrink:
      return simple("F.tanhshrink", "nn.Tanhshrink");
    case UnaryKind::Threshold:
      return Spelling{"F.threshold", {number(unary.alpha), number(unary.beta)}, "nn.Threshold"};
    case UnaryKind::HardSigmoid2:
    case UnaryKind::ReluGeneral:
    case UnaryKind::SparsePlus:
    case UnaryKind::SparseSigmoid:
    case UnaryKind::SquarePlus:
      return std::nullopt;
  }
  return std::nullopt;
}

std::string text(double value) { return python::text_of(number(value)); }

// Keras's relu with all its numbers: slope · (x − threshold) up to the threshold, x above it, at
// most the maximum (keras/src/activations/activations.py: relu).
Expression general_relu(const Unary& unary, Call& call) {
  const double slope = unary.alpha;
  const double maximum = unary.beta;
  const double threshold = unary.gamma;
  const std::string x = call.name();
  if (threshold == 0 && slope == 0) {
    return python::call("torch.clamp", {python::atom(x), keyword("min", number(std::int64_t{0})),
                                        keyword("max", number(maximum))});
  }
  Expression result;
  if (threshold == 0) {
    result = python::call("F.leaky_relu", {python::atom(x), number(slope)});
  } else if (slope == 0) {
    result = python::call("F.threshold", {python::atom(x), number(threshold), number(0.0)});
  } else {
    const std::string difference = threshold < 0 ? fmt::format("{} + {}", x, text(-threshold))
                                                 : fmt::format("{} - {}", x, text(threshold));
    result = python::call(
        "torch.where", {python::atom(fmt::format("{} > {}", x, text(threshold))), python::atom(x),
                        python::atom(fmt::format("{} * ({})", text(slope), difference))});
  }
  if (std::isinf(maximum)) return result;
  return python::call("torch.clamp", {result, keyword("max", number(maximum))});
}

Expression formula(const Unary& unary, Call& call) {
  if (unary.kind == UnaryKind::ReluGeneral) return general_relu(unary, call);
  const std::string x = call.name();
  const auto clamped = [](const std::string& value) {
    return python::call("torch.clamp",
                        {python::atom(value), keyword("min", number(std::int64_t{0})),
                         keyword("max", number(std::int64_t{1}))});
  };
  if (unary.kind == UnaryKind::HardSigmoid2) return clamped(fmt::format("0.2 * {} + 0.5", x));
  if (unary.kind == UnaryKind::SparseSigmoid) return clamped(fmt::format("0.5 * {} + 0.5", x));
  if (unary.kind == UnaryKind::SquarePlus) {
    return python::atom(
        fmt::format("0.5 * ({0} + torch.sqrt({0} * {0} + {1}))", x, text(unary.alpha)));
  }
  // SparsePlus: 0 below −1, x above 1, a parabola between.
  const Expression rising = python::atom(fmt::format("0.25 * torch.clamp({} + 1, min=0) ** 2", x));
  return python::call("torch.where",
                      {python::atom(fmt::format("{} < 1", x)), rising, python::atom(x)});
}

bool is_shared_slope(const std::vector<std::int64_t>& shape) {
  return std::all_of(shape.begin(), shape.end(), [](std::int64_t extent) { return extent == 1; });
}

bool is_slope_a_channel(const std::vector<std::int64_t>& shape) {
  return std::all_of(shape.begin() + 1, shape.end(),
                     [](std::int64_t extent) { return extent == 1; });
}

std::vector<std::size_t> alpha_axes(const Site& site) {
  const std::vector<std::size_t>& layout = site.input().layout.axes;
  std::vector<std::size_t> axes;
  for (std::size_t axis = 1; axis < site.rank(); ++axis) {
    axes.push_back((layout.empty() ? axis : layout.at(axis)) - 1);
  }
  return axes;
}

}  // namespace

Expression call_unary(const Unary& unary, Call& call) {
  const std::optional<Spelling> spelling = plain_function(unary);
  if (!spelling) return formula(unary, call);
  std::vector<Expression> arguments{call.input()};
  for (const Expression& argument : spelling->arguments) arguments.push_back(argument);
  return python::call(spelling->function, arguments);
}

bool is_one_call(const Unary& unary) { return plain_function(unary).has_value(); }

std::optional<Expression> module_unary(const Unary& unary) {
  const std::optional<Spelling> spelling = plain_function(unary);
  if (!spelling || spelling->module.empty()) return std::nullopt;
  return python::call(spelling->module, spelling->arguments);
}

Expression call_softmax(const graph::Softmax& softmax, Call& call) {
  const bool logarithm = softmax.kind == graph::Softmax::Kind::LogSoftmax;
  const auto first = static_cast<std::int64_t>(softmax.axes.front());
  if (softmax.kind == graph::Softmax::Kind::Sparsemax) {
    return python::call(call.helpers.use(sparsemax), {call.input(), keyword("dim", number(first))});
  }
  if (softmax.axes.size() == 1) {
    return python::call(logarithm ? "F.log_softmax" : "F.softmax",
                        {call.input(), keyword("dim", number(first))});
  }
  const std::string x = call.name();
  const Expression dim = python::tuple_of({softmax.axes.begin(), softmax.axes.end()});
  const Expression total = python::call(
      "torch.logsumexp",
      {python::atom(x), keyword("dim", dim), keyword("keepdim", python::boolean(true))});
  const Expression logits = python::atom(fmt::format("{} - {}", x, python::text_of(total)));
  return logarithm ? logits : python::call("torch.exp", {logits});
}

std::optional<Expression> module_softmax(const graph::Softmax& softmax) {
  if (softmax.axes.size() != 1 || softmax.kind == graph::Softmax::Kind::Sparsemax) {
    return std::nullopt;
  }
  const bool logarithm = softmax.kind == graph::Softmax::Kind::LogSoftmax;
  return python::call(logarithm ? "nn.LogSoftmax" : "nn.Softmax",
                      {keyword("dim", number(static_cast<std::int64_t>(softmax.axes.front())))});
}

Expression call_glu(const graph::Glu& glu, Call& call) {
  return python::call("F.glu",
                      {call.input(), keyword("dim", number(static_cast<std::int64_t>(glu.axis)))});
}

// nn.PReLU knows one slope, or one for each position of axis 1.
Declaration declare_prelu(const graph::PRelu& prelu, const Site& site, Helpers& helpers) {
  const tensor::TensorRef& alpha = site.tensor("alpha");
  Declaration declaration;
  if (is_shared_slope(prelu.alpha_shape)) {
    declaration.constructor = python::call("nn.PReLU", {});
    declaration.state.push_back({"weight", permuted_weight(alpha, alpha_axes(site), {1})});
    return declaration;
  }
  if (is_slope_a_channel(prelu.alpha_shape)) {
    const std::int64_t channels = prelu.alpha_shape.front();
    declaration.constructor = python::call("nn.PReLU", {number(channels)});
    const auto& runs = site.parameter("alpha").runs;
    declaration.state.push_back(
        {"weight", runs.empty() ? permuted_weight(alpha, alpha_axes(site),
                                                  {static_cast<std::uint64_t>(channels)})
                                : vector_weight(alpha, runs)});
    return declaration;
  }
  declaration.stock = false;
  declaration.constructor =
      python::call(helpers.use(elementwise_prelu), python::numbers(prelu.alpha_shape));
  declaration.state.push_back({"weight", permuted_weight(alpha, alpha_axes(site))});
  return declaration;
}

}  // namespace tensorferry::torch
