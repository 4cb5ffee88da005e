#include "graph/locally_connected.h"

#include <algorithm>
#include <numeric>

#include "torch/ops/spelling.h"

namespace tensorferry::torch {

namespace {

using graph::LocallyConnected;
using python::keyword;
using python::number;

const Helper locally_connected_1d{"LocallyConnected1d",
                                  R"(class LocallyConnected1d(nn.Module):
    """A convolution that has a kernel of its own at each place of its result."""

    def __init__(
        self,
        in_channels,
        out_channels,
        size,
        kernel_size,
        stride=1,
        pad=None,
        bias=True,
    ):
        super().__init__()
        self.weight = nn.Parameter(
            torch.zeros(size, kernel_size, in_channels, out_channels)
        )
        self.bias = nn.Parameter(torch.zeros(out_channels, size)) if bias else None
        self.kernel_size = kernel_size
        self.stride = stride
        self.pad = pad

    def forward(self, x):
        if self.pad is not None:
            x = F.pad(x, self.pad)
        windows = x.unfold(2, self.kernel_size, self.stride)
        y = torch.einsum("bcxi,xicf->bfx", windows, self.weight)
        return y if self.bias is None else y + self.bias
)"};

const Helper locally_connected_2d{"LocallyConnected2d",
                                  R"(class LocallyConnected2d(nn.Module):
    """A convolution that has a kernel of its own at each place of its result."""

    def __init__(
        self,
        in_channels,
        out_channels,
        size,
        kernel_size,
        stride=(1, 1),
        pad=None,
        bias=True,
    ):
        super().__init__()
        self.weight = nn.Parameter(
            torch.zeros(*size, *kernel_size, in_channels, out_channels)
        )
        self.bias = nn.Parameter(torch.zeros(out_channels, *size)) if bias else None
        self.kernel_size = kernel_size
        self.stride = stride
        self.pad = pad

    def forward(self, x):
        if self.pad is not None:
            x = F.pad(x, self.pad)
        windows = x.unfold(2, self.kernel_size[0], self.stride[0])
        windows = windows.unfold(3, self.kernel_size[1], self.stride[1])
        y = torch.einsum("bcyxij,yxijcf->bfyx", windows, self.weight)
        return y if self.bias is None else y + self.bias
)"};

bool is_whole_window(const LocallyConnected& op, const graph::PlaceKernel& kernel) {
  return kernel.count == op.kernel_size;
}

tensor::View zero_cells(std::uint64_t count) { return {1, {count}, {0}, 0}; }

/// The kernels of `places` neighbours along the last axis, which all have whole windows: elements
/// in the order place, cells, in, out.
tensor::View whole_windows(const LocallyConnected& op, const graph::PlaceKernel& first,
                           std::int64_t step, std::uint64_t places) {
  tensor::View view{0, {places}, {step}, first.offset};
  for (std::size_t axis = 0; axis < op.kernel_size.size(); ++axis) {
    view.shape.push_back(static_cast<std::uint64_t>(op.kernel_size[axis]));
    view.strides.push_back(first.cell_strides[axis]);
  }
  view.shape.push_back(static_cast<std::uint64_t>(op.in_channels));
  view.strides.push_back(first.in_stride);
  view.shape.push_back(static_cast<std::uint64_t>(op.out_channels));
  view.strides.push_back(first.out_stride);
  return view;
}

/// One kernel of which cells hang over an edge: zeros there, as the input is.
void append_cut_window(const LocallyConnected& op, const graph::PlaceKernel& kernel,
                       std::vector<tensor::View>& views) {
  const std::size_t last = op.kernel_size.size() - 1;
  const std::int64_t channels = op.in_channels * op.out_channels;
  const std::int64_t width = op.kernel_size[last];
  const std::int64_t rows = last == 0 ? 1 : op.kernel_size[0];
  const std::int64_t first_row = last == 0 ? 0 : kernel.first[0];
  const std::int64_t row_count = last == 0 ? 1 : kernel.count[0];
  const auto append_zeros = [&](std::int64_t cells) {
    if (cells > 0) views.push_back(zero_cells(static_cast<std::uint64_t>(cells * channels)));
  };
  append_zeros(first_row * width);
  for (std::int64_t row = 0; row < row_count; ++row) {
    append_zeros(kernel.first[last]);
    const std::int64_t offset = kernel.offset + (last == 0 ? 0 : row * kernel.cell_strides[0]);
    views.push_back(
        {0,
         {static_cast<std::uint64_t>(kernel.count[last]),
          static_cast<std::uint64_t>(op.in_channels), static_cast<std::uint64_t>(op.out_channels)},
         {kernel.cell_strides[last], kernel.in_stride, kernel.out_stride},
         offset});
    append_zeros(width - kernel.first[last] - kernel.count[last]);
  }
  append_zeros((rows - first_row - row_count) * width);
}

/// The kernels along the last axis, behind `place`'s other indices.
void append_row(const LocallyConnected& op, std::vector<std::int64_t> place,
                std::vector<tensor::View>& views) {
  const std::int64_t extent = op.out_extents.back();
  std::int64_t next = 0;
  while (next < extent) {
    place.back() = next;
    const graph::PlaceKernel kernel = graph::place_kernel(op, place);
    if (!is_whole_window(op, kernel)) {
      append_cut_window(op, kernel, views);
      next += 1;
      continue;
    }
    std::int64_t end = next + 1;
    std::int64_t step = 0;
    for (; end < extent; ++end) {
      place.back() = end;
      const graph::PlaceKernel other = graph::place_kernel(op, place);
      if (!is_whole_window(op, other)) break;
      if (end == next + 1) step = other.offset - kernel.offset;
    }
    views.push_back(whole_windows(op, kernel, step, static_cast<std::uint64_t>(end - next)));
    next = end;
  }
}

tensor::Shape shape_from(const std::vector<std::int64_t>& extents) {
  return {extents.begin(), extents.end()};
}

/// (places…, cells…, in, out).
Weight local_kernel_weight(const LocallyConnected& op, const tensor::TensorRef& kernel) {
  tensor::Shape shape = shape_from(op.out_extents);
  shape.insert(shape.end(), op.kernel_size.begin(), op.kernel_size.end());
  shape.insert(shape.end(), {static_cast<std::uint64_t>(op.in_channels),
                             static_cast<std::uint64_t>(op.out_channels)});
  Weight weight;
  weight.sources = {kernel.name};
  tensor::Computation& made = weight.contiguous;
  const bool is_reshape = op.kernel == LocallyConnected::Kernel::Windows && !op.channels_first;
  made.inputs = {kernel};
  made.dtype = kernel.dtype;
  made.chain = is_reshape ? "identity" : "windows";
  if (is_reshape) {
    made.views = {tensor::identity_view(0, shape)};
    made.shape = shape;
    return weight;
  }
  const std::int64_t rows = op.out_extents.size() == 1 ? 1 : op.out_extents.front();
  for (std::int64_t row = 0; row < rows; ++row) {
    std::vector<std::int64_t> place(op.out_extents.size(), 0);
    if (place.size() > 1) place.front() = row;
    append_row(op, place, made.views);
  }
  made.inputs.push_back(constant_weight(0, kernel.dtype, {1}).contiguous.inputs.front());
  made.shape = shape;
  return weight;
}

/// (spatial…, out) as (out, spatial…). Where the channels are first, Keras reshapes it to that and
/// moves nothing (tf_keras/src/backend.py: bias_add).
Weight local_bias_weight(const LocallyConnected& op, const tensor::TensorRef& bias) {
  if (op.channels_first) {
    std::vector<std::size_t> as_stored(bias.shape.size());
    std::iota(as_stored.begin(), as_stored.end(), std::size_t{0});
    tensor::Shape shape{bias.shape.back()};
    shape.insert(shape.end(), bias.shape.begin(), bias.shape.end() - 1);
    return permuted_weight(bias, as_stored, shape);
  }
  std::vector<std::size_t> axes{bias.shape.size() - 1};
  for (std::size_t axis = 0; axis + 1 < bias.shape.size(); ++axis) axes.push_back(axis);
  return permuted_weight(bias, axes);
}

Expression extents_of(const std::vector<std::int64_t>& values) {
  return values.size() == 1 ? number(values[0]) : python::tuple_of(values);
}

}  // namespace

Declaration declare_locally_connected(const LocallyConnected& op, const Site& site,
                                      Helpers& helpers) {
  const bool is_1d = op.kernel_size.size() == 1;
  std::vector<Expression> arguments{number(op.in_channels), number(op.out_channels),
                                    extents_of(op.out_extents), extents_of(op.kernel_size)};
  if (std::any_of(op.strides.begin(), op.strides.end(), [](auto stride) { return stride != 1; })) {
    arguments.push_back(keyword("stride", extents_of(op.strides)));
  }
  if (!is_nothing(op.pads)) arguments.push_back(keyword("pad", pad_list(op.pads)));
  if (!op.bias) arguments.push_back(keyword("bias", python::boolean(false)));
  Declaration declaration;
  declaration.stock = false;
  declaration.constructor =
      python::call(helpers.use(is_1d ? locally_connected_1d : locally_connected_2d), arguments);
  declaration.state.push_back({"weight", local_kernel_weight(op, site.tensor("kernel"))});
  if (op.bias) declaration.state.push_back({"bias", local_bias_weight(op, site.tensor("bias"))});
  return declaration;
}

}  // namespace tensorferry::torch
