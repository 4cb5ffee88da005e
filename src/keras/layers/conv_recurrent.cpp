#include "keras/layers/conv_recurrent.h"

#include <fmt/format.h>

#include "keras/layers/layer_call.h"
#include "keras/layers/recurrent.h"
#include "keras/layers/spatial.h"

namespace tensorferry::keras {

using graph::ConvRecurrent;

namespace {

// `unroll` and `implementation` say how Keras computes the same; `unit_forget_bias` is an
// initializer. Keras 2 takes `time_major` and leaves it at that
// (tf_keras/src/layers/rnn/base_conv_rnn.py: call).
constexpr std::string_view conv_lstm_arguments[] = {
    "activation",        "data_format",      "dilation_rate", "dropout",  "filters",
    "go_backwards",      "implementation",   "kernel_size",   "padding",  "recurrent_activation",
    "recurrent_dropout", "return_sequences", "return_state",  "stateful", "strides",
    "time_major",        "unit_forget_bias", "unroll",        "use_bias", "zero_output_for_mask"};
constexpr std::string_view conv_lstm_keywords[] = {"initial_state"};

std::size_t spatial_rank(const Layer& layer) {
  return static_cast<std::size_t>(spatial_rank_of(layer.class_name));
}

std::vector<Variable> conv_lstm_variables(const Layer& layer) {
  const Arguments arguments(layer.name, layer.config);
  const std::int64_t filters = arguments.positive_integer("filters");
  Shape kernel = arguments.positive_integers("kernel_size", spatial_rank(layer), 1);
  Shape recurrent_kernel = kernel;
  kernel.insert(kernel.end(), {unknown, 4 * filters});
  recurrent_kernel.insert(recurrent_kernel.end(), {filters, 4 * filters});
  std::vector<Variable> variables{trained("kernel", kernel),
                                  trained("recurrent_kernel", recurrent_kernel)};
  if (arguments.boolean("use_bias", true)) variables.push_back(trained("bias", {4 * filters}));
  return variables;
}

/// What the config says; of `rank` axes is a map with its batch.
ConvRecurrent conv_lstm_of(const LayerCall& call, std::size_t rank) {
  const Arguments& arguments = call.arguments();
  ConvRecurrent op;
  op.spatial_rank = spatial_rank_of(call.layer().class_name);
  op.filters = arguments.positive_integer("filters");
  op.kernel_size = arguments.positive_integers("kernel_size", rank - 2, 1);
  op.strides = arguments.positive_integers("strides", rank - 2, 1);
  op.dilations = arguments.positive_integers("dilation_rate", rank - 2, 1);
  op.activation = step_function(arguments, "activation", call.generation(), rank);
  op.recurrent_activation =
      step_function(arguments, "recurrent_activation", call.generation(), rank);
  op.bias = arguments.boolean("use_bias", true);
  op.go_backwards = arguments.boolean("go_backwards", false);
  op.return_sequences = arguments.boolean("return_sequences", false);
  op.return_state = arguments.boolean("return_state", false);
  op.channel_axis = channel_axis(arguments, rank) + 1;
  return op;
}

/// The first input is the sequence of maps, the others are the states.
graph::ValueId sequence_of(LayerCall& call, std::size_t rank) {
  const std::size_t given = call.inputs().size();
  if (given != 1 && given != 3) {
    throw Refusal{
        fmt::format("it is given {} initial states where it has 2", given == 0 ? 0 : given - 1)};
  }
  const graph::ValueId x = call.inputs()[0];
  if (!call.value(x).rank_known) {
    throw Refusal{
        "it stands behind a layer that cannot be converted, so that nothing is known of "
        "its input"};
  }
  if (call.rank(x) != rank + 1) throw Refusal{"it is given no sequence of maps"};
  for (std::size_t i = 1; i < given; ++i) {
    if (call.rank(call.inputs()[i]) != rank) throw Refusal{"its initial states are no maps"};
  }
  return x;
}

std::vector<graph::Pad> pads_of(const LayerCall& call, const ConvRecurrent& op,
                                std::vector<graph::Extent> shape) {
  shape.erase(shape.begin() + 1);
  const graph::SpatialPadding padding = window_padding(call.arguments(), shape, op.channel_axis - 1,
                                                       op.kernel_size, op.strides, op.dilations);
  if (padding.kind == graph::SpatialPadding::Kind::Same) {
    throw Refusal{"its padding depends on the size of its maps, which is not known"};
  }
  return padding.pads;
}

/// keras/src/layers/rnn/conv_lstm.py
graph::ValueId lower_conv_lstm(LayerCall& call) {
  const std::size_t rank = spatial_rank(call.layer()) + 2;
  const graph::ValueId x = sequence_of(call, rank);
  ConvRecurrent op = conv_lstm_of(call, rank);
  op.initial_state = call.inputs().size() > 1;
  op.masked = call.mask().has_value();
  if (op.masked) {
    require_mask_of_times(call, *call.mask());
    // Keras 2 has the argument, and does not look at it (tf_keras/src/layers/rnn/base_conv_rnn.py).
    op.zero_output =
        call.generation() == Generation::Keras3 && zero_output_of(call, call.arguments());
  }
  if (op.return_sequences) call.sends_mask(call.mask_along());
  op.pads = pads_of(call, op, call.value(x).shape);
  note_recurrent_training(call, call.arguments());

  std::vector<std::string> axes = spatial_axis_names(op.spatial_rank);
  axes.insert(axes.end(), {"in", "out"});
  const auto shape_of_kernel = [&op](graph::Extent channels) {
    std::vector<graph::Extent> shape(op.kernel_size.begin(), op.kernel_size.end());
    shape.insert(shape.end(), {channels, 4 * op.filters});
    return shape;
  };
  std::vector<ParameterRequest> parameters{
      {"kernel", "kernel", axes, shape_of_kernel(call.value(x).shape[op.channel_axis])},
      {"recurrent_kernel", "recurrent_kernel", axes, shape_of_kernel(op.filters)}};
  if (op.bias) parameters.push_back({"bias", "bias", {"out"}, {4 * op.filters}});
  const graph::ModuleId module = call.module("", parameters);
  op.in_channels = call.variable_shape("kernel")[rank - 2];

  std::vector<graph::ValueId> inputs = call.inputs();
  if (call.mask()) inputs.push_back(*call.mask());
  std::vector<graph::ValueId> outputs = call.add_several(op, std::move(inputs), module);
  const graph::ValueId first = outputs.front();
  outputs.erase(outputs.begin());
  call.also_returns(std::move(outputs));
  return first;
}

}  // namespace

const LayerKind conv_lstm_kind{conv_lstm_arguments, conv_lstm_variables, lower_conv_lstm,
                               MaskUse::Takes, conv_lstm_keywords};

}  // namespace tensorferry::keras
