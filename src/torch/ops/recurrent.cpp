#include <fmt/format.h>

#include "io/overloaded.h"
#include "torch/ops/recurrent_modules.h"
#include "torch/ops/spelling.h"

namespace tensorferry::torch {

namespace {

using graph::Recurrent;
using graph::UnaryKind;
using python::atom;
using python::keyword;
using python::number;

const Helper hard_sigmoid_2{"hard_sigmoid",
                            R"(def hard_sigmoid(x):
    """As Keras 2 had it; torch's is relu6(x + 3) / 6."""
    return torch.clamp(0.2 * x + 0.5, min=0, max=1)
)"};

bool is_unary(const graph::StepFunction& function, UnaryKind kind) {
  const auto* unary = std::get_if<graph::Unary>(&function);
  return unary != nullptr && unary->kind == kind;
}

/// Whether nn.LSTM, nn.GRU or nn.RNN computes exactly this.
bool is_stock(const Recurrent& op) {
  const bool tanh = is_unary(op.activation, UnaryKind::Tanh);
  switch (op.cell) {
    case Recurrent::Cell::Lstm:
      return tanh && is_unary(op.recurrent_activation, UnaryKind::Sigmoid);
    case Recurrent::Cell::Gru:
      return tanh && is_unary(op.recurrent_activation, UnaryKind::Sigmoid) && op.reset_after;
    case Recurrent::Cell::Simple:
      return tanh || is_unary(op.activation, UnaryKind::Relu);
  }
  return false;
}

const char* stock_class(Recurrent::Cell cell) {
  switch (cell) {
    case Recurrent::Cell::Lstm:
      return "nn.LSTM";
    case Recurrent::Cell::Gru:
      return "nn.GRU";
    case Recurrent::Cell::Simple:
      return "nn.RNN";
  }
  return "";
}

const Helper& stepwise_class(const Recurrent& op) {
  switch (op.cell) {
    case Recurrent::Cell::Lstm:
      return stepwise_lstm;
    case Recurrent::Cell::Gru:
      return op.reset_after ? stepwise_gru_reset_after : stepwise_gru;
    case Recurrent::Cell::Simple:
      return stepwise_rnn;
  }
  return stepwise_rnn;
}

/// torch's order of the gates, as blocks of Keras's.
std::vector<std::size_t> stock_gates(Recurrent::Cell cell) {
  switch (cell) {
    case Recurrent::Cell::Lstm:
      return {0, 1, 2, 3};
    case Recurrent::Cell::Gru:
      return {1, 0, 2};
    case Recurrent::Cell::Simple:
      return {0};
  }
  return {};
}

void append_stock_state(const Recurrent& op, const Site& site, const std::string& role,
                        const std::string& prefix, const std::string& suffix,
                        Declaration& declaration) {
  const std::vector<std::size_t> gates = stock_gates(op.cell);
  const auto append = [&](const char* name, Weight weight) {
    declaration.state.push_back({prefix + name + suffix, std::move(weight)});
  };
  const auto kernel = op.cudnn ? cudnn_gates_weight : gates_weight;
  append("weight_ih_l0", kernel(site.tensor(role + "kernel"), gates));
  append("weight_hh_l0", kernel(site.tensor(role + "recurrent_kernel"), gates));
  if (!op.bias) return;
  const tensor::TensorRef& bias = site.tensor(role + "bias");
  if (op.reset_after || op.cudnn) {
    std::vector<std::size_t> of_state = gates;
    for (std::size_t& gate : of_state) gate += gates.size();
    append("bias_ih_l0", gates_vector(bias, gates, 2 * gates.size()));
    append("bias_hh_l0", gates_vector(bias, of_state, 2 * gates.size()));
    return;
  }
  append("bias_ih_l0", gates_vector(bias, gates, gates.size()));
  append("bias_hh_l0", constant_weight(0, bias.dtype, bias.shape));
  declaration.constant.push_back(prefix + "bias_hh_l0" + suffix);
}

Expression stock_constructor(const Recurrent& op, bool both_directions) {
  std::vector<Expression> arguments{number(op.in_features), number(op.units)};
  if (op.cell == Recurrent::Cell::Simple && !is_unary(op.activation, UnaryKind::Tanh)) {
    arguments.push_back(keyword("nonlinearity", python::string("relu")));
  }
  if (!op.bias) arguments.push_back(keyword("bias", python::boolean(false)));
  arguments.push_back(keyword("batch_first", python::boolean(true)));
  if (both_directions) arguments.push_back(keyword("bidirectional", python::boolean(true)));
  return python::call(stock_class(op.cell), std::move(arguments));
}

Declaration declare_stock(const Recurrent& op, const Site& site) {
  Declaration declaration;
  declaration.stock = false;  // gives a tuple
  declaration.constructor = stock_constructor(op, op.bidirectional);
  append_stock_state(op, site, "", "", "", declaration);
  if (op.bidirectional) append_stock_state(op, site, "backward_", "", "_reverse", declaration);
  return declaration;
}

void append_stepwise_state(const Recurrent& op, const Site& site, const std::string& role,
                           const std::string& prefix, Declaration& declaration) {
  const auto append = [&](const char* name, Weight weight) {
    declaration.state.push_back({prefix + name, std::move(weight)});
  };
  append("weight_ih", permuted_weight(site.tensor(role + "kernel"), {1, 0}));
  append("weight_hh", permuted_weight(site.tensor(role + "recurrent_kernel"), {1, 0}));
  if (!op.bias) return;
  const tensor::TensorRef& bias = site.tensor(role + "bias");
  if (op.reset_after) {
    append("bias_ih", gates_vector(bias, {0, 1, 2}, 6));
    append("bias_hh", gates_vector(bias, {3, 4, 5}, 6));
  } else {
    append("bias", stored_weight(bias));
  }
}

Expression stepwise_constructor(const Recurrent& op, const Site& site, Helpers& helpers) {
  std::vector<Expression> arguments{number(op.in_features), number(op.units),
                                    step_function(op.activation, site, helpers)};
  if (op.cell != Recurrent::Cell::Simple) {
    arguments.push_back(step_function(op.recurrent_activation, site, helpers));
  }
  if (!op.bias) arguments.push_back(keyword("bias", python::boolean(false)));
  return python::call(helpers.use(stepwise_class(op)), std::move(arguments));
}

Declaration declare_stepwise(const Recurrent& op, const Site& site, Helpers& helpers) {
  Declaration declaration;
  declaration.stock = false;
  const Expression layer = stepwise_constructor(op, site, helpers);
  if (!op.bidirectional) {
    declaration.constructor = layer;
    append_stepwise_state(op, site, "", "", declaration);
    return declaration;
  }
  declaration.constructor = python::call(helpers.use(bidirectional_module), {layer, layer});
  append_stepwise_state(op, site, "", "forward_layer.", declaration);
  append_stepwise_state(op, site, "backward_", "backward_layer.", declaration);
  return declaration;
}

/// Each direction goes step by step around a layer of one direction.
Declaration declare_masked(const Recurrent& op, const Site& site, Helpers& helpers) {
  Declaration declaration;
  declaration.stock = false;
  const bool stock = is_stock(op);
  std::vector<Expression> arguments{stock ? stock_constructor(op, false)
                                          : stepwise_constructor(op, site, helpers)};
  if (op.zero_output) arguments.push_back(keyword("zero_output", python::boolean(true)));
  const Expression layer = python::call(helpers.use(masked_module), std::move(arguments));
  const auto append_state = [&](const std::string& role, const std::string& prefix) {
    if (stock) {
      append_stock_state(op, site, role, prefix, "", declaration);
    } else {
      append_stepwise_state(op, site, role, prefix, declaration);
    }
  };
  if (!op.bidirectional) {
    declaration.constructor = layer;
    append_state("", "layer.");
    return declaration;
  }
  declaration.constructor = python::call(helpers.use(masked_bidirectional_module), {layer, layer});
  append_state("", "forward_layer.layer.");
  append_state("backward_", "backward_layer.layer.");
  return declaration;
}

bool is_lstm(const Recurrent& op) { return op.cell == Recurrent::Cell::Lstm; }

/// The initial states as the module takes them: (directions, batch, units).
Expression initial_states(const Recurrent& op, Call& call) {
  const std::size_t count = is_lstm(op) ? 2 : 1;
  std::vector<Expression> states;
  for (std::size_t i = 0; i < count; ++i) {
    if (op.bidirectional) {
      states.push_back(python::call(
          "torch.stack", {python::list({call.input(1 + i), call.input(1 + count + i)})}));
    } else {
      states.push_back(python::call(call.name(1 + i) + ".unsqueeze", {number(std::int64_t{0})}));
    }
  }
  return count == 1 ? states[0] : python::tuple(states);
}

/// What the layer's outputs are made of.
struct Results {
  std::string sequence;  ///< of all directions
  std::string h;         ///< (directions, batch, units)
  std::string c;         ///< of an LSTM
};

Expression at(const std::string& states, std::size_t direction) {
  return python::index(states, {number(static_cast<std::int64_t>(direction))});
}

std::vector<Expression> merged(Recurrent::Merge merge, const Expression& a, const Expression& b) {
  switch (merge) {
    case Recurrent::Merge::Concatenate:
      return {python::call("torch.cat",
                           {python::list({a, b}), keyword("dim", number(std::int64_t{1}))})};
    case Recurrent::Merge::Sum:
      return {python::operators("+", {a, b})};
    case Recurrent::Merge::Multiply:
      return {python::operators("*", {a, b})};
    case Recurrent::Merge::Average:
      return {atom(fmt::format("({} + {}) / 2", python::text_of(a), python::text_of(b)))};
    case Recurrent::Merge::None:
      return {a, b};
  }
  return {};
}

/// Under a mask the last output is the last state, but where steps that are off make zeros, or all
/// steps are off and the state is the initial one.
bool last_output_is_state(const Recurrent& op) {
  return !op.masked || !(op.initial_state || op.zero_output);
}

/// The last output that the direction has made.
Expression last_output(const Recurrent& op, const Results& results, std::size_t direction) {
  if (last_output_is_state(op)) return at(results.h, direction);
  if (!op.bidirectional) return atom(results.sequence + "[:, -1]");
  return atom(direction == 0 ? fmt::format("{}[:, -1, :{}]", results.sequence, op.units)
                             : fmt::format("{}[:, 0, {}:]", results.sequence, op.units));
}

std::vector<Expression> outputs_of(const Recurrent& op, const Results& results) {
  std::vector<Expression> outputs;
  const bool is_whole = !op.bidirectional || op.merge == Recurrent::Merge::Concatenate;
  if (op.return_sequences && is_whole) {
    outputs = {atom(results.sequence)};
  } else if (op.return_sequences) {
    outputs = merged(op.merge, atom(fmt::format("{}[:, :, :{}]", results.sequence, op.units)),
                     atom(fmt::format("{}[:, :, {}:]", results.sequence, op.units)));
  } else if (!op.bidirectional) {
    outputs = {last_output(op, results, 0)};
  } else {
    outputs = merged(op.merge, last_output(op, results, 0), last_output(op, results, 1));
  }
  if (!op.return_state) return outputs;
  for (std::size_t direction = 0; direction < (op.bidirectional ? 2U : 1U); ++direction) {
    outputs.push_back(at(results.h, direction));
    if (is_lstm(op)) outputs.push_back(at(results.c, direction));
  }
  return outputs;
}

}  // namespace

Expression step_function(const graph::StepFunction& function, const Site& site, Helpers& helpers) {
  if (is_unary(function, UnaryKind::HardSigmoid2)) return atom(helpers.use(hard_sigmoid_2));
  Call call{site, {atom("x")}, "", true, helpers, [](Expression value) { return value; }};
  const Expression value =
      std::visit(io::overloaded{
                     [](const graph::Identity&) { return atom("x"); },
                     [&](const graph::Unary& unary) { return call_unary(unary, call); },
                     [&](const graph::Softmax& softmax) { return call_softmax(softmax, call); },
                 },
                 function);
  const std::string text = python::text_of(value);
  constexpr std::string_view of_x = "(x)";
  const bool is_plain_call = text.size() > of_x.size() && text.ends_with(of_x) &&
                             text.find('(') == text.size() - of_x.size();
  return atom(is_plain_call ? text.substr(0, text.size() - of_x.size()) : "lambda x: " + text);
}

Declaration declare_recurrent(const Recurrent& op, const Site& site, Helpers& helpers) {
  if (op.masked) return declare_masked(op, site, helpers);
  return is_stock(op) ? declare_stock(op, site) : declare_stepwise(op, site, helpers);
}

std::vector<Expression> call_recurrent(const Recurrent& op, Call& call,
                                       const RecurrentNames& names) {
  const std::size_t first_state = op.bidirectional && op.merge == Recurrent::Merge::None ? 2 : 1;
  bool needs_h = false;
  bool needs_c = false;
  bool needs_sequence = false;
  for (std::size_t i = 0; i < names.is_read.size(); ++i) {
    if (!names.is_read[i]) continue;
    const bool is_c = i >= first_state && is_lstm(op) && (i - first_state) % 2 == 1;
    if (is_c) {
      needs_c = true;
    } else if (i >= first_state || (!op.return_sequences && last_output_is_state(op))) {
      needs_h = true;
    } else {
      needs_sequence = true;
    }
  }
  const Results results{names.sequence, names.h, names.c};
  const std::vector<Expression> outputs = outputs_of(op, results);

  const std::string h = needs_h ? results.h : "_";
  std::string targets = needs_sequence ? results.sequence : "_";
  if (is_lstm(op) && (needs_h || needs_c)) {
    targets += fmt::format(", ({}, {})", h, needs_c ? results.c : "_");
  } else {
    targets += ", " + h;
  }
  Expression x = call.input();
  if (op.go_backwards) x = python::call(call.name() + ".flip", {number(std::int64_t{1})});
  std::vector<Expression> arguments{x};
  if (op.masked) {
    const std::size_t mask = call.inputs.size() - 1;
    arguments.push_back(op.go_backwards
                            ? python::call(call.name(mask) + ".flip", {number(std::int64_t{1})})
                            : call.input(mask));
  }
  if (op.initial_state) arguments.push_back(initial_states(op, call));
  names.unpack(targets, python::call(call.self, std::move(arguments)));

  std::vector<Expression> read;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (names.is_read.at(i)) read.push_back(outputs[i]);
  }
  return read;
}

}  // namespace tensorferry::torch
