#include <fmt/format.h>

#include <algorithm>

#include "io/error.h"
#include "torch/ops/functions.h"

namespace tensorferry::torch {

namespace {

using graph::Upsample;
using tensor::Interpolation;

const Helper resize_matrix{"resize_matrix",
                           R"(def resize_matrix(size, new_size, kernel, antialias, x):
    """What each new position takes of each old one; weights beyond the border are left out."""
    new = torch.arange(new_size, device=x.device, dtype=x.dtype)
    old = torch.arange(size, device=x.device, dtype=x.dtype)
    centers = (new + 0.5) * (size / new_size) - 0.5
    distances = (centers[:, None] - old).abs()
    if antialias:
        distances = distances / max(size / new_size, 1)
    weights = kernel(distances)
    return weights / weights.sum(dim=1, keepdim=True)
)"};

const Helper resize{"resize",
                    R"(def resize(x, new_size, kernel, antialias=False):
    """Resizes a map with a kernel that torch does not have."""
    rows = resize_matrix(x.shape[2], new_size[0], kernel, antialias, x)
    columns = resize_matrix(x.shape[3], new_size[1], kernel, antialias, x)
    return torch.einsum("nchw,Hh,Ww->ncHW", x, rows, columns)
)",
                    {&resize_matrix}};

const Helper area_matrix{"area_matrix",
                         R"(def area_matrix(size, new_size, x):
    """Which part of each new cell lies in each old one."""
    new = torch.arange(new_size + 1, device=x.device, dtype=x.dtype) * (size / new_size)
    old = torch.arange(size + 1, device=x.device, dtype=x.dtype)
    end = torch.minimum(new[1:, None], old[1:])
    overlap = (end - torch.maximum(new[:-1, None], old[:-1])).clamp(min=0)
    return overlap / overlap.sum(dim=1, keepdim=True)
)"};

const Helper resize_area{"resize_area",
                         R"(def resize_area(x, new_size):
    """Each new cell is the mean of the area that it covers."""
    rows = area_matrix(x.shape[2], new_size[0], x)
    columns = area_matrix(x.shape[3], new_size[1], x)
    return torch.einsum("nchw,Hh,Ww->ncHW", x, rows, columns)
)",
                         {&area_matrix}};

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

const Helper gaussian{"gaussian",
                      R"(def gaussian(x):
    """A Gaussian kernel of deviation 0.5 and radius 1.5."""
    return torch.where(x < 1.5, torch.exp(-2 * x * x), torch.zeros_like(x))
)"};

const Helper mitchell_cubic{"mitchell_cubic",
                            R"(def mitchell_cubic(x):
    """Mitchell and Netravali's kernel."""
    near = (7 / 6 * x - 2) * x * x + 8 / 9
    far = ((-7 / 18 * x + 2) * x - 10 / 3) * x + 16 / 9
    return torch.where(x < 1, near, torch.where(x < 2, far, torch.zeros_like(x)))
)"};

/// Of those that torch does not have.
const Helper& kernel_of(Interpolation interpolation) {
  switch (interpolation) {
    case Interpolation::Lanczos3:
      return lanczos3;
    case Interpolation::Lanczos5:
      return lanczos5;
    case Interpolation::Gaussian:
      return gaussian;
    case Interpolation::MitchellCubic:
      return mitchell_cubic;
    case Interpolation::Bicubic:
    case Interpolation::Nearest:
    case Interpolation::Bilinear:
    case Interpolation::Area:
      break;
  }
  return cubic;
}

/// The extents of the map that comes out; of one that is not known, its factor times the input's.
Expression enlarged_size(const Upsample& upsample, Call& call) {
  const std::vector<graph::Extent>& out = call.site.output().shape;
  std::vector<Expression> sizes;
  for (std::size_t i = 0; i < upsample.factors.size(); ++i) {
    const std::size_t axis = i + 2;
    sizes.push_back(out.at(axis) != graph::unknown_extent
                        ? python::number(out[axis])
                        : python::atom(fmt::format("{}.shape[{}] * {}", call.name(), axis,
                                                   upsample.factors[i])));
  }
  return python::tuple(sizes);
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
  const bool nearest = upsample.kind == Interpolation::Nearest;
  if (!nearest && upsample.kind != Interpolation::Bilinear) return std::nullopt;
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
  if (upsample.kind == Interpolation::Nearest) return repeat(upsample, call);
  if (upsample.factors.size() != 2) {
    throw io::Error(io::ErrorCode::LayerUnsupported,
                    "Only maps of two spatial axes are resized with a bicubic or Lanczos kernel.");
  }
  return python::call(call.helpers.use(resize),
                      {python::atom(call.name()), enlarged_size(upsample, call),
                       python::atom(call.helpers.use(kernel_of(upsample.kind)))});
}

Expression spell_resize(const graph::Function& function, Call& call) {
  const Interpolation interpolation = tensor::find_interpolation(function.text).value();
  const Expression size = python::tuple_of({function.integers.at(0), function.integers.at(1)});
  const bool antialias = function.integers.at(2) != 0 && interpolation != Interpolation::Nearest;
  const auto interpolate = [&](const char* mode) {
    std::vector<Expression> arguments{call.input(), python::keyword("size", size),
                                      python::keyword("mode", python::string(mode))};
    if (antialias) {
      arguments.push_back(python::keyword("antialias", python::boolean(true)));
    } else if (interpolation != Interpolation::Nearest) {
      arguments.push_back(python::keyword("align_corners", python::boolean(false)));
    }
    return python::call("F.interpolate", arguments);
  };
  // The one that has the centers of half a pixel that Keras has.
  if (interpolation == Interpolation::Nearest) return interpolate("nearest-exact");
  if (interpolation == Interpolation::Bilinear) return interpolate("bilinear");
  // Its a is −0.75 without antialiasing.
  if (interpolation == Interpolation::Bicubic && antialias) return interpolate("bicubic");
  if (interpolation == Interpolation::Area) {
    return python::call(call.helpers.use(resize_area), {call.input(), size});
  }
  std::vector<Expression> arguments{call.input(), size,
                                    python::atom(call.helpers.use(kernel_of(interpolation)))};
  if (antialias) arguments.push_back(python::keyword("antialias", python::boolean(true)));
  return python::call(call.helpers.use(resize), arguments);
}

}  // namespace tensorferry::torch
