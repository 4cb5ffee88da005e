#include "keras/layers/recurrent.h"

#include <fmt/format.h>

#include <numeric>

#include "io/overloaded.h"
#include "keras/layers/activation.h"
#include "keras/layers/categories.h"
#include "keras/layers/layer_call.h"

namespace tensorferry::keras {

using graph::Recurrent;

namespace {

// `implementation` and `unroll` say how Keras computes the same; `unit_forget_bias` is an
// initializer.
constexpr std::string_view lstm_arguments[] = {"activation",
                                               "dropout",
                                               "go_backwards",
                                               "implementation",
                                               "recurrent_activation",
                                               "recurrent_dropout",
                                               "return_sequences",
                                               "return_state",
                                               "stateful",
                                               "time_major",
                                               "unit_forget_bias",
                                               "units",
                                               "unroll",
                                               "use_bias",
                                               "zero_output_for_mask"};
constexpr std::string_view gru_arguments[] = {"activation",
                                              "dropout",
                                              "go_backwards",
                                              "implementation",
                                              "recurrent_activation",
                                              "recurrent_dropout",
                                              "reset_after",
                                              "return_sequences",
                                              "return_state",
                                              "stateful",
                                              "time_major",
                                              "units",
                                              "unroll",
                                              "use_bias",
                                              "zero_output_for_mask"};
constexpr std::string_view simple_rnn_arguments[] = {"activation",
                                                     "dropout",
                                                     "go_backwards",
                                                     "implementation",
                                                     "recurrent_dropout",
                                                     "return_sequences",
                                                     "return_state",
                                                     "stateful",
                                                     "time_major",
                                                     "units",
                                                     "unroll",
                                                     "use_bias",
                                                     "zero_output_for_mask"};
constexpr std::string_view cudnn_arguments[] = {
    "go_backwards", "return_sequences", "return_state", "stateful",
    "time_major",   "unit_forget_bias", "units"};
constexpr std::string_view rnn_arguments[] = {
    "go_backwards", "return_sequences", "return_state",        "stateful",
    "time_major",   "unroll",           "zero_output_for_mask"};
constexpr std::string_view recurrent_keywords[] = {"initial_state"};
constexpr std::size_t rank_of_a_step = 2;

Recurrent::Cell cell_of(const Layer& layer) {
  if (layer.class_name.ends_with("LSTM")) return Recurrent::Cell::Lstm;
  return layer.class_name.ends_with("GRU") ? Recurrent::Cell::Gru : Recurrent::Cell::Simple;
}

/// Keras 2's layers for GPUs only (tf_keras/src/layers/rnn/cudnn_lstm.py, cudnn_gru.py).
bool is_cudnn(const Layer& layer) { return layer.class_name.starts_with("CuDNN"); }

std::int64_t gates_of(Recurrent::Cell cell) {
  switch (cell) {
    case Recurrent::Cell::Lstm:
      return 4;
    case Recurrent::Cell::Gru:
      return 3;
    case Recurrent::Cell::Simple:
      return 1;
  }
  return 1;
}

std::size_t states_of(const Recurrent& op) {
  return (op.cell == Recurrent::Cell::Lstm ? 2U : 1U) * (op.bidirectional ? 2U : 1U);
}

}  // namespace

/// Keras's own names and defaults: keras/src/layers/rnn/lstm.py,
/// gru.py, simple_rnn.py. Before tf.keras 2.0 there was no `reset_after`, or it was false.
Recurrent recurrent_of(const Layer& layer, Generation generation) {
  const Arguments arguments(layer.name, layer.config);
  Recurrent op;
  op.cell = cell_of(layer);
  op.units = arguments.positive_integer("units");
  op.cudnn = is_cudnn(layer);
  if (op.cudnn) {
    op.activation = graph::Unary{graph::UnaryKind::Tanh};
    op.recurrent_activation = graph::Unary{graph::UnaryKind::Sigmoid};
  } else {
    op.activation = step_function(arguments, "activation", generation, rank_of_a_step);
  }
  if (op.cell != Recurrent::Cell::Simple && !op.cudnn) {
    op.recurrent_activation =
        step_function(arguments, "recurrent_activation", generation, rank_of_a_step);
  }
  op.bias = arguments.boolean("use_bias", true);
  op.reset_after =
      op.cell == Recurrent::Cell::Gru && (op.cudnn || arguments.boolean("reset_after", false));
  op.go_backwards = arguments.boolean("go_backwards", false);
  op.return_sequences = arguments.boolean("return_sequences", false);
  op.return_state = arguments.boolean("return_state", false);
  return op;
}

namespace {

std::vector<Variable> recurrent_variables(const Layer& layer) {
  const Arguments arguments(layer.name, layer.config);
  const std::int64_t units = arguments.positive_integer("units");
  const std::int64_t columns = gates_of(cell_of(layer)) * units;
  std::vector<Variable> variables{trained("kernel", {unknown, columns}),
                                  trained("recurrent_kernel", {units, columns})};
  if (is_cudnn(layer)) {
    variables.push_back(trained("bias", {2 * columns}));
    return variables;
  }
  if (!arguments.boolean("use_bias", true)) return variables;
  const bool two_biases =
      cell_of(layer) == Recurrent::Cell::Gru && arguments.boolean("reset_after", false);
  variables.push_back(trained("bias", two_biases ? Shape{2, columns} : Shape{columns}));
  return variables;
}

/// The parameters of one direction: `stored` before their names in Keras, `role` in its op.
void append_parameters(const Recurrent& op, const std::string& stored, const std::string& role,
                       std::vector<ParameterRequest>& requests, graph::Extent features) {
  const graph::Extent columns = gates_of(op.cell) * op.units;
  const auto append = [&](std::string_view name, std::vector<std::string> axes,
                          std::vector<graph::Extent> shape) {
    requests.push_back({fmt::format("{}{}", stored, name), fmt::format("{}{}", role, name),
                        std::move(axes), std::move(shape)});
  };
  append("kernel", {"in", "gates"}, {features, columns});
  append("recurrent_kernel", {"units", "gates"}, {op.units, columns});
  if (!op.bias) return;
  if (op.cudnn) {
    append("bias", {"gates"}, {2 * columns});
  } else if (op.reset_after) {
    append("bias", {"sides", "gates"}, {2, columns});
  } else {
    append("bias", {"gates"}, {columns});
  }
}

/// The first input is the sequence, the others are its initial states.
graph::ValueId sequence_of(LayerCall& call, const Recurrent& op) {
  const std::size_t states = call.inputs().size() - 1;
  if (call.inputs().empty() || (states != 0 && states != states_of(op))) {
    throw Refusal{fmt::format("it is given {} initial states where it has {}",
                              call.inputs().empty() ? 0 : states, states_of(op))};
  }
  const graph::ValueId x = call.inputs()[0];
  if (call.rank(x) != 3) {
    if (call.value(x).rank_known) throw Refusal{"it is given no sequence of vectors"};
    throw Refusal{
        "it stands behind a layer that cannot be converted, so that nothing is known of "
        "its input"};
  }
  return x;
}

graph::ValueId time_and_batch_swapped(LayerCall& call, graph::ValueId x) {
  std::vector<std::size_t> axes(call.rank(x));
  std::iota(axes.begin(), axes.end(), std::size_t{0});
  std::swap(axes.at(0), axes.at(1));
  return call.add_step(graph::Permute{std::move(axes)}, {x});
}

}  // namespace

bool is_time_major(const Layer& layer) {
  return Arguments(layer.name, layer.config).boolean("time_major", false);
}

graph::ValueId add_recurrent(LayerCall& call, Recurrent op, bool zero_output, bool time_major,
                             const std::vector<std::pair<std::string, std::string>>& directions) {
  const graph::ValueId x = sequence_of(call, op);
  op.initial_state = call.inputs().size() > 1;
  op.masked = call.mask().has_value();
  if (op.masked) require_mask_of_times(call, *call.mask());
  op.zero_output = op.masked && zero_output;
  const bool two = op.bidirectional && op.merge == Recurrent::Merge::None;
  if (op.return_sequences) call.sends_mask(call.mask_along(), two ? 2 : 1);
  std::vector<ParameterRequest> requests;
  for (const auto& [stored, role] : directions) {
    append_parameters(op, stored, role, requests, call.value(x).shape.back());
  }
  op.in_features = call.variable_shape(requests[0].variable)[0];
  const graph::ModuleId module = call.module("", requests);
  std::vector<graph::ValueId> inputs = call.inputs();
  if (time_major) inputs[0] = time_and_batch_swapped(call, x);
  if (call.mask()) {
    inputs.push_back(time_major ? time_and_batch_swapped(call, *call.mask()) : *call.mask());
  }
  std::vector<graph::ValueId> outputs = call.add_several(op, std::move(inputs), module);
  for (std::size_t i = 0; time_major && op.return_sequences && i < (two ? 2U : 1U); ++i) {
    outputs[i] = time_and_batch_swapped(call, outputs[i]);
  }
  const graph::ValueId first = outputs.front();
  outputs.erase(outputs.begin());
  call.also_returns(std::move(outputs));
  return first;
}

bool is_recurrent(const Layer& layer) {
  return layer.class_name == "LSTM" || layer.class_name == "GRU" ||
         layer.class_name == "SimpleRNN" || is_cudnn(layer);
}

namespace {

graph::ValueId lower_recurrent(LayerCall& call) {
  const Recurrent op = recurrent_of(call.layer(), call.generation());
  note_recurrent_training(call, call.arguments());
  return add_recurrent(call, op, zero_output_of(call, call.arguments()),
                       is_time_major(call.layer()), {{"", ""}});
}

/// The mask of what the cells behind the first read: the steps in the order in which it read them.
std::optional<graph::ValueId> mask_of_later_cells(LayerCall& call,
                                                  std::optional<graph::ValueId> mask) {
  if (!mask || !call.arguments().boolean("go_backwards", false)) return mask;
  return flipped(call, *mask, 1);
}

/// Cells on one another (keras/src/layers/rnn/stacked_rnn_cells.py): each is a layer that reads
/// what the one before gives, and their states follow one another.
graph::ValueId lower_rnn(LayerCall& call) {
  const std::vector<Layer>& cells = call.layer().wrapped;
  if (cells.empty()) throw Refusal{"its cells are not known"};
  std::vector<std::size_t> state_counts;
  for (const Layer& cell : cells) {
    if (!is_recurrent(cell))
      throw Refusal{fmt::format("it has a cell of class {}", cell.class_name)};
    state_counts.push_back(cell_of(cell) == Recurrent::Cell::Lstm ? 2 : 1);
  }
  const std::size_t all = std::accumulate(state_counts.begin(), state_counts.end(), std::size_t{0});
  const std::size_t given = call.inputs().size() - 1;
  if (call.inputs().empty() || (given != 0 && given != all)) {
    throw Refusal{fmt::format("it is given {} initial states where it has {}", given, all)};
  }
  graph::ValueId x = call.inputs()[0];
  std::optional<graph::ValueId> mask = call.mask();
  const bool time_major = is_time_major(call.layer());
  if (time_major) {
    if (call.rank(x) != 3) throw Refusal{"it is given no sequence of vectors"};
    x = time_and_batch_swapped(call, x);
    if (mask) mask = time_and_batch_swapped(call, *mask);
  }
  std::vector<graph::ValueId> states;
  auto next = call.inputs().begin() + 1;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    std::vector<graph::ValueId> inputs{x};
    if (given != 0) {
      const auto end = next + static_cast<std::ptrdiff_t>(state_counts[i]);
      inputs.insert(inputs.end(), next, end);
      next = end;
    }
    const std::vector<graph::ValueId> outputs =
        call.lower_wrapped(cells[i], std::move(inputs), mask);
    if (i == 0 && cells.size() > 1) mask = mask_of_later_cells(call, mask);
    x = outputs.at(0);
    states.insert(states.end(), outputs.begin() + 1, outputs.end());
  }
  call.also_returns(std::move(states));
  if (!call.arguments().boolean("return_sequences", false)) return x;
  call.sends_mask(call.mask_along());
  return time_major ? time_and_batch_swapped(call, x) : x;
}

}  // namespace

void require_mask_of_times(const LayerCall& call, graph::ValueId mask) {
  if (call.rank(mask) != 2 || call.value(mask).dtype != tensor::DType::Bool) {
    throw Refusal{"its mask is not one of booleans (batch, time)"};
  }
}

bool zero_output_of(const LayerCall& call, const Arguments& arguments) {
  const bool zero_output = arguments.boolean("zero_output_for_mask", false);
  if (call.mask() && zero_output && arguments.boolean("unroll", false)) {
    throw Refusal{"it is unrolled and makes zeros where its mask is off"};
  }
  return zero_output;
}

graph::StepFunction step_function(const Arguments& arguments, std::string_view name,
                                  Generation generation, std::size_t rank) {
  if (!arguments.config().contains(name)) {
    throw Refusal{fmt::format("its config does not say its `{}`", name)};
  }
  const Json* function = arguments.find(name);
  if (function == nullptr) return graph::Identity{};
  graph::Op op = activation_op(*function, generation, rank, arguments.layer());
  if (const auto* unary = std::get_if<graph::Unary>(&op)) return *unary;
  if (const auto* softmax = std::get_if<graph::Softmax>(&op)) return *softmax;
  if (std::holds_alternative<graph::Identity>(op)) return graph::Identity{};
  throw Refusal{fmt::format("its `{}` changes the number of values of a step", name)};
}

graph::ValueId flipped(LayerCall& call, graph::ValueId x, std::size_t axis) {
  graph::Function flip;
  flip.axes = {axis};
  const tensor::DType dtype = call.value(x).dtype;
  return add_function(call, "flip", {x}, dtype, std::move(flip));
}

void note_recurrent_training(LayerCall& call, const Arguments& arguments) {
  if (arguments.boolean("stateful", false)) {
    call.note(io::Severity::Warning, "stateful",
              "In Keras the layer goes on from the states of the batch before; here each call "
              "begins at zero, unless states are given to it.");
  }
  const double rate = arguments.number("dropout", 0);
  const double recurrent_rate = arguments.number("recurrent_dropout", 0);
  if (rate != 0 || recurrent_rate != 0) {
    if (is_called_in_training(call.call())) throw Refusal{"it is always called in training mode"};
    call.note(io::Severity::Info, "dropout-left-out",
              fmt::format("The dropout within its steps ({} of the input, {} of the state) does "
                          "nothing at inference and is left out, for training too.",
                          rate, recurrent_rate));
  }
}

const LayerKind cudnn_kind{cudnn_arguments, recurrent_variables, lower_recurrent, MaskUse::Consumes,
                           recurrent_keywords};
const LayerKind gru_kind{gru_arguments, recurrent_variables, lower_recurrent, MaskUse::Takes,
                         recurrent_keywords};
const LayerKind lstm_kind{lstm_arguments, recurrent_variables, lower_recurrent, MaskUse::Takes,
                          recurrent_keywords};
const LayerKind rnn_kind{rnn_arguments, no_variables, lower_rnn, MaskUse::Takes,
                         recurrent_keywords};
const LayerKind simple_rnn_kind{simple_rnn_arguments, recurrent_variables, lower_recurrent,
                                MaskUse::Takes, recurrent_keywords};

}  // namespace tensorferry::keras
