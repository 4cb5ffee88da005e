#include <algorithm>

#include "io/error.h"
#include "torch/ops/spelling.h"

namespace tensorferry::torch {

namespace {

using graph::Upsample;

const Helper resize_matrix{"resize_matrix",
                           R"(def resize_matrix(size, factor, kernel, x):
    """What each new position takes of each old one; weights beyond the border are left out."""
    new = torch.arange(size * factor, device=x.device, dtype=x.dtype)
    old = torch.arange(size, device=x.device, dtype=x.dtype)
    centers = (new + 0.5) / factor - 0.5
    weights = kernel((centers[:, None] - old).abs())
    return weights / weights.sum(dim=1, keepdim=True)
)"};

const Helper resize{"resize",
                    R"(def resize(x, factors, kernel):
    """Enlarges a map by whole factors with a kernel that torch does not have."""
    rows = resize_matrix(x.shape[2], factors[0], kernel, x)
    columns = resize_matrix(x.shape[3], factors[1], kernel, x)
    return torch.einsum("nchw,Hh,Ww->ncHW", x, rows, columns)
)",
                    {&resize_matrix}};

const Helper cubic{"cubic",
                   R"(def cubic(x):
    """Keys' cubic kernel with a = -0.5 (torch's has -0.75), in TensorFlow's 1024 steps."""
    x = torch.round(x * 1024) / 1024
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return torch.where(x < 1, near, torch.where(x < 2, far, torch.zeros_like(x)))
)"};

const Helper lanczos3{"lanczos3",
                      R"(def lanczos3(x):
    """Lanczos' kernel of radius 3."""
    return torch.where(x < 3, torch.sinc(x) * torch.sinc(x / 3), torch.zeros_like(x))
)"};

const Helper lanczos5{"lanczos5",
                      R"(def lanczos5(x):
    """Lanczos' kernel of radius 5."""
    return torch.where(x < 5, torch.sinc(x) * torch.sinc(x / 5), torch.zeros_like(x))
)"};

const Helper& kernel_of(Upsample::Kind kind) {
  switch (kind) {
    case Upsample::Kind::Lanczos3:
      return lanczos3;
    case Upsample::Kind::Lanczos5:
      return lanczos5;
    case Upsample::Kind::Bicubic:
    case Upsample::Kind::Nearest:
    case Upsample::Kind::Bilinear:
      break;
  }
  return cubic;
}

// torch multiplies by the rounded 1 / factor, which misses by one row from 41 on.
bool nn_upsample_is_exact(const Upsample& upsample) {
  constexpr std::int64_t largest_exact_factor = 40;
  return std::all_of(upsample.factors.begin(), upsample.factors.end(),
                     [](std::int64_t factor) { return factor <= largest_exact_factor; });
}

Expression repeat(const Upsample& upsample, Call& call) {
  Expression x = call.input();
  for (std::size_t i = 0; i < upsample.factors.size(); ++i) {
    x = python::call("torch.repeat_interleave",
                     {x, python::number(upsample.factors[i]),
                      python::keyword("dim", python::number(static_cast<std::int64_t>(i + 2)))});
  }
  return x;
}

}  // namespace

std::optional<Declaration> declare_upsample(const Upsample& upsample) {
  const bool nearest = upsample.kind == Upsample::Kind::Nearest;
  if (!nearest && upsample.kind != Upsample::Kind::Bilinear) return std::nullopt;
  if (nearest && !nn_upsample_is_exact(upsample)) return std::nullopt;
  std::vector<Expression> arguments{
      python::keyword("scale_factor", python::size(upsample.factors)),
      python::keyword("mode", python::string(nearest ? "nearest" : "bilinear"))};
  if (!nearest) {
    arguments.push_back(python::keyword("align_corners", python::boolean(false)));
  }
  Declaration declaration;
  declaration.constructor = python::call("nn.Upsample", arguments);
  return declaration;
}

Expression call_upsample(const Upsample& upsample, Call& call) {
  if (!call.self.empty()) return python::call(call.self, {call.input()});
  if (upsample.kind == Upsample::Kind::Nearest) return repeat(upsample, call);
  if (upsample.factors.size() != 2) {
    throw io::Error(io::ErrorCode::LayerUnsupported,
                    "Only maps of two spatial axes are resized with a bicubic or Lanczos kernel.");
  }
  const std::string function = call.helpers.use(resize);
  return python::call(function, {call.input(), python::tuple_of(upsample.factors),
                                 python::atom(call.helpers.use(kernel_of(upsample.kind)))});
}

}  // namespace tensorferry::torch
