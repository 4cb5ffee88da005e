#include <algorithm>

#include "graph/infer.h"
#include "torch/ops/spelling.h"

namespace tensorferry::torch {

namespace {

using graph::ConvRecurrent;
using graph::Pad;
using python::keyword;
using python::number;
using python::size;

const Helper conv_lstm{"ConvLSTM",
                       R"(class ConvLSTM(nn.Module):
    """An LSTM whose matrices are convolutions. The gates stand as Keras has them: i, f, c, o."""

    def __init__(
        self,
        input_conv,
        state_conv,
        activation,
        recurrent_activation,
        input_pad=None,
        state_pad=None,
    ):
        super().__init__()
        self.input_conv = input_conv
        self.state_conv = state_conv
        self.activation = activation
        self.recurrent_activation = recurrent_activation
        self.input_pad = input_pad
        self.state_pad = state_pad

    def forward(self, x, state=None):
        maps = x.flatten(0, 1)
        if self.input_pad is not None:
            maps = F.pad(maps, self.input_pad)
        gates = self.input_conv(maps).unflatten(0, (-1, x.shape[1]))
        if state is None:
            filters = self.state_conv.in_channels
            h = c = gates.new_zeros(gates.shape[0], filters, *gates.shape[3:])
        else:
            h, c = state
        steps = []
        for step in gates.unbind(1):
            if self.state_pad is not None:
                h = F.pad(h, self.state_pad)
            i, f, g, o = (step + self.state_conv(h)).chunk(4, dim=1)
            i = self.recurrent_activation(i)
            f = self.recurrent_activation(f)
            o = self.recurrent_activation(o)
            c = f * c + i * self.activation(g)
            h = o * self.activation(c)
            steps.append(h)
        return torch.stack(steps, dim=1), (h, c)
)"};

const Helper masked_conv_lstm{"MaskedConvLSTM",
                              R"(class MaskedConvLSTM(nn.Module):
    """A ConvLSTM whose states and output stay as they are where the mask is off."""

    def __init__(self, layer, zero_output=False):
        super().__init__()
        self.layer = layer
        self.zero_output = zero_output

    def forward(self, x, mask, state=None):
        y = None
        steps = []
        for step, on in zip(x.split(1, dim=1), mask.unbind(1)):
            new_y, new_state = self.layer(step, state)
            on = on.reshape(-1, *[1] * (x.dim() - 2))
            y = select(on.unsqueeze(1), new_y, None if self.zero_output else y)
            state = select(on, new_state, state)
            steps.append(y)
        return torch.cat(steps, dim=1), state
)",
                              {&select_by_mask}};

bool all_equal(const std::vector<std::int64_t>& values, std::int64_t value) {
  return std::all_of(values.begin(), values.end(),
                     [value](std::int64_t other) { return other == value; });
}

/// The convolution takes what it pads alike at both ends.
Expression one_convolution(const ConvRecurrent& op, std::int64_t in, bool of_input,
                           const std::vector<Pad>& pads) {
  std::vector<Expression> arguments{number(in), number(4 * op.filters),
                                    keyword("kernel_size", size(op.kernel_size))};
  if (of_input && !all_equal(op.strides, 1)) {
    arguments.push_back(keyword("stride", size(op.strides)));
  }
  if (is_symmetric(pads) && !is_nothing(pads)) {
    std::vector<std::int64_t> padding;
    for (const Pad& pad : pads) padding.push_back(pad.before);
    arguments.push_back(keyword("padding", size(padding)));
  }
  if (of_input && !all_equal(op.dilations, 1)) {
    arguments.push_back(keyword("dilation", size(op.dilations)));
  }
  if (!of_input || !op.bias) arguments.push_back(keyword("bias", python::boolean(false)));
  return python::call("nn.Conv" + std::to_string(op.spatial_rank) + "d", std::move(arguments));
}

std::vector<Pad> state_pads(const ConvRecurrent& op) {
  std::vector<Pad> pads;
  for (const std::int64_t extent : op.kernel_size) {
    pads.push_back(graph::same_pad(graph::unknown_extent, extent, 1, 1));
  }
  return pads;
}

/// (spatial…, in, out) as (out, in, spatial…).
Weight gates_kernel(const tensor::TensorRef& kernel) {
  const std::size_t rank = kernel.shape.size();
  std::vector<std::size_t> axes{rank - 1, rank - 2};
  for (std::size_t axis = 0; axis + 2 < rank; ++axis) axes.push_back(axis);
  return permuted_weight(kernel, axes);
}

}  // namespace

Declaration declare_conv_recurrent(const ConvRecurrent& op, const Site& site, Helpers& helpers) {
  const std::vector<Pad> of_state = state_pads(op);
  std::vector<Expression> arguments{one_convolution(op, op.in_channels, true, op.pads),
                                    one_convolution(op, op.filters, false, of_state),
                                    step_function(op.activation, site, helpers),
                                    step_function(op.recurrent_activation, site, helpers)};
  if (!is_symmetric(op.pads)) arguments.push_back(keyword("input_pad", pad_list(op.pads)));
  if (!is_symmetric(of_state)) arguments.push_back(keyword("state_pad", pad_list(of_state)));
  Declaration declaration;
  declaration.stock = false;
  declaration.constructor = python::call(helpers.use(conv_lstm), std::move(arguments));
  std::string prefix;
  if (op.masked) {
    std::vector<Expression> masked{declaration.constructor};
    if (op.zero_output) masked.push_back(keyword("zero_output", python::boolean(true)));
    declaration.constructor = python::call(helpers.use(masked_conv_lstm), std::move(masked));
    prefix = "layer.";
  }
  const auto append = [&](const char* name, Weight weight) {
    declaration.state.push_back({prefix + name, std::move(weight)});
  };
  append("input_conv.weight", gates_kernel(site.tensor("kernel")));
  if (op.bias) append("input_conv.bias", stored_weight(site.tensor("bias")));
  append("state_conv.weight", gates_kernel(site.tensor("recurrent_kernel")));
  return declaration;
}

bool last_output_is_state(const ConvRecurrent& op) {
  return !op.masked || !(op.initial_state || op.zero_output);
}

Expression call_conv_recurrent(const ConvRecurrent& op, Call& call) {
  Expression x = call.input();
  if (op.go_backwards) x = python::call(call.name() + ".flip", {number(std::int64_t{1})});
  std::vector<Expression> arguments{x};
  if (op.masked) {
    const std::size_t mask = call.inputs.size() - 1;
    arguments.push_back(op.go_backwards
                            ? python::call(call.name(mask) + ".flip", {number(std::int64_t{1})})
                            : call.input(mask));
  }
  if (op.initial_state) arguments.push_back(python::tuple({call.input(1), call.input(2)}));
  return python::call(call.self, std::move(arguments));
}

}  // namespace tensorferry::torch
