#include "keras/operations/operation_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "io/error.h"

namespace tensorferry::keras {

using graph::ValueId;
using tensor::DType;

namespace {

/// A constant stands in the source that is written.
constexpr std::size_t most_numbers = 4096;

/// Python's words for what JSON has no numbers for come as texts.
std::optional<double> number_in(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (value.is_boolean()) return value.get<bool>() ? 1 : 0;
  if (value == "Infinity") return INFINITY;
  if (value == "-Infinity") return -INFINITY;
  if (value == "NaN") return NAN;
  return std::nullopt;
}

void append_numbers(const Json& value, std::size_t depth, ConstantArray& array) {
  if (const auto number = number_in(value)) {
    if (depth != array.shape.size()) throw Refusal{"it holds a ragged list of numbers"};
    array.whole = array.whole && (value.is_number_integer() || value.is_boolean());
    array.values.push_back(*number);
    return;
  }
  const Json* items = list_items(value);
  if (items == nullptr || depth >= array.shape.size() ||
      static_cast<std::int64_t>(items->size()) != array.shape[depth]) {
    throw Refusal{"it holds something that is neither a tensor nor numbers"};
  }
  for (const Json& item : *items) append_numbers(item, depth + 1, array);
}

ConstantArray array_of(const Json& value) {
  ConstantArray array;
  const Json* numbers = &value;
  if (value.is_object() && (value.value("class_name", "") == "__numpy__" ||
                            value.value("class_name", "") == "__tensor__")) {
    const auto config = value.find("config");
    if (config == value.end() || !config->is_object() || !config->contains("value")) {
      throw Refusal{"a constant has no value"};
    }
    numbers = &(*config)["value"];
    array.dtype = dtype_from_name(config->value("dtype", "float32"));
    if (!array.dtype) throw Refusal{"a constant is of a dtype that is no number's"};
  }
  for (const Json* level = list_items(*numbers); level != nullptr;
       level = list_items((*level)[0])) {
    array.shape.push_back(static_cast<std::int64_t>(level->size()));
    if (level->empty()) break;
  }
  append_numbers(*numbers, 0, array);
  return array;
}

std::int64_t integer_in(const Json& value, std::string_view name) {
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number_float() && std::floor(value.get<double>()) == value.get<double>()) {
    return value.get<std::int64_t>();
  }
  throw Refusal{fmt::format("its argument \"{}\" is no whole number", name)};
}

int bits_of(DType dtype) { return static_cast<int>(tensor::dtype_size(dtype)) * 8; }

bool is_unsigned(DType dtype) {
  return dtype == DType::UInt8 || dtype == DType::UInt16 || dtype == DType::UInt32 ||
         dtype == DType::UInt64;
}

DType signed_of(int bits) {
  if (bits <= 8) return DType::Int8;
  if (bits <= 16) return DType::Int16;
  return bits <= 32 ? DType::Int32 : DType::Int64;
}

/// Of two dtypes that are no weak ones.
DType common_dtype(DType a, DType b) {
  if (a == b || b == DType::Bool) return a;
  if (a == DType::Bool) return b;
  const bool a_floats = tensor::is_floating_point(a);
  const bool b_floats = tensor::is_floating_point(b);
  if (a_floats != b_floats) return a_floats ? a : b;
  if (a_floats) {
    if (bits_of(a) == bits_of(b)) return DType::Float32;  // float16 and bfloat16
    return bits_of(a) > bits_of(b) ? a : b;
  }
  if (is_unsigned(a) == is_unsigned(b)) return bits_of(a) > bits_of(b) ? a : b;
  const DType plain = is_unsigned(a) ? b : a;
  const DType natural = is_unsigned(a) ? a : b;
  if (natural == DType::UInt64) return DType::Float32;
  return signed_of(std::max(bits_of(plain), 2 * bits_of(natural)));
}

}  // namespace

ConstantArray scalar(double value, bool whole) { return {std::nullopt, whole, {}, {value}}; }

DType as_float(DType dtype) { return tensor::is_floating_point(dtype) ? dtype : DType::Float32; }

DType promoted(OperationCall& call, const std::vector<Operand>& operands) {
  std::optional<DType> strong;
  bool any_number = false;
  bool any_fraction = false;
  for (const Operand& operand : operands) {
    std::optional<DType> own;
    if (const auto* id = std::get_if<ValueId>(&operand.value)) {
      own = call.dtype_of(*id);
    } else {
      const auto& array = std::get<ConstantArray>(operand.value);
      own = array.dtype;
      any_number = any_number || !own;
      any_fraction = any_fraction || (!own && !array.whole);
    }
    if (own) strong = strong ? common_dtype(*strong, *own) : *own;
  }
  if (any_fraction && (!strong || !tensor::is_floating_point(*strong))) return DType::Float32;
  if (any_number && (!strong || *strong == DType::Bool)) return DType::Int32;
  return strong.value_or(DType::Float32);
}

DType promoted_to_float(OperationCall& call, const std::vector<Operand>& operands) {
  return as_float(promoted(call, operands));
}

const GivenArgument* OperationCall::find(std::string_view name) {
  const auto found = arguments_.find(std::string(name));
  if (found == arguments_.end()) return nullptr;
  read_.insert(found->first);
  const Json* constant = std::get_if<Json>(&found->second.value);
  return constant != nullptr && constant->is_null() ? nullptr : &found->second;
}

namespace {

Operand operand_of(const GivenArgument& given) {
  if (const auto* id = std::get_if<ValueId>(&given.value)) return {*id};
  if (const auto* constant = std::get_if<Json>(&given.value)) return {array_of(*constant)};
  throw Refusal{"it is given a list of tensors where it takes one"};
}

}  // namespace

Operand OperationCall::operand(std::string_view name) {
  const GivenArgument* given = find(name);
  if (given == nullptr) throw Refusal{fmt::format("it is called without \"{}\"", name)};
  return operand_of(*given);
}

std::vector<Operand> OperationCall::operands(std::string_view name) {
  const GivenArgument* given = find(name);
  if (given == nullptr) throw Refusal{fmt::format("it is called without \"{}\"", name)};
  std::vector<Operand> result;
  if (const auto* list = std::get_if<std::vector<GivenArgument>>(&given->value)) {
    for (const GivenArgument& item : *list) result.push_back(operand_of(item));
  } else if (const auto* id = std::get_if<ValueId>(&given->value)) {
    result.push_back({*id});
  } else {
    throw Refusal{fmt::format("its argument \"{}\" is no list of tensors", name)};
  }
  return result;
}

ValueId OperationCall::tensor_of(const Operand& operand, std::optional<DType> dtype) {
  if (const auto* id = std::get_if<ValueId>(&operand.value)) {
    return dtype ? cast(*id, *dtype) : *id;
  }
  const auto& array = std::get<ConstantArray>(operand.value);
  if (array.values.size() > most_numbers) {
    throw Refusal{fmt::format("a constant of its call has {} numbers, more than source should hold",
                              array.values.size())};
  }
  const DType own = array.dtype.value_or(array.whole ? DType::Int32 : DType::Float32);
  return call_.add_step(graph::Literal{dtype.value_or(own), array.shape, array.values}, {});
}

ValueId OperationCall::tensor(std::string_view name) { return tensor_of(operand(name)); }

const Json* OperationCall::constant(std::string_view name) {
  const GivenArgument* given = find(name);
  if (given == nullptr) return nullptr;
  const Json* constant = std::get_if<Json>(&given->value);
  if (constant == nullptr) {
    throw Refusal{
        fmt::format("its argument \"{}\" is a tensor, where a constant can be told", name)};
  }
  return constant;
}

bool OperationCall::flag(std::string_view name, bool otherwise) {
  const Json* value = constant(name);
  if (value == nullptr) return otherwise;
  if (!value->is_boolean()) throw Refusal{fmt::format("its argument \"{}\" is no flag", name)};
  return value->get<bool>();
}

double OperationCall::number(std::string_view name, double otherwise) {
  const Json* value = constant(name);
  if (value == nullptr) return otherwise;
  const ConstantArray array = array_of(*value);
  if (!array.shape.empty()) throw Refusal{fmt::format("its argument \"{}\" is no number", name)};
  return array.values.at(0);
}

std::int64_t OperationCall::integer(std::string_view name, std::int64_t otherwise) {
  const Json* value = constant(name);
  return value == nullptr ? otherwise : integer_in(*value, name);
}

std::int64_t OperationCall::integer(std::string_view name) {
  const Json* value = constant(name);
  if (value == nullptr) throw Refusal{fmt::format("it is called without \"{}\"", name)};
  return integer_in(*value, name);
}

std::string OperationCall::text(std::string_view name, std::string_view otherwise) {
  const Json* value = constant(name);
  if (value == nullptr) return std::string(otherwise);
  if (!value->is_string()) throw Refusal{fmt::format("its argument \"{}\" is no text", name)};
  return value->get<std::string>();
}

std::vector<std::int64_t> OperationCall::integers(std::string_view name) {
  const GivenArgument* given = find(name);
  if (given != nullptr && !std::holds_alternative<Json>(given->value)) {
    std::vector<std::int64_t> numbers;
    for (const ShapeNumber& number : extents(name)) {
      if (number.value == graph::unknown_extent) {
        throw Refusal{fmt::format("its argument \"{}\" is known only when it runs", name)};
      }
      numbers.push_back(number.value);
    }
    return numbers;
  }
  const Json* value = constant(name);
  if (value == nullptr) throw Refusal{fmt::format("it is called without \"{}\"", name)};
  const ConstantArray array = array_of(*value);
  if (array.shape.size() > 1 || !array.whole) {
    throw Refusal{fmt::format("its argument \"{}\" is no list of whole numbers", name)};
  }
  return {array.values.begin(), array.values.end()};
}

namespace {

void append_extents(const LayerCall& call, const GivenArgument& given,
                    std::vector<ShapeNumber>& extents) {
  if (const auto* list = std::get_if<std::vector<GivenArgument>>(&given.value)) {
    for (const GivenArgument& item : *list) append_extents(call, item, extents);
    return;
  }
  if (const auto* id = std::get_if<ValueId>(&given.value)) {
    const auto numbers = shape_numbers(call, *id);
    if (!numbers) throw Refusal{"a shape is told by a tensor that is not computed of shapes alone"};
    extents.insert(extents.end(), numbers->begin(), numbers->end());
    return;
  }
  const Json& constant = std::get<Json>(given.value);
  const Json* items = list_items(constant);
  const Json single = Json::array({constant});
  for (const Json& item : items == nullptr ? single : *items) {
    if (!item.is_null() && !item.is_number_integer()) {
      throw Refusal{"its shape is no list of extents"};
    }
    extents.push_back({item.is_null() ? graph::unknown_extent : item.get<graph::Extent>(), {}});
  }
}

}  // namespace

std::vector<ShapeNumber> OperationCall::extents(std::string_view name) {
  const GivenArgument* given = find(name);
  if (given == nullptr) throw Refusal{fmt::format("it is called without \"{}\"", name)};
  std::vector<ShapeNumber> extents;
  append_extents(call_, *given, extents);
  return extents;
}

std::optional<DType> OperationCall::dtype(std::string_view name) {
  const Json* value = constant(name);
  if (value == nullptr) return std::nullopt;
  const auto found = value->is_string() ? dtype_from_name(value->get<std::string>()) : std::nullopt;
  // torch 1.13 has no other unsigned dtype than uint8.
  if (!found || *found == DType::UInt16 || *found == DType::UInt32 || *found == DType::UInt64) {
    throw Refusal{fmt::format("its dtype {} is none of torch's", value->dump())};
  }
  return found;
}

std::size_t OperationCall::rank_of(ValueId id) {
  if (!call_.value(id).rank_known) {
    throw Refusal{"how many axes its tensor has is not known, as a layer before it is refused"};
  }
  return call_.rank(id);
}

std::vector<std::size_t> OperationCall::axes(std::string_view name, std::size_t rank) {
  std::vector<std::size_t> axes;
  if (has(name)) {
    for (const std::int64_t axis : integers(name)) {
      axes.push_back(resolve_axis(axis, rank, call_.layer().name));
    }
  } else {
    for (std::size_t axis = 0; axis < rank; ++axis) axes.push_back(axis);
  }
  return axes;
}

std::size_t OperationCall::axis(std::string_view name, std::size_t rank, std::int64_t otherwise) {
  return resolve_axis(integer(name, otherwise), rank, call_.layer().name);
}

void OperationCall::require_all_read() const {
  for (const auto& [name, given] : arguments_) {
    const Json* constant = std::get_if<Json>(&given.value);
    const bool says_nothing =
        constant != nullptr && (constant->is_null() || *constant == false || constant->empty());
    if (read_.count(name) == 0 && !says_nothing) {
      throw Refusal{fmt::format("its argument \"{}\" is not known", name)};
    }
  }
}

ValueId OperationCall::cast(ValueId id, DType dtype) {
  return dtype_of(id) == dtype ? id : call_.add_step(graph::Cast{dtype}, {id});
}

std::vector<ValueId> OperationCall::add_several(std::string_view function,
                                                const std::vector<Operand>& operands, DType dtype,
                                                graph::Function op) {
  op.kind = graph::find_function(function);
  if (op.kind == nullptr) {
    throw io::Error(io::ErrorCode::Internal, fmt::format("There is no function `{}`.", function));
  }
  if (op.dtypes.empty()) op.dtypes = {dtype};
  op.operands.clear();
  std::vector<ValueId> inputs;
  for (const Operand& operand : operands) {
    const auto* array = std::get_if<ConstantArray>(&operand.value);
    if (array != nullptr && array->shape.empty()) {
      op.operands.push_back(graph::Scalar{array->values.at(0), !tensor::is_floating_point(dtype)});
    } else {
      op.operands.push_back(std::nullopt);
      inputs.push_back(tensor_of(operand, dtype));
    }
  }
  if (inputs.empty()) throw Refusal{"it computes with constants only"};
  return call_.add_steps(std::move(op), std::move(inputs));
}

ValueId OperationCall::add(std::string_view function, const std::vector<Operand>& operands,
                           DType dtype, graph::Function op) {
  return add_several(function, operands, dtype, std::move(op)).at(0);
}

ValueId OperationCall::add(std::string_view function, ValueId x, graph::Function op) {
  return add(function, {Operand{x}}, dtype_of(x), std::move(op));
}

}  // namespace tensorferry::keras
