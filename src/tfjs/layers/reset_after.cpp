#include "tfjs/layers/reset_after.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>

#include "tfjs/layers/cudnn.h"
#include "tfjs/layers/masking.h"
#include "tfjs/layers/recurrent.h"
#include "tfjs/refusal.h"
#include "tfjs/steps.h"
#include "tfjs/weights.h"

// keras/src/layers/rnn/gru.py (reset_after), of tanh and sigmoid:
//   r = σ(W_r x + b_r + U_r h + c_r), z likewise, p = r · (U_h h + c_h)
//   q = tanh(W_h x + b_h + p), h' = z · h + (1 − z) · q
// An LSTM with a linear `activation` and an output gate of 1 computes s' = f · s + i · g, where f
// and i are sigmoids of, and g is, a matrix times input and state. Three units for each of the
// GRU's, in three steps for each of the sequence, are
//   1.  p: f = 0, i = r, g = U_h h + c_h
//   2.  q + 1 = 2σ(2a), for tanh(a) = 2σ(2a) − 1: f = 0, i = σ(2(W_h x + b_h + p)), g = 2
//   3.  h: f = z, i = σ(−(W_z x + …)), g = (q + 1) − 1
// All units change at each step; h stays in steps 1 and 2, as a switch in the input makes f = 1 and
// i = 0 there, and what p and q are at the others is of no account. W x + b comes from a Dense
// before it, whose features of a step are: W_r x or W_h x, W_z x in the third (zeros else, so that
// no x, however large, reaches the switch), and the switch.
// A linear q is i = 1, g = W_h x + b_h + p. One of relu is that of an LSTM of relu: no state of it
// is negative but p, of which there are two, max(p, 0) and max(−p, 0).
namespace tensorferry::tfjs {
namespace {

/// Makes the sigmoid 0 or 1 exactly, and is a float16 (of backends that have no more). Beside it
/// stands U_z h alone, and |h| ≤ 1 but of a linear GRU and one of relu.
constexpr float switch_off = 30000;

constexpr std::uint64_t gate_z = 0;
constexpr std::uint64_t gate_r = 1;
constexpr std::uint64_t gate_h = 2;

/// The gates of an LSTM; g is its c.
enum Gate : std::size_t { gate_i, gate_f, gate_g, gate_o, gate_count };

/// A factor for each block of n columns of the LSTM: gate by gate, in each the units.
using ColumnFactors = std::vector<float>;

/// Which of its units are what, by blocks of n; h is the last one.
struct Units {
  std::string activation = "linear";
  std::string gates;  ///< the GRU's function of them
  std::size_t count = 3;
  std::size_t p = 0;
  std::optional<std::size_t> minus_p;
  std::size_t q = 1;
  std::size_t h = 2;
  /// How q comes from the sigmoid of its gate: scale · σ(scale · a) + shift; else it is g.
  bool through_gate = true;
  float scale = 1;
  float shift = 0;

  std::size_t columns() const { return gate_count * count; }
  std::size_t column(Gate gate, std::size_t unit) const { return gate * count + unit; }
  ColumnFactors no_factors() const { return ColumnFactors(columns(), 0.0F); }
};

Units units_of(const LayerCall& call, bool has_initial_state) {
  const std::string activation = is_cudnn(call) ? "tanh" : step_function(call, "activation");
  const std::string gates =
      is_cudnn(call) ? "sigmoid" : step_function(call, "recurrent_activation");
  const bool are_symmetric = gates == "sigmoid" || gates == "hard_sigmoid";
  Units units;
  units.gates = gates;
  if (gates == "sigmoid" && activation == "tanh") {
    units.scale = 2;
    units.shift = -1;
    return units;
  }
  if (are_symmetric && activation == gates) {
    return units;
  }
  units.through_gate = false;
  if (are_symmetric && activation == "linear") {
    return units;
  }
  if (are_symmetric && activation == "relu") {
    if (has_initial_state) {
      throw Refusal{
          "TF.js has no GRU whose reset gate acts behind the matrix (`reset_after=True`), and the "
          "LSTM that computes the one of relu cannot begin at states that may be negative."};
    }
    units.activation = "relu";
    units.minus_p = 1;
    units.q = 2;
    units.h = 3;
    units.count = 4;
    return units;
  }
  throw Refusal{
      fmt::format("TF.js has no GRU whose reset gate acts behind the matrix "
                  "(`reset_after=True`), and an LSTM computes those of tanh with sigmoid, and of "
                  "relu, linear and the gates' own function with sigmoid and hard_sigmoid, not of "
                  "`activation` \"{}\" and `recurrent_activation` \"{}\".",
                  activation, gates)};
}

tensor::TensorRef inline_tensor(const std::vector<float>& values) {
  return constant_weight("", {values.size()}, values).value.inputs.front();
}

/// Blocks of n × n, row-major: each the identity times its factor. The view has axes (block row,
/// row, block column, column) and lies on a vector of one diagonal a block.
struct Diagonals {
  tensor::TensorRef vector;
  tensor::View view;
};

Diagonals diagonals(std::uint64_t n, const std::vector<ColumnFactors>& blocks) {
  const std::uint64_t length = 2 * n - 1;
  const std::uint64_t columns = blocks.front().size();
  std::vector<float> values(blocks.size() * columns * length, 0.0F);
  for (std::size_t block = 0; block < blocks.size() * columns; ++block) {
    values[block * length + n - 1] = blocks[block / columns][block % columns];
  }
  const auto step = static_cast<std::int64_t>(length);
  return {inline_tensor(values),
          {0,
           {blocks.size(), n, columns, n},
           {static_cast<std::int64_t>(columns) * step, 1, step, -1},
           static_cast<std::int64_t>(n) - 1}};
}

void multiply_add(tensor::Computation& computation, tensor::View stored, tensor::View factors,
                  const std::vector<float>& values) {
  factors.input = static_cast<std::uint32_t>(computation.inputs.size());
  computation.inputs.push_back(inline_tensor(values));
  computation.combinations.push_back(
      {tensor::Combination::Kind::AddProduct, {std::move(stored), std::move(factors)}, 1});
}

LayerWeight exact_weight(const std::string& role, tensor::Computation computation,
                         tensor::Shape shape, std::vector<std::string> sources) {
  computation.shape = std::move(shape);
  computation.chain = sources.empty() ? "const" : "gru_as_lstm";
  return {role, std::move(computation), std::move(sources), true};
}

LayerWeight kernel_weight(std::uint64_t n, const Units& units, bool masked) {
  const std::uint64_t columns = units.columns();
  ColumnFactors shared = units.no_factors();
  shared[units.column(gate_i, units.p)] = 1;
  if (units.minus_p) shared[units.column(gate_i, *units.minus_p)] = 1;
  shared[units.column(units.through_gate ? gate_i : gate_g, units.q)] = units.scale;
  ColumnFactors third = units.no_factors();
  third[units.column(gate_f, units.h)] = 1;
  third[units.column(gate_i, units.h)] = -1;
  std::vector<float> switches(columns, 0.0F);
  switches[units.column(gate_f, units.h)] = switch_off;
  switches[units.column(gate_i, units.h)] = -switch_off;
  Diagonals features = diagonals(n, {shared, third});
  tensor::Computation computation;
  computation.inputs = {std::move(features.vector), inline_tensor(switches)};
  computation.views = {std::move(features.view), {1, {columns, n}, {1, 0}, 0}};
  if (masked) {
    computation.inputs.push_back(inline_tensor({0}));
    computation.views.push_back({2, {columns, n}, {0, 0}, 0});
  }
  return exact_weight("kernel", std::move(computation), {2 * n + (masked ? 2 : 1), columns * n},
                      {});
}

/// The columns of the LSTM that take a gate's part of a weight, and how.
ColumnFactors takers(std::uint64_t gate, const Units& units) {
  ColumnFactors factors = units.no_factors();
  if (gate == gate_z) {
    factors[units.column(gate_f, units.h)] = 1;
    factors[units.column(gate_i, units.h)] = -1;
    return factors;
  }
  const Gate taker = gate == gate_r ? gate_i : gate_g;
  factors[units.column(taker, units.p)] = 1;
  if (units.minus_p) factors[units.column(taker, *units.minus_p)] = gate == gate_r ? 1 : -1;
  return factors;
}

/// `transposed`: each block of what is stored is.
LayerWeight recurrent_weight(const tensor::TensorRef& stored, std::uint64_t n, const Units& units,
                             bool transposed) {
  const std::uint64_t columns = units.columns();
  const std::size_t of_q = units.column(units.through_gate ? gate_i : gate_g, units.q);
  std::vector<ColumnFactors> constants(units.count, units.no_factors());
  constants[units.p][of_q] = units.scale;
  if (units.minus_p) constants[*units.minus_p][of_q] = -1;
  constants[units.q][units.column(gate_g, units.h)] = 1;
  Diagonals base = diagonals(n, constants);
  tensor::Computation computation;
  computation.inputs = {std::move(base.vector), stored};
  computation.views = {std::move(base.view)};
  for (const std::uint64_t gate : {gate_z, gate_r, gate_h}) {
    const ColumnFactors taken = takers(gate, units);
    std::vector<float> factors(units.count * columns, 0.0F);
    std::copy(taken.begin(), taken.end(),
              factors.begin() + static_cast<std::ptrdiff_t>(units.h * columns));
    const tensor::Shape blocks{units.count, n, columns, n};
    const auto step = 3 * static_cast<std::int64_t>(n);
    multiply_add(computation,
                 {1,
                  blocks,
                  {0, transposed ? 1 : step, 0, transposed ? step : 1},
                  static_cast<std::int64_t>(gate * n)},
                 {0, blocks, {static_cast<std::int64_t>(columns), 0, 1, 0}, 0}, factors);
  }
  return exact_weight("recurrent_kernel", std::move(computation), {units.count * n, columns * n},
                      {stored.name});
}

LayerWeight bias_weight(const LayerCall& call, std::uint64_t n, const Units& units) {
  const std::uint64_t columns = units.columns();
  std::vector<float> constants(columns, 0.0F);
  for (std::size_t unit = 0; unit < units.count; ++unit) {
    constants[units.column(gate_o, unit)] = switch_off;
    if (unit != units.h) constants[units.column(gate_f, unit)] = -switch_off;
  }
  if (units.through_gate) {
    constants[units.column(gate_g, units.q)] = units.scale;
    constants[units.column(gate_g, units.h)] = units.shift;
  } else {
    constants[units.column(gate_i, units.q)] = switch_off;
  }
  tensor::Computation computation;
  computation.inputs = {inline_tensor(constants)};
  computation.views = {{0, {columns, n}, {1, 0}, 0}};
  std::vector<std::string> sources;
  if (call.has_weight("bias")) {
    const tensor::TensorRef& stored = call.stored("bias");
    computation.inputs.push_back(stored);
    sources.push_back(stored.name);
    for (const std::uint64_t gate : {gate_z, gate_r, gate_h}) {
      multiply_add(computation,
                   {1, {columns, n}, {0, 1}, static_cast<std::int64_t>((3 + gate) * n)},
                   {0, {columns, n}, {1, 0}, 0}, takers(gate, units));
    }
  }
  return exact_weight("bias", std::move(computation), {columns * n}, std::move(sources));
}

/// The gates whose W x + b the three steps are given, in the order of the time that TF.js reads.
std::array<std::uint64_t, 3> gates_in_order(bool backwards) {
  return backwards ? std::array<std::uint64_t, 3>{gate_z, gate_h, gate_r}
                   : std::array<std::uint64_t, 3>{gate_r, gate_h, gate_z};
}

/// A weight of the Dense: along its last axis the features of each step, where `stored` has z, r,
/// h.
LayerWeight features_weight(const std::string& role, const tensor::TensorRef& stored,
                            tensor::Shape leading, std::uint64_t n, bool backwards,
                            float switched) {
  LayerWeight weight = stored_weight(role, stored, stored.shape);
  tensor::Computation& computation = weight.value;
  const std::size_t axis = leading.size();
  computation.inputs.push_back(inline_tensor({0.0F, switched}));
  computation.views.clear();
  const auto constant = [&](std::uint64_t count, bool one) {
    tensor::View view{1, leading, std::vector<std::int64_t>(axis, 0), one ? 1 : 0};
    view.shape.push_back(count);
    view.strides.push_back(0);
    computation.views.push_back(std::move(view));
  };
  for (const std::uint64_t gate : gates_in_order(backwards)) {
    tensor::View taken{0, leading, {}, static_cast<std::int64_t>(gate * n)};
    taken.strides.assign(axis, 3 * static_cast<std::int64_t>(n));
    taken.shape.push_back(n);
    taken.strides.push_back(1);
    if (gate == gate_z) constant(n, false);
    computation.views.push_back(std::move(taken));
    if (gate != gate_z) constant(n, false);
    constant(1, gate != gate_z);
  }
  computation.axis = axis;
  computation.shape = std::move(leading);
  computation.shape.push_back(3 * (2 * n + 1));
  computation.chain = "gru_as_lstm" + computation.chain.substr(std::string("identity").size());
  return weight;
}

tensor::TensorRef identity(std::uint64_t n) {
  std::vector<float> values(n * n, 0.0F);
  for (std::uint64_t i = 0; i < n; ++i) {
    values[i * n + i] = 1;
  }
  return constant_weight("", {n, n}, values).value.inputs.front();
}

/// The three steps of each of the sequence's.
Tensor lay_out(LayerCall& call, const Tensor& x, std::uint64_t n, bool backwards) {
  const std::uint64_t features = 2 * n + 1;
  std::vector<LayerWeight> weights;
  if (is_cudnn(call)) {
    weights = {features_weight("kernel", identity(3 * n), {3 * n}, n, backwards, 0)};
    weights.front().exact = true;
  } else {
    const tensor::TensorRef& kernel = call.stored("kernel");
    weights = {features_weight("kernel", kernel, {kernel.shape.at(0)}, n, backwards, 0)};
  }
  if (!is_cudnn(call) && call.has_weight("bias")) {
    weights.push_back(features_weight("bias", call.stored("bias"), {}, n, backwards, 1));
  } else {
    std::vector<float> bias;
    for (const std::uint64_t gate : gates_in_order(backwards)) {
      bias.insert(bias.end(), 2 * n, 0.0F);
      bias.push_back(gate == gate_z ? 0.0F : 1.0F);
    }
    weights.push_back(constant_weight("bias", {bias.size()}, bias));
  }
  const Tensor laid = call.add(
      "steps", "Dense",
      {{"units", 3 * features}, {"use_bias", true}, {"activation", "linear"}, {"trainable", false}},
      {x}, std::move(weights));
  const std::int64_t length = x.shape[1];
  return reshape(call, "thrice", laid,
                 {length == unknown ? unknown : 3 * length, static_cast<std::int64_t>(features)});
}

/// The same with the mask of each of the three.
Tensor laid_out_with_mask(LayerCall& call, const Tensor& laid) {
  const Tensor mask = mask_tensor(call, *call.mask());
  const Tensor repeated = call.add("mask_thrice", "Dense",
                                   {{"units", 3}, {"use_bias", false}, {"activation", "linear"}},
                                   {mask}, {filled_weight("kernel", {1, 3}, 1.0F)});
  return with_mask(call, laid, reshape(call, "masks", repeated, {laid.shape[1], 1}));
}

/// h among the others.
Tensor with_zeros(LayerCall& call, const Tensor& h, std::uint64_t n, const Units& units) {
  const std::uint64_t all = units.count * n;
  std::vector<float> values(n * all, 0.0F);
  for (std::uint64_t i = 0; i < n; ++i) {
    values[i * all + units.h * n + i] = 1;
  }
  return call.add("given_state", "Dense",
                  {{"units", all}, {"use_bias", false}, {"activation", "linear"}}, {h},
                  {constant_weight("kernel", {n, all}, values)});
}

Tensor every_third(LayerCall& call, const Tensor& sequence, std::int64_t length, std::int64_t n,
                   const Units& units) {
  const auto blocks = static_cast<std::int64_t>(3 * units.count);
  const Tensor all = reshape(call, "each_step", sequence, {1, length, blocks * n});
  return reshape(call, "outputs", slice_channels(call, "third", all, (blocks - 1) * n, n),
                 {length, n});
}

void require_float32(const LayerCall& call) {
  for (const char* role : {"recurrent_kernel", "bias"}) {
    if (call.has_weight(role) && call.stored(role).dtype != tensor::DType::Float32) {
      throw Refusal{"Its weights are not float32."};
    }
  }
}

}  // namespace

bool is_reset_after_gru(const LayerCall& call) {
  return call.layer().class_name == "CuDNNGRU" ||
         (call.layer().class_name == "GRU" && call.arguments().boolean("reset_after", false));
}

GruOutputs call_reset_after_gru(LayerCall& call, const Tensor& x,
                                const std::vector<Tensor>& initial_state) {
  const Units made_of = units_of(call, !initial_state.empty());
  require_float32(call);
  const std::int64_t units = call.arguments().positive_integer("units");
  const auto n = static_cast<std::uint64_t>(units);
  const bool backwards = call.arguments().boolean("go_backwards", false);
  const bool sequences = call.arguments().boolean("return_sequences", false);
  const bool masked = call.mask() != nullptr;
  const Tensor read = is_cudnn(call) ? products_of_input(call, x) : x;
  std::vector<Tensor> given{lay_out(call, read, n, backwards)};
  if (masked) given[0] = laid_out_with_mask(call, given[0]);
  if (!initial_state.empty()) {
    const Tensor state = with_zeros(call, initial_state.front(), n, made_of);
    given.insert(given.end(), 2, state);
  }
  Tensor last =
      call.add("", "LSTM",
               {{"units", made_of.count * n},
                {"activation", made_of.activation},
                {"recurrent_activation", made_of.gates},
                {"use_bias", true},
                {"return_sequences", sequences},
                {"return_state", sequences},
                {"go_backwards", backwards},
                {"trainable", false}},
               std::move(given),
               {kernel_weight(n, made_of, masked),
                recurrent_weight(call.stored("recurrent_kernel"), n, made_of, is_cudnn(call)),
                bias_weight(call, n, made_of)});
  const std::int64_t h_begin = static_cast<std::int64_t>(made_of.h) * units;
  if (!sequences) {
    const Tensor h = slice_channels(call, "state", last, h_begin, units);
    return {h, h};
  }
  const Tensor y = every_third(call, last, x.shape[1], units, made_of);
  last.tensor = 1;
  last.shape.erase(last.shape.begin() + 1);
  return {y, slice_channels(call, "state", last, h_begin, units)};
}

void note_reset_after_gru(LayerCall& call, const LayerCall& gru) {
  const std::int64_t n = gru.arguments().positive_integer("units");
  const Units units = units_of(gru, false);
  const auto count = static_cast<std::int64_t>(units.count);
  const std::int64_t columns = gate_count * count * n;
  call.note("gru-as-lstm",
            fmt::format("TF.js has no GRU whose reset gate acts behind the matrix "
                        "(`reset_after=True`, Keras's own since 2.1). An LSTM of {} units computes "
                        "its numbers in three steps for each of the sequence: {} weights where the "
                        "GRU has {} for its state. They are not to be trained, and are not "
                        "quantized.{}",
                        count * n, count * n * columns + columns * (2 * n + 1), 3 * n * n,
                        units.through_gate
                            ? ""
                            : " Where what its update gate makes of the state alone is beyond "
                              "30000 they are others."));
}

}  // namespace tensorferry::tfjs
