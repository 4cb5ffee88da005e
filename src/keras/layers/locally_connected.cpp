#include "keras/layers/locally_connected.h"

#include <fmt/format.h>

#include <algorithm>

#include "graph/infer.h"
#include "graph/locally_connected.h"
#include "keras/layers/activation.h"
#include "keras/layers/layer_call.h"

namespace tensorferry::keras {

using graph::LocallyConnected;

namespace {

constexpr std::string_view locally_connected_arguments[] = {
    "activation",  "data_format", "filters", "implementation",
    "kernel_size", "padding",     "strides", "use_bias"};

std::size_t rank_of(const Layer& layer) {
  return static_cast<std::size_t>(spatial_rank_of(layer.class_name));
}

LocallyConnected::Kernel stored_kernel(const Arguments& arguments) {
  switch (arguments.integer("implementation", 1)) {
    case 1:
      return LocallyConnected::Kernel::Windows;
    case 2:
      return LocallyConnected::Kernel::Whole;
    case 3:
      return LocallyConnected::Kernel::Sparse;
    default:
      arguments.mistaken("implementation", "1, 2 or 3");
  }
}

/// The sizes of the input are not known here, so of the kernel its rank is.
std::vector<Variable> locally_connected_variables(const Layer& layer) {
  const Arguments arguments(layer.name, layer.config);
  const std::int64_t filters = arguments.positive_integer("filters");
  const std::size_t rank = rank_of(layer);
  Shape kernel;
  switch (stored_kernel(arguments)) {
    case LocallyConnected::Kernel::Windows:
      kernel = {unknown, unknown, filters};
      break;
    case LocallyConnected::Kernel::Whole:
      kernel.assign(2 * (rank + 1), unknown);
      break;
    case LocallyConnected::Kernel::Sparse:
      kernel = {unknown};
      break;
  }
  std::vector<Variable> variables{trained("kernel", kernel)};
  if (arguments.boolean("use_bias", true)) {
    Shape bias(rank, unknown);
    bias.push_back(filters);
    variables.push_back(trained("bias", bias));
  }
  return variables;
}

/// The pads and the result's extent along one axis. "same" begins size / 2 before each place,
/// whatever the stride: not TensorFlow's rule (tf_keras/src/utils/conv_utils.py:
/// conv_connected_inputs, conv_output_length).
void place_windows(LocallyConnected& op, graph::Extent extent, std::int64_t size,
                   std::int64_t stride, bool same) {
  // Of a larger window the rest would look at nothing but zeros.
  const bool fits = same ? size / 2 <= extent : size <= extent;
  if (extent < 1 || !fits) {
    throw Refusal{
        fmt::format("its window of {} does not fit an axis of {} elements", size, extent)};
  }
  const graph::Extent places = same ? (extent + stride - 1) / stride : (extent - size) / stride + 1;
  const std::int64_t before = same ? size / 2 : 0;
  const std::int64_t reach = (places - 1) * stride - before + size;
  op.pads.push_back({before, std::max<std::int64_t>(reach - extent, 0)});
  op.in_extents.push_back(extent);
  op.out_extents.push_back(places);
}

LocallyConnected locally_connected_of(LayerCall& call) {
  const Arguments& arguments = call.arguments();
  const std::size_t rank = rank_of(call.layer());
  const graph::ValueId x = call.input_of_rank(rank + 2);
  LocallyConnected op;
  op.kernel = stored_kernel(arguments);
  op.out_channels = arguments.positive_integer("filters");
  op.kernel_size = arguments.positive_integers("kernel_size", rank, 1);
  op.strides = arguments.positive_integers("strides", rank, 1);
  op.bias = arguments.boolean("use_bias", true);
  op.channel_axis = channel_axis(arguments, rank + 2);
  op.channels_first = op.channel_axis == 1;
  const std::vector<graph::Extent>& shape = call.value(x).shape;
  const auto axes = graph::spatial_axes(static_cast<int>(rank), op.channel_axis);
  const bool are_known = std::all_of(shape.begin() + 1, shape.end(), [](graph::Extent extent) {
    return extent != graph::unknown_extent;
  });
  if (!are_known) throw Refusal{"the size of its input is not known"};
  op.in_channels = shape[op.channel_axis];
  const std::string padding = arguments.text("padding", "valid");
  const bool same = padding == "same";
  if (!same && padding != "valid") arguments.mistaken("padding", "\"valid\" or \"same\"");
  if (same && op.kernel == LocallyConnected::Kernel::Windows) {
    throw Refusal{"its `implementation` is 1, which has no padding \"same\""};
  }
  for (std::size_t i = 0; i < rank; ++i) {
    place_windows(op, shape[axes[i]], op.kernel_size[i], op.strides[i], same);
  }
  return op;
}

/// A kernel holds an element of each place at least, so what follows is no more work than it is
/// large.
void require_kernel_of_places(const LayerCall& call, const LocallyConnected& op) {
  std::int64_t room = 1;
  for (const graph::Extent extent : call.variable_shape("kernel")) room *= extent;
  for (const graph::Extent extent : op.out_extents) room /= extent;
  if (room == 0) throw Refusal{"its kernel is too small for the size of its input"};
}

graph::ValueId lower_locally_connected(LayerCall& call) {
  const LocallyConnected op = locally_connected_of(call);
  require_kernel_of_places(call, op);
  const std::vector<graph::Extent> kernel = graph::kernel_shape(op);
  std::vector<std::string> axes;
  for (std::size_t i = 0; i < kernel.size(); ++i) axes.push_back(fmt::format("stored{}", i));
  std::vector<ParameterRequest> parameters{{"kernel", "kernel", axes, kernel}};
  if (op.bias) {
    std::vector<graph::Extent> bias = op.out_extents;
    bias.push_back(op.out_channels);
    std::vector<std::string> bias_axes = spatial_axis_names(static_cast<int>(bias.size()) - 1);
    bias_axes.emplace_back("out");
    parameters.push_back({"bias", "bias", bias_axes, bias});
  }
  const graph::ModuleId module = call.module("", parameters);
  return add_activation_argument(call, call.add(op, {call.input()}, module));
}

}  // namespace

const LayerKind locally_connected_kind{locally_connected_arguments, locally_connected_variables,
                                       lower_locally_connected};

}  // namespace tensorferry::keras
