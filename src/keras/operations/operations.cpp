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

graph::ValueId lower_by(LayerCall& call, const OperationRow& row,
                        std::map<std::string, GivenArgument> arguments) {
  OperationCall operation(call, std::move(arguments));
  std::vector<graph::ValueId> results = row.lower(operation, row);
  operation.require_all_read();
  const graph::ValueId first = results.front();
  results.erase(results.begin());
  call.also_returns(std::move(results));
  return first;
}

graph::ValueId lower_keras_operation(LayerCall& call) {
  const std::string class_name = call.layer().class_name.substr(std::string_view("ops.").size());
  const OperationRow* row = find_operation(class_name);
  if (row == nullptr) throw Refusal{"this operation of keras.ops is not supported"};
  std::map<std::string, GivenArgument> arguments;
  for (const auto& [name, value] : call.layer().config.items()) {
    if (name != "name") arguments[name] = {value};
  }
  GivenTensors tensors(call.inputs());
  const std::vector<std::string_view> parameters = words_of(row->parameters);
  const bool takes_list = row->parameters.ends_with("*");
  std::vector<GivenArgument> list;
  for (std::size_t i = 0; i < call.call().arguments.size(); ++i) {
    GivenArgument given = tensors.read(call.call().arguments[i]);
    if (takes_list) {
      list.push_back(std::move(given));
    } else if (i < parameters.size()) {
      arguments[std::string(parameters[i])] = std::move(given);
    } else {
      throw Refusal{"it is called with more arguments than are known"};
    }
  }
  if (takes_list) arguments["*"] = {std::move(list)};
  for (const auto& [name, argument] : call.call().keywords) {
    arguments[name] = tensors.read(argument);
  }
  return lower_by(call, *row, std::move(arguments));
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
graph::ValueId lower_tensorflow_operation(LayerCall& call) {
  const std::string function = call.arguments().text("function", "");
  const auto table = tensorflow_functions();
  const auto row = std::find_if(table.begin(), table.end(), [&](const TensorFlowRow& entry) {
    return entry.function == function;
  });
  const OperationRow* operation = row == table.end() ? nullptr : find_operation(row->class_name);
  if (operation == nullptr) {
    throw Refusal{fmt::format("TensorFlow's function `tf.{}` is not supported", function)};
  }
  if (call.call().arguments.size() != 1) {
    throw Refusal{"it is called with more arguments than are known"};
  }
  std::map<std::string, GivenArgument> arguments;
  for (const std::string_view assignment : words_of(row->defaults)) {
    const std::size_t equals = assignment.find('=');
    arguments[std::string(assignment.substr(0, equals))] = {
        Json::parse(assignment.substr(equals + 1))};
  }
  GivenTensors tensors(call.inputs());
  arguments[std::string(row->first)] = tensors.read(call.call().arguments[0]);
  for (const auto& [name, argument] : call.call().keywords) {
    GivenArgument given = tensors.read(argument);
    const Json* constant = std::get_if<Json>(&given.value);
    const bool says_nothing = constant != nullptr && constant->is_null();
    if (name == "name" || says_nothing) continue;
    arguments[std::string(renamed(name, row->renamed))] = std::move(given);
  }
  return lower_by(call, *operation, std::move(arguments));
}

}  // namespace

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

const LayerKind operation_kind{{}, no_variables, lower_keras_operation, MaskUse::Drops, {}, true};
const LayerKind tensorflow_operation_kind{
    {}, no_variables, lower_tensorflow_operation, MaskUse::Passes, {}, true};

}  // namespace tensorferry::keras
