#include <algorithm>

#include "graph/evaluate/kernels.h"
#include "io/overloaded.h"

namespace tensorferry::graph {

namespace {

Array apply_to_map(const StepFunction& function, Array x) {
  return std::visit(io::overloaded{
                        [&](const Identity&) { return x; },
                        [&](const Unary& unary) {
                          for (double& value : x.data) value = evaluate_unary(unary, value);
                          return x;
                        },
                        [&](const Softmax& softmax) { return evaluate_softmax(softmax, x); },
                    },
                    function);
}

Array sum_of_maps(const Array& a, const Array& b) {
  return evaluate_merge({Merge::Kind::Add}, {a, b});
}

Array product_of_maps(const Array& a, const Array& b) {
  return evaluate_merge({Merge::Kind::Multiply}, {a, b});
}

/// Positions [begin, begin + extent) of an axis.
Array part_along(const Array& x, std::size_t axis, std::uint64_t begin, std::uint64_t extent) {
  Index shape = x.shape;
  shape[axis] = extent;
  Array result = zeros(shape);
  const auto strides = strides_of(x.shape);
  std::size_t next = 0;
  for_each_index(shape, [&](Index index) {
    index[axis] += begin;
    result.data[next++] = x.data[offset_of(index, strides)];
  });
  return result;
}

Array time_of(const Array& x, std::uint64_t time) {
  Array result = part_along(x, 1, time, 1);
  result.shape.erase(result.shape.begin() + 1);
  return result;
}

/// The new values of the samples that the mask leaves at a time, the old ones of the others.
Array chosen(const Array& mask, std::uint64_t time, const Array& new_values, const Array& old) {
  Array result = old;
  const std::uint64_t size = old.data.size() / old.shape.at(0);
  for (std::uint64_t sample = 0; sample < old.shape[0]; ++sample) {
    if (mask.data.at(sample * mask.shape.at(1) + time) == 0) continue;
    const auto begin = static_cast<std::ptrdiff_t>(sample * size);
    const auto end = static_cast<std::ptrdiff_t>((sample + 1) * size);
    std::copy(new_values.data.begin() + begin, new_values.data.begin() + end,
              result.data.begin() + begin);
  }
  return result;
}

/// The convolution of a map of the input, without a bias.
Conv input_conv(const ConvRecurrent& op) {
  Conv conv;
  conv.spatial_rank = op.spatial_rank;
  conv.in_channels = op.in_channels;
  conv.out_channels = 4 * op.filters;
  conv.kernel_size = op.kernel_size;
  conv.strides = op.strides;
  conv.dilations = op.dilations;
  conv.padding.pads = op.pads;
  conv.channel_axis = op.channel_axis - 1;
  return conv;
}

Conv state_conv(const ConvRecurrent& op) {
  Conv conv = input_conv(op);
  conv.in_channels = op.filters;
  conv.strides.assign(op.strides.size(), 1);
  conv.dilations.assign(op.dilations.size(), 1);
  conv.padding = {SpatialPadding::Kind::Same, {}};
  return conv;
}

}  // namespace

std::vector<Array> evaluate_conv_recurrent(const ConvRecurrent& op,
                                           const ConvRecurrentWeights& weights,
                                           const std::vector<Array>& inputs) {
  const Array& x = inputs.at(0);
  const Array* bias = op.bias ? &weights.bias : nullptr;
  const std::size_t channels = op.channel_axis - 1;
  const auto filters = static_cast<std::uint64_t>(op.filters);
  const std::uint64_t times = x.shape.at(1);
  std::vector<Array> states(inputs.begin() + 1, inputs.end() - (op.masked ? 1 : 0));
  Array output_map;
  std::vector<Array> steps;
  for (std::uint64_t time = 0; time < times; ++time) {
    const std::uint64_t at = op.go_backwards ? times - 1 - time : time;
    const Array map = time_of(x, at);
    Array gates = evaluate_conv(input_conv(op), map, weights.kernel, bias);
    if (states.empty()) states.assign(2, zeros(part_along(gates, channels, 0, filters).shape));
    gates = sum_of_maps(
        gates, evaluate_conv(state_conv(op), states[0], weights.recurrent_kernel, nullptr));
    const auto gate = [&](std::uint64_t block, const StepFunction& function) {
      return apply_to_map(function, part_along(gates, channels, block * filters, filters));
    };
    const Array input = gate(0, op.recurrent_activation);
    const Array forget = gate(1, op.recurrent_activation);
    const Array candidate = gate(2, op.activation);
    const Array output = gate(3, op.recurrent_activation);
    const Array c =
        sum_of_maps(product_of_maps(forget, states[1]), product_of_maps(input, candidate));
    const Array h = product_of_maps(output, apply_to_map(op.activation, c));
    if (op.masked) {
      const Array& mask = inputs.back();
      const bool is_zero = op.zero_output || output_map.data.empty();
      output_map = chosen(mask, at, h, is_zero ? zeros(h.shape) : output_map);
      states = {chosen(mask, at, h, states[0]), chosen(mask, at, c, states[1])};
    } else {
      output_map = h;
      states = {h, c};
    }
    Array step = output_map;
    step.shape.insert(step.shape.begin() + 1, 1);
    steps.push_back(std::move(step));
  }
  std::vector<Array> outputs{op.return_sequences ? evaluate_concatenate({1}, steps) : output_map};
  if (op.return_state) outputs.insert(outputs.end(), states.begin(), states.end());
  return outputs;
}

}  // namespace tensorferry::graph
