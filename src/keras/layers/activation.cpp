#include "keras/layers/activation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "graph/functions.h"
#include "keras/layers/categories.h"

namespace tensorferry::keras {

using graph::Softmax;
using graph::Unary;
using graph::UnaryKind;

namespace {

constexpr double no_maximum = std::numeric_limits<double>::infinity();

/// A built-in function with its default arguments (keras/src/activations/activations.py).
struct NamedFunction {
  std::string_view name;
  Unary unary;
};

constexpr NamedFunction functions[] = {
    {"celu", {UnaryKind::Celu, 1.0, 0, 0}},
    {"elu", {UnaryKind::Elu, 1.0, 0, 0}},
    {"exponential", {UnaryKind::Exp, 0, 0, 0}},
    {"gelu", {UnaryKind::GeluErf, 0, 0, 0}},
    {"hard_shrink", {UnaryKind::HardShrink, 0.5, 0, 0}},
    {"hard_silu", {UnaryKind::HardSilu, 0, 0, 0}},
    {"hard_swish", {UnaryKind::HardSilu, 0, 0, 0}},
    {"hard_tanh", {UnaryKind::HardTanh, 0, 0, 0}},
    {"leaky_relu", {UnaryKind::LeakyRelu, 0.2, 0, 0}},
    {"log_sigmoid", {UnaryKind::LogSigmoid, 0, 0, 0}},
    {"mish", {UnaryKind::Mish, 0, 0, 0}},
    {"relu", {UnaryKind::Relu, 0, 0, 0}},
    {"relu6", {UnaryKind::Relu6, 0, 0, 0}},
    {"selu", {UnaryKind::Selu, 0, 0, 0}},
    {"sigmoid", {UnaryKind::Sigmoid, 0, 0, 0}},
    {"silu", {UnaryKind::Silu, 0, 0, 0}},
    {"soft_shrink", {UnaryKind::SoftShrink, 0.5, 0, 0}},
    {"softplus", {UnaryKind::Softplus, 0, 0, 0}},
    {"softsign", {UnaryKind::Softsign, 0, 0, 0}},
    {"sparse_plus", {UnaryKind::SparsePlus, 0, 0, 0}},
    {"sparse_sigmoid", {UnaryKind::SparseSigmoid, 0, 0, 0}},
    {"squareplus", {UnaryKind::SquarePlus, 4.0, 0, 0}},
    {"swish", {UnaryKind::Silu, 0, 0, 0}},
    {"tanh", {UnaryKind::Tanh, 0, 0, 0}},
    {"tanh_shrink", {UnaryKind::TanhShrink, 0, 0, 0}},
};

graph::Op function_op(std::string_view name, Generation generation, std::size_t rank) {
  if (name == "linear") return graph::Identity{};
  // Keras 3 changed the meaning of the name.
  if (name == "hard_sigmoid") {
    return Unary{
        generation == Generation::Keras3 ? UnaryKind::HardSigmoid3 : UnaryKind::HardSigmoid2, 0, 0,
        0};
  }
  const std::vector<std::size_t> last{rank - 1};
  if (name == "softmax") return Softmax{Softmax::Kind::Softmax, last};
  if (name == "log_softmax") return Softmax{Softmax::Kind::LogSoftmax, last};
  if (name == "sparsemax") return Softmax{Softmax::Kind::Sparsemax, last};
  if (name == "glu") return graph::Glu{rank - 1};
  const auto found = std::find_if(std::begin(functions), std::end(functions),
                                  [&](const NamedFunction& entry) { return entry.name == name; });
  if (found == std::end(functions)) {
    throw Refusal{fmt::format("its activation \"{}\" is no built-in function of Keras", name)};
  }
  return found->unary;
}

/// Keras 2 writes slopes as float32 numbers: 0.30000001192092896 is its 0.3, and computes the same
/// there.
double shortest_float(double number) {
  const auto narrow = static_cast<float>(number);
  if (static_cast<double>(narrow) != number) return number;
  return std::strtod(fmt::format("{}", narrow).c_str(), nullptr);
}

/// Keras's ReLU (keras/src/activations/activations.py, ReLU.static_call).
graph::Op relu_op(const Arguments& arguments) {
  const double slope = shortest_float(arguments.number("negative_slope", 0));
  const double maximum = shortest_float(arguments.number("max_value", no_maximum));
  const double threshold = shortest_float(arguments.number("threshold", 0));
  if (threshold == 0 && slope == 0 && maximum == no_maximum) return Unary{UnaryKind::Relu, 0, 0, 0};
  if (threshold == 0 && slope == 0 && maximum == 6) return Unary{UnaryKind::Relu6, 0, 0, 0};
  if (threshold == 0 && maximum == no_maximum) return Unary{UnaryKind::LeakyRelu, slope, 0, 0};
  return Unary{UnaryKind::ReluGeneral, slope, maximum, threshold};
}

/// Keras 2 calls it `alpha`.
graph::Op leaky_relu_op(const Arguments& arguments) {
  return Unary{UnaryKind::LeakyRelu,
               shortest_float(arguments.number("negative_slope", arguments.number("alpha", 0.3))),
               0, 0};
}

graph::Op elu_op(const Arguments& arguments) {
  return Unary{UnaryKind::Elu, shortest_float(arguments.number("alpha", 1.0)), 0, 0};
}

graph::Op softmax_op(const Arguments& arguments, std::size_t rank) {
  const std::vector<std::int64_t> axes = arguments.find("axis") == nullptr
                                             ? std::vector<std::int64_t>{-1}
                                             : arguments.integer_list("axis");
  return Softmax{Softmax::Kind::Softmax, resolve_axes(axes, rank, arguments.layer())};
}

std::string_view without_package(std::string_view class_name) {
  const auto mark = class_name.rfind('>');
  return mark == std::string_view::npos ? class_name : class_name.substr(mark + 1);
}

/// A layer object that was given as an activation.
graph::Op layer_object_op(std::string_view class_name, const Json& config, Generation generation,
                          std::size_t rank, std::string_view layer) {
  const Arguments arguments(layer, config);
  const auto known = [&](const LayerKind& kind) {
    Layer object;
    object.class_name = class_name;
    object.config = config;
    require_known_arguments(object, kind);
  };
  if (class_name == "ReLU") {
    known(relu_kind);
    return relu_op(arguments);
  }
  if (class_name == "LeakyReLU") {
    known(leaky_relu_kind);
    return leaky_relu_op(arguments);
  }
  if (class_name == "ELU") {
    known(elu_kind);
    return elu_op(arguments);
  }
  if (class_name == "Softmax") {
    known(softmax_kind);
    return softmax_op(arguments, rank);
  }
  if (class_name == "Activation") {
    known(activation_kind);
    const Json* inner = arguments.find("activation");
    return inner == nullptr ? graph::Op{graph::Identity{}}
                            : activation_op(*inner, generation, rank, layer);
  }
  throw Refusal{fmt::format("its activation is a {} object", class_name)};
}

}  // namespace

graph::Op activation_op(const Json& activation, Generation generation, std::size_t rank,
                        std::string_view layer) {
  if (activation.is_string()) {
    return function_op(activation.get_ref<const std::string&>(), generation, rank);
  }
  if (activation.is_object() && activation.contains("class_name") &&
      activation["class_name"].is_string() && activation.contains("config")) {
    const std::string class_name = activation["class_name"].get<std::string>();
    const Json& config = activation["config"];
    // A function as Keras 3 writes it: the config is its name.
    if (config.is_string()) {
      return function_op(without_package(config.get_ref<const std::string&>()), generation, rank);
    }
    return layer_object_op(without_package(class_name), config, generation, rank, layer);
  }
  throw Refusal{"its activation is neither a function's name nor an object"};
}

graph::ValueId add_activation_argument(LayerCall& call, graph::ValueId value) {
  const Json* activation = call.arguments().find("activation");
  if (activation == nullptr) return value;
  graph::Op op = activation_op(*activation, call.generation(), call.rank(value), call.layer().name);
  if (std::holds_alternative<graph::Identity>(op)) return value;
  return call.add_fused(std::move(op), value);
}

namespace {

constexpr std::string_view activation_arguments[] = {"activation"};
constexpr std::string_view elu_arguments[] = {"alpha"};
constexpr std::string_view leaky_relu_arguments[] = {"alpha", "negative_slope"};
constexpr std::string_view prelu_arguments[] = {"shared_axes"};
constexpr std::string_view relu_arguments[] = {"max_value", "negative_slope", "threshold"};
constexpr std::string_view softmax_arguments[] = {"axis", "robust_masking"};
constexpr std::string_view thresholded_relu_arguments[] = {"theta"};

graph::ValueId lower_activation(LayerCall& call) {
  const Json* activation = call.arguments().find("activation");
  graph::Op op = activation == nullptr ? graph::Op{graph::Identity{}}
                                       : activation_op(*activation, call.generation(),
                                                       call.rank(call.input()), call.layer().name);
  return call.add(std::move(op), {call.input()});
}

graph::ValueId lower_elu(LayerCall& call) {
  return call.add(elu_op(call.arguments()), {call.input()});
}

graph::ValueId lower_leaky_relu(LayerCall& call) {
  return call.add(leaky_relu_op(call.arguments()), {call.input()});
}

graph::ValueId lower_relu(LayerCall& call) {
  return call.add(relu_op(call.arguments()), {call.input()});
}

/// The mask of a Softmax broadcasts against its input, as numpy's does.
void require_mask_like(const LayerCall& call, graph::ValueId mask, graph::ValueId x) {
  const std::vector<graph::Extent>& extents = call.value(mask).shape;
  const std::vector<graph::Extent>& shape = call.value(x).shape;
  if (extents.size() != shape.size() || !call.value(x).rank_known) {
    throw Refusal{"its mask has other axes than its input"};
  }
  for (std::size_t axis = 1; axis < shape.size(); ++axis) {
    const bool fits = extents[axis] == 1 || extents[axis] == shape[axis] ||
                      extents[axis] == graph::unknown_extent ||
                      shape[axis] == graph::unknown_extent;
    if (!fits) throw Refusal{"its mask has another shape than its input"};
  }
}

/// keras/src/layers/activations/softmax.py: what the mask leaves out is far below all, and 0 at
/// last; tf_keras/src/layers/activation/softmax.py adds to it, and leaves it.
graph::ValueId lower_masked_softmax(LayerCall& call, graph::ValueId mask) {
  const graph::ValueId x = call.input();
  require_mask_like(call, mask, x);
  const tensor::DType dtype = call.value(x).dtype;
  if (dtype != tensor::DType::Float32 && dtype != tensor::DType::Float64) {
    throw Refusal{fmt::format("it has a mask and computes in {}", tensor::dtype_name(dtype))};
  }
  constexpr double far_below = -1e9;
  const bool is_keras3 = call.generation() == Generation::Keras3;
  if (call.value(mask).dtype != tensor::DType::Bool) {
    if (!is_keras3) throw Refusal{"its mask is not one of booleans"};
    graph::Function above;
    above.operands = {std::nullopt, graph::Scalar{0.5, false}};
    mask = add_function(call, "greater", {mask}, tensor::DType::Bool, std::move(above));
  }
  graph::Function choice;
  choice.operands = {std::nullopt, std::nullopt, graph::Scalar{far_below, false}};
  std::vector<graph::ValueId> operands{mask, x};
  if (!is_keras3) {
    graph::Function sum;
    sum.operands = {std::nullopt, graph::Scalar{far_below, false}};
    operands.push_back(add_function(call, "add", {x}, dtype, std::move(sum)));
    choice.operands[2] = std::nullopt;
  }
  const graph::ValueId shifted =
      add_function(call, "where", std::move(operands), dtype, std::move(choice));
  const graph::ValueId y = call.add(softmax_op(call.arguments(), call.rank(x)), {shifted});
  call.sends_mask(mask);
  if (!is_keras3) return y;
  graph::Function rest;
  rest.operands = {std::nullopt, std::nullopt, graph::Scalar{0, false}};
  return add_function(call, "where", {mask, y}, dtype, std::move(rest));
}

graph::ValueId lower_softmax(LayerCall& call) {
  if (call.mask()) {
    if (call.arguments().find("robust_masking") != nullptr)
      throw Refusal{"it has a mask and says `robust_masking`"};
    return lower_masked_softmax(call, *call.mask());
  }
  return call.add(softmax_op(call.arguments(), call.rank(call.input())), {call.input()});
}

/// Keras 2's (keras/layers/activation/thresholded_relu.py): x above theta, 0 elsewhere.
graph::ValueId lower_thresholded_relu(LayerCall& call) {
  const double theta = shortest_float(call.arguments().number("theta", 1));
  return call.add(Unary{UnaryKind::ReluGeneral, 0, no_maximum, theta}, {call.input()});
}

std::vector<Variable> prelu_variables(const Layer&) {
  return {{"alpha", true, std::nullopt, false}};
}

/// keras/src/layers/activations/prelu.py: alpha has the input's shape, 1 along the shared axes.
graph::ValueId lower_prelu(LayerCall& call) {
  const graph::ValueId input = call.input();
  const std::vector<graph::Extent> alpha = call.variable_shape("alpha");
  call.assume_axis(input, static_cast<std::int64_t>(alpha.size()));
  std::vector<graph::Extent> expected(call.value(input).shape.begin() + 1,
                                      call.value(input).shape.end());
  if (call.arguments().find("shared_axes") != nullptr) {
    for (const std::int64_t axis : call.arguments().integer_list("shared_axes")) {
      const std::size_t resolved = resolve_axis(axis, expected.size() + 1, call.layer().name);
      if (resolved == 0) throw Refusal{"it shares its slopes along the batch"};
      expected[resolved - 1] = 1;
    }
  }
  std::vector<std::size_t> axes;
  for (std::size_t axis = 1; axis <= alpha.size(); ++axis) axes.push_back(axis);
  const graph::ModuleId module =
      call.module("", {{"alpha", "alpha", numbered_axis_names(axes), expected}});
  return call.add(graph::PRelu{alpha}, {input}, module);
}

}  // namespace

const LayerKind activation_kind{activation_arguments, no_variables, lower_activation,
                                MaskUse::Passes};
const LayerKind elu_kind{elu_arguments, no_variables, lower_elu, MaskUse::Passes};
const LayerKind leaky_relu_kind{leaky_relu_arguments, no_variables, lower_leaky_relu,
                                MaskUse::Passes};
const LayerKind prelu_kind{prelu_arguments, prelu_variables, lower_prelu, MaskUse::Passes};
const LayerKind relu_kind{relu_arguments, no_variables, lower_relu, MaskUse::Passes};
const LayerKind softmax_kind{softmax_arguments, no_variables, lower_softmax, MaskUse::Takes};
const LayerKind thresholded_relu_kind{thresholded_relu_arguments, no_variables,
                                      lower_thresholded_relu, MaskUse::Passes};

}  // namespace tensorferry::keras
