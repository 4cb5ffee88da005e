#include <fmt/format.h>

#include <algorithm>

#include "torch/ops/spelling.h"

namespace tensorferry::torch {

namespace {

using graph::Dropout;
using python::number;

const Helper gaussian_dropout{"GaussianDropout",
                              R"(class GaussianDropout(nn.Module):
    """Multiplies by noise around 1 while training."""

    def __init__(self, rate):
        super().__init__()
        self.deviation = (rate / (1 - rate)) ** 0.5

    def forward(self, x):
        if not self.training:
            return x
        return x * (1 + self.deviation * torch.randn_like(x))
)"};

const Helper gaussian_noise{"GaussianNoise",
                            R"(class GaussianNoise(nn.Module):
    """Adds noise around 0 while training."""

    def __init__(self, deviation):
        super().__init__()
        self.deviation = deviation

    def forward(self, x):
        if not self.training:
            return x
        return x + self.deviation * torch.randn_like(x)
)"};

const Helper stochastic_depth{"StochasticDepth",
                              R"(class StochasticDepth(nn.Module):
    """Drops whole samples while training."""

    def __init__(self, rate):
        super().__init__()
        self.rate = rate

    def forward(self, x):
        ones = x.new_ones((x.shape[0],) + (1,) * (x.dim() - 1))
        return x * F.dropout(ones, self.rate, self.training)
)"};

const Helper shared_dropout{"SharedDropout",
                            R"(class SharedDropout(nn.Module):
    """A dropout whose noise is shared along the axes of extent 1 (-1: as the input)."""

    def __init__(self, rate, *shape):
        super().__init__()
        self.rate = rate
        self.shape = shape

    def forward(self, x):
        shape = [own if own != -1 else size for own, size in zip(self.shape, x.shape)]
        return x * F.dropout(x.new_ones(shape), self.rate, self.training)
)"};

/// One number of noise a sample.
bool is_of_samples(const std::vector<std::int64_t>& noise_shape) {
  return noise_shape.size() > 1 && noise_shape.front() == graph::unknown_extent &&
         std::all_of(noise_shape.begin() + 1, noise_shape.end(),
                     [](std::int64_t extent) { return extent == 1; });
}

}  // namespace

Declaration declare_dropout(const Dropout& dropout, Helpers& helpers) {
  const Expression rate = number(dropout.rate);
  Declaration declaration;
  switch (dropout.kind) {
    case Dropout::Kind::Elementwise:
      if (dropout.noise_shape.empty()) {
        declaration.constructor = python::call("nn.Dropout", {rate});
      } else if (is_of_samples(dropout.noise_shape)) {
        declaration.constructor = python::call(helpers.use(stochastic_depth), {rate});
        declaration.stock = false;
      } else {
        std::vector<Expression> arguments{rate};
        for (const Expression& extent : python::numbers(dropout.noise_shape)) {
          arguments.push_back(extent);
        }
        declaration.constructor = python::call(helpers.use(shared_dropout), arguments);
        declaration.stock = false;
      }
      return declaration;
    case Dropout::Kind::Channels:
      declaration.constructor =
          python::call(fmt::format("nn.Dropout{}d", dropout.spatial_rank), {rate});
      return declaration;
    case Dropout::Kind::Alpha:
      declaration.constructor = python::call("nn.AlphaDropout", {rate});
      return declaration;
    case Dropout::Kind::Gaussian:
      declaration.constructor = python::call(helpers.use(gaussian_dropout), {rate});
      break;
    case Dropout::Kind::GaussianNoise:
      declaration.constructor = python::call(helpers.use(gaussian_noise), {rate});
      break;
    case Dropout::Kind::StochasticDepth:
      declaration.constructor = python::call(helpers.use(stochastic_depth), {rate});
      break;
  }
  declaration.stock = false;
  return declaration;
}

}  // namespace tensorferry::torch
