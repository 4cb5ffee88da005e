#include "keras/operations/operations.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/overloaded.h"
#include "keras/operations/operation_row.h"

namespace tensorferry::keras {

namespace {

/// The arguments of a call with the graph's values for the tensors, which come one after another.
class GivenTensors {
 public:
  explicit GivenTensors(const std::vector<graph::ValueId>& values) : values_(values) {}

  GivenArgument read(const Argument& argument) {
    return std::visit(io::overloaded{
                          [&](const TensorHandle&) { return GivenArgument{values_.at(next_++)}; },
                          [&](const Json& constant) { return GivenArgument{constant}; },
                          [&](const std::vector<Argument>& list) {
                            std::vector<GivenArgument> items;
                            for (const Argument& item : list) items.push_back(read(item));
                            return GivenArgument{std::move(items)};
                          },
                      },
                      argument.value);
  }

 private:
  const std::vector<graph::ValueId>& values_;
  std::size_t next_ = 0;
};

NamedOperation named_keras_operation(const Layer& layer, const Call& call, GivenTensors tensors) {
  NamedOperation named;
  named.class_name = layer.class_name.substr(std::string_view("ops.").size());
  const OperationRow* row = find_operation(named.class_name);
  if (row == nullptr) throw Refusal{"this operation of keras.ops is not supported"};
  for (const auto& [name, value] : layer.config.items()) {
    if (name != "name") named.arguments[name] = {value};
  }
  const std::vector<std::string_view> parameters = words_of(row->parameters);
  const bool takes_list = row->parameters.ends_with("*");
  std::vector<GivenArgument> list;
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    GivenArgument given = tensors.read(call.arguments[i]);
    if (takes_list) {
      list.push_back(std::move(given));
    } else if (i < parameters.size()) {
      named.arguments[std::string(parameters[i])] = std::move(given);
    } else {
      throw Refusal{"it is called with more arguments than are known"};
    }
  }
  if (takes_list) named.arguments["*"] = {std::move(list)};
  for (const auto& [name, argument] : call.keywords) {
    named.arguments[name] = tensors.read(argument);
  }
  return named;
}

/// "b" of "a=b c=d" for "a"; the name itself if it is not there.
std::string_view renamed(std::string_view name, std::string_view renames) {
  for (const std::string_view rename : words_of(renames)) {
    const std::size_t equals = rename.find('=');
    if (rename.substr(0, equals) == name) return rename.substr(equals + 1);
  }
  return name;
}

/// Keras 2 writes an argument's name where it is not null, and TensorFlow's `name`, which is none
/// of a tensor.
NamedOperation named_tensorflow_operation(const Layer& layer, const Call& call,
                                          GivenTensors tensors) {
  const std::string function = Arguments(layer.name, layer.config).text("function", "");
  if (function == "einsum") {
    throw Refusal{"Keras does not save which tensors `tf.einsum` takes, nor can it load the file"};
  }
  const auto table = tensorflow_functions();
  const auto row = std::find_if(table.begin(), table.end(), [&](const TensorFlowRow& entry) {
    return entry.function == function;
  });
  if (row == table.end() || find_operation(row->class_name) == nullptr) {
    throw Refusal{fmt::format("TensorFlow's function `tf.{}` is not supported", function)};
  }
  if (call.arguments.size() != 1) {
    throw Refusal{"it is called with more arguments than are known"};
  }
  NamedOperation named;
  named.class_name = row->class_name;
  for (const std::string_view assignment : words_of(row->defaults)) {
    const std::size_t equals = assignment.find('=');
    named.arguments[std::string(assignment.substr(0, equals))] = {
        Json::parse(assignment.substr(equals + 1))};
  }
  named.arguments[std::string(row->first)] = tensors.read(call.arguments[0]);
  for (const auto& [name, argument] : call.keywords) {
    GivenArgument given = tensors.read(argument);
    const Json* constant = std::get_if<Json>(&given.value);
    const bool says_nothing = constant != nullptr && constant->is_null();
    if (name == "name" || says_nothing) continue;
    named.arguments[std::string(renamed(name, row->renamed))] = std::move(given);
  }
  return named;
}

graph::ValueId lower_operation(LayerCall& call) {
  NamedOperation named = named_operation(call.layer(), call.call(), call.inputs());
  const OperationRow& row = *find_operation(named.class_name);
  OperationCall operation(call, std::move(named.arguments));
  std::vector<graph::ValueId> results = row.lower(operation, row);
  operation.require_all_read();
  const graph::ValueId first = results.front();
  results.erase(results.begin());
  call.also_returns(std::move(results));
  return first;
}

}  // namespace

NamedOperation named_operation(const Layer& layer, const Call& call,
                               const std::vector<graph::ValueId>& tensors) {
  if (layer.class_name == "TensorFlowOpLayer") return named_tensorflow_node(layer, tensors);
  return layer.class_name.starts_with("ops.")
             ? named_keras_operation(layer, call, GivenTensors(tensors))
             : named_tensorflow_operation(layer, call, GivenTensors(tensors));
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

const OperationRow* find_operation(std::string_view class_name) {
  for (const std::span<const OperationRow> table :
       {elementwise_operations(), activation_operations(), reduction_operations(),
        axis_operations(), shape_operations(), indexing_operations(), product_operations(),
        network_operations()}) {
    const auto found = std::find_if(table.begin(), table.end(), [&](const OperationRow& row) {
      return row.class_name == class_name;
    });
    if (found != table.end()) return &*found;
  }
  return nullptr;
}

const LayerKind operation_kind{{}, no_variables, lower_operation, MaskUse::Drops, {}, true};
const LayerKind tensorflow_operation_kind{{}, no_variables, lower_operation, MaskUse::Drops,
                                          {}, true};

}  // namespace tensorferry::keras
