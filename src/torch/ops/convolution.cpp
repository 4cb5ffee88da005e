#include <fmt/format.h>

#include <algorithm>

#include "graph/infer.h"
#include "io/error.h"
#include "torch/ops/spelling.h"

namespace tensorferry::torch {

namespace {

using graph::Pad;
using python::keyword;
using python::number;
using python::size;

/// What a call pads: by the module itself, and before it.
struct Padding {
  std::vector<std::int64_t> inside;
  std::vector<Pad> before;
  bool by_size = false;  ///< before it, from the sizes that are known at run time only
};

// With strides of 1 TensorFlow's rule does not depend on the size.
bool needs_size(const graph::Conv& conv) {
  return conv.padding.kind == graph::SpatialPadding::Kind::Same &&
         std::any_of(conv.strides.begin(), conv.strides.end(),
                     [](std::int64_t stride) { return stride != 1; });
}

std::vector<Pad> explicit_pads(const graph::Conv& conv) {
  if (conv.padding.kind == graph::SpatialPadding::Kind::Explicit) return conv.padding.pads;
  std::vector<Pad> pads;
  for (std::size_t i = 0; i < conv.kernel_size.size(); ++i) {
    pads.push_back(
        graph::same_pad(graph::unknown_extent, conv.kernel_size[i], 1, conv.dilations[i]));
  }
  return pads;
}

Padding padding_of(const graph::Conv& conv, bool alike) {
  Padding padding;
  padding.inside.assign(conv.kernel_size.size(), 0);
  if (needs_size(conv)) {
    padding.by_size = true;
    return padding;
  }
  const std::vector<Pad> pads = explicit_pads(conv);
  if (!alike || !is_symmetric(pads)) {
    padding.before = pads;
    return padding;
  }
  for (std::size_t i = 0; i < pads.size(); ++i) padding.inside[i] = pads[i].before;
  return padding;
}

/// How a transposed convolution cuts its full result.
struct Cut {
  std::vector<std::int64_t> padding;
  std::vector<std::int64_t> output_padding;
  std::vector<std::int64_t> off_the_end;  ///< still to be cut after the module
};

Cut cut_of(const graph::Conv& conv) {
  Cut cut;
  for (std::size_t i = 0; i < conv.kernel_size.size(); ++i) {
    const std::int64_t reach = (conv.kernel_size[i] - 1) * conv.dilations[i] + 1;
    const std::int64_t same = std::max<std::int64_t>(reach - conv.strides[i], 0);
    const Pad pad = conv.padding.kind == graph::SpatialPadding::Kind::Explicit
                        ? conv.padding.pads[i]
                        : Pad{same / 2, reach - conv.strides[i] - same / 2};
    const std::int64_t added = std::max<std::int64_t>(pad.before - pad.after, 0);
    if (pad.before < 0 || (added > 0 && added >= std::max(conv.strides[i], conv.dilations[i]))) {
      throw io::Error(
          io::ErrorCode::LayerUnsupported,
          fmt::format("PyTorch has no transposed convolution that cuts {} and {} off an "
                      "axis with stride {}.",
                      pad.before, pad.after, conv.strides[i]));
    }
    cut.padding.push_back(pad.before);
    cut.output_padding.push_back(added);
    cut.off_the_end.push_back(std::max<std::int64_t>(pad.after - pad.before, 0));
  }
  return cut;
}

bool all_are(const std::vector<std::int64_t>& values, std::int64_t value) {
  return std::all_of(values.begin(), values.end(),
                     [value](std::int64_t other) { return other == value; });
}

std::size_t axis_called(const graph::Parameter& parameter, const std::string& name) {
  const auto found = std::find(parameter.axes.begin(), parameter.axes.end(), name);
  if (found == parameter.axes.end()) {
    throw io::Error(io::ErrorCode::Internal,
                    fmt::format("A kernel has no axis called \"{}\".", name));
  }
  return static_cast<std::size_t>(found - parameter.axes.begin());
}

bool has_axis(const graph::Parameter& parameter, const std::string& name) {
  return std::find(parameter.axes.begin(), parameter.axes.end(), name) != parameter.axes.end();
}

std::vector<std::size_t> but(const graph::Parameter& parameter, std::vector<std::size_t> first) {
  std::vector<std::size_t> axes = first;
  for (std::size_t axis = 0; axis < parameter.axes.size(); ++axis) {
    if (std::find(first.begin(), first.end(), axis) == first.end()) axes.push_back(axis);
  }
  return axes;
}

// torch: (out, in / groups, spatial…); transposed (in, out / groups, spatial…).
Weight kernel_weight(const graph::Conv& conv, const Site& site) {
  const graph::Parameter& kernel = site.parameter("kernel");
  const tensor::TensorRef& tensor = site.tensor("kernel");
  const std::size_t in = axis_called(kernel, "in");
  if (has_axis(kernel, "multiplier")) {
    // Output channel = in · multiplier + m.
    const auto axes = but(kernel, {in, axis_called(kernel, "multiplier")});
    tensor::Shape shape{static_cast<std::uint64_t>(conv.out_channels), 1};
    for (const std::int64_t extent : conv.kernel_size) {
      shape.push_back(static_cast<std::uint64_t>(extent));
    }
    return permuted_weight(tensor, axes, shape);
  }
  const std::size_t out = axis_called(kernel, "out");
  return permuted_weight(tensor, conv.transposed ? but(kernel, {in, out}) : but(kernel, {out, in}));
}

Expression constructor(const graph::Conv& conv, const Padding& padding) {
  std::vector<Expression> arguments{number(conv.in_channels), number(conv.out_channels),
                                    keyword("kernel_size", size(conv.kernel_size))};
  if (!all_are(conv.strides, 1)) arguments.push_back(keyword("stride", size(conv.strides)));
  if (conv.transposed) {
    const Cut cut = cut_of(conv);
    if (!all_are(cut.padding, 0)) arguments.push_back(keyword("padding", size(cut.padding)));
    if (!all_are(cut.output_padding, 0)) {
      arguments.push_back(keyword("output_padding", size(cut.output_padding)));
    }
  } else if (!all_are(padding.inside, 0)) {
    arguments.push_back(keyword("padding", size(padding.inside)));
  }
  if (!all_are(conv.dilations, 1)) arguments.push_back(keyword("dilation", size(conv.dilations)));
  if (conv.groups != 1) arguments.push_back(keyword("groups", number(conv.groups)));
  if (!conv.bias) arguments.push_back(keyword("bias", python::boolean(false)));
  return python::call(
      fmt::format("nn.Conv{}{}d", conv.transposed ? "Transpose" : "", conv.spatial_rank),
      arguments);
}

Expression without_end(const std::vector<std::int64_t>& off_the_end, Call& call, Expression value) {
  if (all_are(off_the_end, 0)) return value;
  std::vector<Expression> slices{python::atom(":"), python::atom(":")};
  for (const std::int64_t count : off_the_end) {
    slices.push_back(python::atom(count == 0 ? ":" : fmt::format(":-{}", count)));
  }
  return python::index(call.let(std::move(value)).text, slices);
}

}  // namespace

Declaration declare_conv(const graph::Conv& conv, const std::vector<Site>& sites) {
  const bool alike = std::all_of(sites.begin(), sites.end(), [&](const Site& site) {
    return site.node.op == sites.front().node.op;
  });
  Declaration declaration;
  declaration.constructor = constructor(conv, padding_of(conv, alike));
  declaration.state.push_back({"weight", kernel_weight(conv, sites.front())});
  if (conv.bias) {
    declaration.state.push_back({"bias", stored_weight(sites.front().tensor("bias"))});
  }
  const Padding padding = padding_of(conv, alike);
  declaration.stock = !padding.by_size && is_nothing(padding.before) &&
                      !(conv.transposed && !all_are(cut_of(conv).off_the_end, 0));
  return declaration;
}

Expression call_conv(const graph::Conv& conv, Call& call) {
  if (conv.transposed) {
    return without_end(cut_of(conv).off_the_end, call, python::call(call.self, {call.input()}));
  }
  const Padding padding = padding_of(conv, call.alike);
  Expression x = call.input();
  if (padding.by_size) {
    std::vector<Expression> arguments{x, python::tuple_of(conv.kernel_size),
                                      python::tuple_of(conv.strides)};
    if (!all_are(conv.dilations, 1)) arguments.push_back(python::tuple_of(conv.dilations));
    x = call.let(python::call(call.helpers.use(pad_same), arguments));
  } else if (!is_nothing(padding.before)) {
    x = call.let(python::call("F.pad", {x, pad_list(padding.before)}));
  }
  return python::call(call.self, {x});
}

}  // namespace tensorferry::torch
