#include <algorithm>
#include <numeric>
#include <optional>

#include "keras/operations/operation_call.h"
#include "tfjs/activations.h"
#include "tfjs/layers/families.h"
#include "tfjs/refusal.h"
#include "tfjs/steps.h"

namespace tensorferry::tfjs {
namespace {

/// A call of an operation, its arguments by their names in keras.ops.
class Operation {
 public:
  Operation(LayerCall& call, keras::NamedOperation named)
      : layer(call), class_name(named.class_name), arguments_(std::move(named.arguments)) {}

  LayerCall& layer;
  const std::string class_name;

  const keras::GivenArgument* find(const std::string& name) {
    const auto found = arguments_.find(name);
    if (found == arguments_.end()) return nullptr;
    read_.insert(name);
    const Json* constant = std::get_if<Json>(&found->second.value);
    return constant != nullptr && constant->is_null() ? nullptr : &found->second;
  }

  /// Null if it is a constant.
  const Tensor* find_tensor(const std::string& name) {
    const keras::GivenArgument* given = find(name);
    return given == nullptr ? nullptr : tensor_of(*given);
  }

  const Tensor& tensor(const std::string& name) {
    const Tensor* tensor = find_tensor(name);
    if (tensor == nullptr) throw Refusal{"TF.js has no layer of constants."};
    if (tensor->shape.size() < 2) throw Refusal{"TF.js wants a batch and an axis in each tensor."};
    return *tensor;
  }

  std::vector<Tensor> tensors(const std::string& name) {
    std::vector<Tensor> result;
    const keras::GivenArgument* given = find(name);
    const auto* list =
        given == nullptr ? nullptr : std::get_if<std::vector<keras::GivenArgument>>(&given->value);
    if (list == nullptr) throw Refusal{"TF.js has no layer of constants."};
    for (const keras::GivenArgument& item : *list) {
      const Tensor* tensor = tensor_of(item);
      if (tensor == nullptr) throw Refusal{"TF.js has no layer of constants."};
      result.push_back(*tensor);
    }
    return result;
  }

  const Json* constant(const std::string& name) {
    const keras::GivenArgument* given = find(name);
    if (given == nullptr) return nullptr;
    const Json* constant = std::get_if<Json>(&given->value);
    if (constant == nullptr) throw Refusal{"TF.js's layers cannot be told by a tensor."};
    return constant;
  }

  double number(const std::string& name) {
    const Json* value = constant(name);
    if (value == nullptr || !value->is_number()) {
      throw Refusal{"It is called with an array, which TF.js's layers cannot be told."};
    }
    return value->get<double>();
  }

  /// A number or a list; empty where it is not said.
  std::vector<std::int64_t> integers(const std::string& name) {
    const Json* value = constant(name);
    std::vector<std::int64_t> result;
    if (value == nullptr) return result;
    const Json* items = keras::list_items(*value);
    const Json single = Json::array({*value});
    for (const Json& item : items == nullptr ? single : *items) {
      if (!item.is_number_integer()) throw Refusal{"TF.js wants whole numbers there."};
      result.push_back(item.get<std::int64_t>());
    }
    return result;
  }

  void require_all_read() const {
    for (const auto& [name, given] : arguments_) {
      const Json* constant = std::get_if<Json>(&given.value);
      const bool says_nothing = constant != nullptr && (constant->is_null() || *constant == false);
      if (read_.count(name) == 0 && !says_nothing) {
        throw Refusal{"TF.js would ignore its argument `" + name + "`."};
      }
    }
  }

 private:
  const Tensor* tensor_of(const keras::GivenArgument& given) const {
    const auto* number = std::get_if<graph::ValueId>(&given.value);
    return number == nullptr ? nullptr : &layer.inputs().at(*number);
  }

  std::map<std::string, keras::GivenArgument> arguments_;
  std::set<std::string> read_;
};

std::size_t axis_of(std::int64_t axis, std::size_t rank) {
  const std::int64_t resolved = axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis;
  if (resolved < 1 || resolved >= static_cast<std::int64_t>(rank)) {
    throw Refusal{"TF.js's layers leave the batch alone."};
  }
  return static_cast<std::size_t>(resolved);
}

/// Two tensors, or a tensor and a number.
Tensor lower_arithmetic(Operation& operation) {
  LayerCall& call = operation.layer;
  const Tensor* a = operation.find_tensor("x1");
  const Tensor* b = operation.find_tensor("x2");
  const std::string& kind = operation.class_name;
  if (a != nullptr && b != nullptr) {
    const bool fits = a->shape.size() == b->shape.size() && a->shape.size() > 1;
    if (!fits) throw Refusal{"TF.js merges tensors of one rank only."};
    if (kind == "Add") return add_up(call, "", *a, *b);
    if (kind == "Subtract") return add_up(call, "", *a, rescale(call, "negate", *b, -1, 0));
    if (kind == "Multiply") return multiply(call, "", *a, *b);
    if (kind == "Maximum" || kind == "Minimum") {
      return call.add("", kind, Json::object(), {*a, *b});
    }
    throw Refusal{"TF.js has no layer for a division."};
  }
  const bool number_first = a == nullptr;
  const Tensor& x = operation.tensor(number_first ? "x2" : "x1");
  const double number = operation.number(number_first ? "x1" : "x2");
  if (kind == "Add") return rescale(call, "", x, 1, number);
  if (kind == "Multiply") return rescale(call, "", x, number, 0);
  if (kind == "Subtract") {
    return number_first ? rescale(call, "", x, -1, number) : rescale(call, "", x, 1, -number);
  }
  if (kind == "Maximum" && number == 0) return relu(call, "", x);
  if ((kind == "Divide" || kind == "TrueDivide") && !number_first && number != 0) {
    return rescale(call, "", x, 1 / number, 0);
  }
  throw Refusal{"TF.js has no layer for this with a number."};
}

struct FunctionName {
  std::string_view class_name;
  std::string_view name;  ///< as an activation of Keras
};

constexpr FunctionName function_names[] = {
    {"HardSigmoid", "hard_sigmoid"},
    {"HardSilu", "hard_silu"},
    {"LogSigmoid", "log_sigmoid"},
    {"Relu", "relu"},
    {"Relu6", "relu6"},
    {"Selu", "selu"},
    {"Sigmoid", "sigmoid"},
    {"Silu", "silu"},
    {"Softmax", "softmax"},
    {"Softplus", "softplus"},
    {"Softsign", "softsign"},
    {"Tanh", "tanh"},
};

Tensor lower_function(Operation& operation) {
  LayerCall& call = operation.layer;
  const auto* row = std::find_if(
      std::begin(function_names), std::end(function_names),
      [&](const FunctionName& entry) { return entry.class_name == operation.class_name; });
  Activation function;
  function.name = row->name;
  const Tensor& x = operation.tensor("x");
  if (operation.class_name == "Softmax") {
    const auto axes = operation.integers("axis");
    if (axes.size() != 1 || axis_of(axes[0], x.shape.size()) + 1 != x.shape.size()) {
      throw Refusal{"TF.js's softmax is along the last axis."};
    }
  }
  require_activation(function);
  const std::string native = native_name(function, call.generation());
  return native.empty() ? apply_activation(call, function, x) : activation(call, "", x, native);
}

Tensor lower_slope(Operation& operation) {
  const Tensor& x = operation.tensor("x");
  const double slope =
      operation.find("negative_slope") == nullptr ? 0.2 : operation.number("negative_slope");
  return operation.layer.add("", "LeakyReLU", {{"alpha", slope}}, {x});
}

Tensor lower_negative(Operation& operation) {
  return rescale(operation.layer, "", operation.tensor("x"), -1, 0);
}

Tensor lower_square(Operation& operation) {
  const Tensor& x = operation.tensor("x");
  return multiply(operation.layer, "", x, x);
}

/// Into [0, most] only.
Tensor lower_clip(Operation& operation) {
  const Tensor& x = operation.tensor("x");
  if (operation.number("x_min") != 0) throw Refusal{"TF.js's ReLU is cut off at 0 only."};
  return relu(operation.layer, "", x, operation.number("x_max"));
}

Tensor lower_reshaped(Operation& operation) {
  const Tensor& x = operation.tensor("x");
  std::vector<std::int64_t> shape = operation.integers("newshape");
  const auto count = [](Shape::const_iterator begin, Shape::const_iterator end) {
    std::int64_t result = 1;
    for (; begin != end; ++begin) {
      result = result == unknown || *begin == unknown ? unknown : result * *begin;
    }
    return result;
  };
  if (shape.size() < 2) throw Refusal{"TF.js wants a batch and an axis in each tensor."};
  const std::int64_t rest = count(shape.begin() + 1, shape.end());
  if (rest == unknown || rest != count(x.shape.begin() + 1, x.shape.end())) {
    throw Refusal{"TF.js's Reshape keeps the batch, and wants to know the sizes."};
  }
  return reshape(operation.layer, "", x, {shape.begin() + 1, shape.end()});
}

Tensor lower_transposed(Operation& operation) {
  const Tensor& x = operation.tensor("x");
  const std::vector<std::int64_t> axes = operation.integers("axes");
  if (axes.size() != x.shape.size() || axes[0] != 0) {
    throw Refusal{"TF.js's Permute leaves the batch where it is."};
  }
  std::vector<std::size_t> order;
  for (std::size_t i = 1; i < axes.size(); ++i) order.push_back(axis_of(axes[i], axes.size()));
  return permute(operation.layer, "", x, order);
}

Tensor lower_joined(Operation& operation) {
  const std::vector<Tensor> inputs = operation.tensors("xs");
  const std::vector<std::int64_t> axis = operation.integers("axis");
  const std::size_t rank = inputs.at(0).shape.size();
  const std::size_t at = axis_of(axis.empty() ? 0 : axis[0], rank);
  return inputs.size() == 1 ? inputs[0] : concatenate(operation.layer, "", inputs, at);
}

Tensor lower_expanded(Operation& operation) {
  const Tensor& x = operation.tensor("x");
  const std::vector<std::int64_t> axes = operation.integers("axis");
  if (axes.size() != 1) throw Refusal{"TF.js's Reshape is made for one new axis."};
  const std::size_t axis = axis_of(axes[0], x.shape.size() + 1);
  Shape extents = without_batch(x.shape);
  extents.insert(extents.begin() + static_cast<std::ptrdiff_t>(axis) - 1, 1);
  return reshape(operation.layer, "", x, extents);
}

/// Over all axes between the batch and the channels.
Tensor lower_global_reduction(Operation& operation) {
  const Tensor& x = operation.tensor("x");
  const std::size_t rank = x.shape.size();
  if (rank < 3 || rank > 4) throw Refusal{"TF.js reduces one or two axes of maps only."};
  std::vector<std::size_t> axes;
  for (const std::int64_t axis : operation.integers("axis")) axes.push_back(axis_of(axis, rank));
  std::sort(axes.begin(), axes.end());
  std::vector<std::size_t> wanted(rank - 2);
  std::iota(wanted.begin(), wanted.end(), std::size_t{1});
  if (axes != wanted) throw Refusal{"TF.js reduces the axes of a map alone."};
  const Json* keeps = operation.constant("keepdims");
  const std::string kind = operation.class_name == "Mean" ? "Average" : "Max";
  const std::string class_name = "Global" + kind + "Pooling" + (rank == 3 ? "1D" : "2D");
  Json config = Json::object();
  if (rank == 4) config["data_format"] = "channels_last";
  const bool keep_dims = keeps != nullptr && *keeps == true;
  const Tensor y = operation.layer.add("", class_name, std::move(config), {x});
  if (!keep_dims) return y;
  Shape extents(rank - 2, 1);
  extents.push_back(y.shape.back());
  return reshape(operation.layer, "axes", y, extents);
}

Tensor lower_same(Operation& operation) {
  return operation.tensor(operation.class_name == "StopGradient" ? "variable" : "x");
}

struct OperationKind {
  std::string_view class_name;
  Tensor (*lower)(Operation& operation);
};

constexpr OperationKind operation_kinds[] = {
    {"Add", lower_arithmetic},
    {"Amax", lower_global_reduction},
    {"Clip", lower_clip},
    {"Concatenate", lower_joined},
    {"Copy", lower_same},
    {"Divide", lower_arithmetic},
    {"ExpandDims", lower_expanded},
    {"HardSigmoid", lower_function},
    {"HardSilu", lower_function},
    {"LeakyRelu", lower_slope},
    {"LogSigmoid", lower_function},
    {"Max", lower_global_reduction},
    {"Maximum", lower_arithmetic},
    {"Mean", lower_global_reduction},
    {"Minimum", lower_arithmetic},
    {"Multiply", lower_arithmetic},
    {"Negative", lower_negative},
    {"Relu", lower_function},
    {"Relu6", lower_function},
    {"Reshape", lower_reshaped},
    {"Selu", lower_function},
    {"Sigmoid", lower_function},
    {"Silu", lower_function},
    {"Softmax", lower_function},
    {"Softplus", lower_function},
    {"Softsign", lower_function},
    {"Square", lower_square},
    {"StopGradient", lower_same},
    {"Subtract", lower_arithmetic},
    {"Tanh", lower_function},
    {"Transpose", lower_transposed},
    {"TrueDivide", lower_arithmetic},
};

}  // namespace

Tensor lower_operation(LayerCall& call) {
  const auto masked = std::any_of(call.inputs().begin(), call.inputs().end(),
                                  [](const Tensor& input) { return input.masked; });
  if (masked) throw Refusal{"Keras hands it a mask, which TF.js's layers would lose."};
  std::vector<graph::ValueId> numbers(call.inputs().size());
  std::iota(numbers.begin(), numbers.end(), graph::ValueId{0});
  keras::NamedOperation named;
  try {
    named = keras::named_operation(call.layer(), call.keras_call(), numbers);
  } catch (const keras::Refusal& refusal) {
    throw Refusal{"TF.js has no layers for it: " + refusal.reason + "."};
  }
  const auto* kind =
      std::find_if(std::begin(operation_kinds), std::end(operation_kinds),
                   [&](const OperationKind& row) { return row.class_name == named.class_name; });
  if (kind == std::end(operation_kinds)) {
    throw Refusal{"TF.js has no layers that compute the operation `" + named.class_name + "`."};
  }
  Operation operation(call, std::move(named));
  const Tensor result = kind->lower(operation);
  operation.require_all_read();
  return result;
}

}  // namespace tensorferry::tfjs
