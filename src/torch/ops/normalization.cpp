#include <fmt/format.h>

#include <algorithm>

#include "torch/ops/spelling.h"

namespace tensorferry::torch {

namespace {

using python::keyword;
using python::number;

const Helper rms_norm{"RMSNorm",
                      R"(class RMSNorm(nn.Module):
    """Divides by the standard deviation over the last axes; no mean is subtracted."""

    def __init__(self, *shape, eps):
        super().__init__()
        self.axes = tuple(range(-len(shape), 0))
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(shape))
        self.bias = nn.Parameter(torch.zeros(shape))

    def forward(self, x):
        variance = x.var(dim=self.axes, unbiased=False, keepdim=True)
        return x * torch.rsqrt(variance + self.eps) * self.weight + self.bias
)"};

const Helper mean_square_norm{"RMSNormalization",
                              R"(class RMSNormalization(nn.Module):
    """Divides by the root of the mean square over the last axes."""

    def __init__(self, *shape, eps):
        super().__init__()
        self.axes = tuple(range(-len(shape), 0))
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(shape))

    def forward(self, x):
        mean_square = x.square().mean(dim=self.axes, keepdim=True)
        return x * torch.rsqrt(mean_square + self.eps) * self.weight
)"};

const Helper normalization{"Normalization",
                           R"(class Normalization(nn.Module):
    """(x - mean) / sqrt(variance), with statistics that broadcast against x."""

    def __init__(self, *shape):
        super().__init__()
        self.register_buffer("mean", torch.zeros(shape))
        self.register_buffer("variance", torch.ones(shape))

    def forward(self, x):
        return (x - self.mean) / self.variance.sqrt().clamp(min=1e-7)
)"};

const Helper denormalization{"Denormalization",
                             R"(class Denormalization(nn.Module):
    """x * sqrt(variance) + mean, with statistics that broadcast against x."""

    def __init__(self, *shape):
        super().__init__()
        self.register_buffer("mean", torch.zeros(shape))
        self.register_buffer("variance", torch.ones(shape))

    def forward(self, x):
        return x * self.variance.sqrt().clamp(min=1e-7) + self.mean
)"};

const Helper scale_offset{"ScaleOffset",
                          R"(class ScaleOffset(nn.Module):
    """x * scale + offset, with constants that broadcast against x."""

    def __init__(self, scale, offset, shape):
        super().__init__()
        scale = torch.tensor(scale, dtype=torch.float32).reshape(shape)
        offset = torch.tensor(offset, dtype=torch.float32).reshape(shape)
        self.register_buffer("scale", scale, persistent=False)
        self.register_buffer("offset", offset, persistent=False)

    def forward(self, x):
        return x * self.scale + self.offset
)"};

const Helper fixed_normalization{"FixedNormalization",
                                 R"(class FixedNormalization(nn.Module):
    """(x - mean) / sqrt(variance), with constants that broadcast against x."""

    def __init__(self, mean, variance, shape):
        super().__init__()
        mean = torch.tensor(mean, dtype=torch.float32).reshape(shape)
        variance = torch.tensor(variance, dtype=torch.float32).reshape(shape)
        deviation = variance.sqrt().clamp(min=1e-7)
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("deviation", deviation, persistent=False)

    def forward(self, x):
        return (x - self.mean) / self.deviation
)"};

const Helper fixed_denormalization{"FixedDenormalization",
                                   R"(class FixedDenormalization(nn.Module):
    """x * sqrt(variance) + mean, with constants that broadcast against x."""

    def __init__(self, mean, variance, shape):
        super().__init__()
        mean = torch.tensor(mean, dtype=torch.float32).reshape(shape)
        variance = torch.tensor(variance, dtype=torch.float32).reshape(shape)
        deviation = variance.sqrt().clamp(min=1e-7)
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("deviation", deviation, persistent=False)

    def forward(self, x):
        return x * self.deviation + self.mean
)"};

const Helper layer_scale{"LayerScale",
                         R"(class LayerScale(nn.Module):
    """x * gamma, one factor for each channel."""

    def __init__(self, *shape):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(shape))

    def forward(self, x):
        return x * self.gamma
)"};

// Keras's momentum weighs the old value, torch's the new one. 1 − 0.99 is 0.01, not
// 0.010000000000000009.
Expression momentum(double keras) { return number(std::stod(fmt::format("{:.12g}", 1 - keras))); }

/// weight and bias; where only one of them is Keras's, the other is a constant that is never
/// trained.
void add_affine(Declaration& declaration, const Site& site, bool scale, bool center,
                const tensor::Shape& shape,
                const std::function<Weight(const std::string&)>& stored) {
  const tensor::DType dtype =
      scale || center ? site.tensor(scale ? "gamma" : "beta").dtype : site.input().dtype;
  declaration.state.push_back(
      {"weight", scale ? stored("gamma") : constant_weight(1, dtype, shape)});
  declaration.state.push_back({"bias", center ? stored("beta") : constant_weight(0, dtype, shape)});
  if (!scale) declaration.constant.push_back("weight");
  if (!center) declaration.constant.push_back("bias");
}

/// The shape of constants along `axes` that broadcast against a value of `rank` axes: 1 elsewhere,
/// nothing before the first.
std::vector<std::int64_t> broadcast_shape(const graph::Value& value,
                                          const std::vector<std::size_t>& axes) {
  std::vector<std::int64_t> shape;
  if (axes.empty()) return shape;
  const std::size_t first = *std::min_element(axes.begin(), axes.end());
  for (std::size_t axis = first; axis < value.shape.size(); ++axis) {
    const bool kept = std::find(axes.begin(), axes.end(), axis) != axes.end();
    shape.push_back(kept ? value.shape[axis] : 1);
  }
  return shape;
}

tensor::Shape unsigned_shape(const std::vector<std::int64_t>& shape) {
  return {shape.begin(), shape.end()};
}

/// The order that makes `axes` ascend.
std::vector<std::size_t> sorting_order(const std::vector<std::size_t>& axes) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < axes.size(); ++i) order.push_back(i);
  std::sort(order.begin(), order.end(),
            [&](std::size_t left, std::size_t right) { return axes[left] < axes[right]; });
  return order;
}

/// Row-major numbers over `extents`, transposed by `order`.
std::vector<double> transposed(const std::vector<double>& values,
                               const std::vector<std::int64_t>& extents,
                               const std::vector<std::size_t>& order) {
  std::vector<double> result;
  std::vector<std::int64_t> index(extents.size(), 0);
  for (std::size_t count = 0; count < values.size(); ++count) {
    std::int64_t position = 0;
    std::vector<std::int64_t> keras(extents.size());
    for (std::size_t i = 0; i < order.size(); ++i) keras[order[i]] = index[i];
    for (std::size_t i = 0; i < extents.size(); ++i) position = position * extents[i] + keras[i];
    result.push_back(values[static_cast<std::size_t>(position)]);
    for (std::size_t i = order.size(); i-- > 0;) {
      if (++index[i] < extents[order[i]]) break;
      index[i] = 0;
    }
  }
  return result;
}

Expression numbers_of(const std::vector<double>& values) {
  if (values.size() == 1) return number(values.front());
  std::vector<Expression> items;
  for (const double value : values) items.push_back(number(value));
  return python::list(std::move(items));
}

Declaration declare_fixed(const graph::Normalize& op, const Site& site, Helpers& helpers) {
  std::vector<std::int64_t> extents;
  for (const std::size_t axis : op.axes) extents.push_back(site.input().shape.at(axis));
  const auto order = sorting_order(op.axes);
  const auto placed = [&](const std::vector<double>& values) {
    return numbers_of(op.axes.size() < 2 ? values : transposed(values, extents, order));
  };
  Declaration declaration;
  declaration.stock = false;
  declaration.constructor =
      python::call(helpers.use(op.invert ? fixed_denormalization : fixed_normalization),
                   {placed(op.mean), placed(op.variance),
                    python::tuple_of(broadcast_shape(site.input(), op.axes))});
  return declaration;
}

}  // namespace

Declaration declare_batch_norm(const graph::BatchNorm& norm, const Site& site) {
  const std::size_t spatial = std::clamp<std::size_t>(site.rank(), 3, 5) - 2;
  std::vector<Expression> arguments{number(norm.features), keyword("eps", number(norm.epsilon)),
                                    keyword("momentum", momentum(norm.momentum))};
  if (!norm.scale && !norm.center) {
    arguments.push_back(keyword("affine", python::boolean(false)));
  }
  Declaration declaration;
  declaration.constructor = python::call(fmt::format("nn.BatchNorm{}d", spatial), arguments);
  const auto stored = [&](const std::string& role) {
    return vector_weight(site.tensor(role), site.parameter(role).runs);
  };
  if (norm.scale || norm.center) {
    add_affine(declaration, site, norm.scale, norm.center,
               {static_cast<std::uint64_t>(norm.features)}, stored);
  }
  declaration.state.push_back({"running_mean", stored("moving_mean")});
  declaration.state.push_back({"running_var", stored("moving_variance")});
  declaration.state.push_back({"num_batches_tracked", zero_counter()});
  return declaration;
}

// nn.BatchNorm1d/2d/3d check the rank: where calls differ in it, the function is called.
Expression call_batch_norm(Call& call, bool ranks_alike) {
  if (ranks_alike) return python::call(call.self, {call.input()});
  const auto own = [&](const char* name) { return python::atom(call.self + "." + name); };
  return python::call("F.batch_norm",
                      {call.input(), own("running_mean"), own("running_var"), own("weight"),
                       own("bias"), keyword("training", own("training")),
                       keyword("momentum", own("momentum")), keyword("eps", own("eps"))});
}

Declaration declare_layer_norm(const graph::LayerNorm& norm, const Site& site, Helpers& helpers) {
  // Parameters' axes are Keras's; the value's layout says where these stand.
  const std::vector<std::size_t>& layout = site.input().layout.axes;
  const auto stored = [&](const std::string& role) {
    std::vector<std::size_t> axes;
    const graph::Parameter& parameter = site.parameter(role);
    for (const std::size_t axis : norm.axes) {
      const std::string name = fmt::format("axis{}", layout.empty() ? axis : layout.at(axis));
      axes.push_back(static_cast<std::size_t>(
          std::find(parameter.axes.begin(), parameter.axes.end(), name) - parameter.axes.begin()));
    }
    return permuted_weight(site.tensor(role), axes);
  };
  Declaration declaration;
  if (norm.kind != graph::LayerNorm::Kind::Standard) {
    const bool mean_square = norm.kind == graph::LayerNorm::Kind::MeanSquare;
    declaration.stock = false;
    std::vector<Expression> arguments = python::numbers(norm.extents);
    arguments.push_back(keyword("eps", number(norm.epsilon)));
    declaration.constructor =
        python::call(helpers.use(mean_square ? mean_square_norm : rms_norm), arguments);
    if (mean_square) {
      declaration.state.push_back({"weight", stored("gamma")});
      return declaration;
    }
    add_affine(declaration, site, norm.scale, norm.center, unsigned_shape(norm.extents), stored);
    return declaration;
  }
  std::vector<Expression> arguments{
      norm.extents.size() == 1 ? number(norm.extents[0]) : python::tuple_of(norm.extents),
      keyword("eps", number(norm.epsilon))};
  if (!norm.scale && !norm.center) {
    arguments.push_back(keyword("elementwise_affine", python::boolean(false)));
  }
  declaration.constructor = python::call("nn.LayerNorm", arguments);
  if (norm.scale || norm.center) {
    add_affine(declaration, site, norm.scale, norm.center, unsigned_shape(norm.extents), stored);
  }
  return declaration;
}

Declaration declare_group_norm(const graph::GroupNorm& norm, const Site& site) {
  std::vector<Expression> arguments{number(norm.groups), number(norm.features),
                                    keyword("eps", number(norm.epsilon))};
  Declaration declaration;
  if (norm.scale || norm.center) {
    const auto stored = [&](const std::string& role) { return stored_weight(site.tensor(role)); };
    add_affine(declaration, site, norm.scale, norm.center,
               {static_cast<std::uint64_t>(norm.features)}, stored);
  } else {
    arguments.push_back(keyword("affine", python::boolean(false)));
  }
  declaration.constructor = python::call("nn.GroupNorm", arguments);
  return declaration;
}

Expression call_unit_norm(const graph::UnitNorm& norm, Call& call) {
  const std::vector<std::int64_t> axes(norm.axes.begin(), norm.axes.end());
  const Expression axis = axes.size() == 1 ? number(axes[0]) : python::tuple_of(axes);
  return python::call("F.normalize",
                      {call.input(), keyword("dim", axis), keyword("eps", number(norm.least))});
}

Declaration declare_normalize(const graph::Normalize& op, const Site& site, Helpers& helpers) {
  if (!op.mean.empty()) return declare_fixed(op, site, helpers);
  const std::vector<std::int64_t> shape = broadcast_shape(site.input(), op.axes);
  const auto stored = [&](const std::string& role) {
    return permuted_weight(site.tensor(role), sorting_order(op.axes), unsigned_shape(shape));
  };
  Declaration declaration;
  declaration.stock = false;
  declaration.constructor = python::call(helpers.use(op.invert ? denormalization : normalization),
                                         python::numbers(shape));
  declaration.state.push_back({"mean", stored("mean")});
  declaration.state.push_back({"variance", stored("variance")});
  return declaration;
}

std::optional<Declaration> declare_scale_offset(const graph::ScaleOffset& op, const Site& site,
                                                Helpers& helpers) {
  const std::size_t count = std::max(op.scale.size(), op.offset.size());
  if (count <= 1) return std::nullopt;
  std::vector<std::int64_t> shape{static_cast<std::int64_t>(count)};
  shape.resize(site.rank() - op.axis, 1);
  const auto repeated = [count](std::vector<double> values) {
    if (values.size() == 1) values.assign(count, values.front());
    return numbers_of(values);
  };
  Declaration declaration;
  declaration.stock = false;
  declaration.constructor =
      python::call(helpers.use(scale_offset),
                   {repeated(op.scale), repeated(op.offset), python::tuple_of(shape)});
  return declaration;
}

Expression call_scale_offset(const graph::ScaleOffset& op, Call& call) {
  if (!call.self.empty()) return python::call(call.self, {call.input()});
  const double scale = op.scale.empty() ? 1 : op.scale.front();
  const double offset = op.offset.empty() ? 0 : op.offset.front();
  std::string text = call.name();
  if (scale != 1) text += " * " + python::text_of(number(scale));
  if (offset < 0) text += " - " + python::text_of(number(-offset));
  if (offset > 0) text += " + " + python::text_of(number(offset));
  return python::atom(text);
}

Declaration declare_channel_scale(const graph::ChannelScale& op, const Site& site,
                                  Helpers& helpers) {
  const std::vector<std::int64_t> shape = broadcast_shape(site.input(), {op.axis});
  Declaration declaration;
  declaration.stock = false;
  declaration.constructor = python::call(helpers.use(layer_scale), python::numbers(shape));
  declaration.state.push_back(
      {"gamma", permuted_weight(site.tensor("gamma"), {0}, unsigned_shape(shape))});
  return declaration;
}

}  // namespace tensorferry::torch
