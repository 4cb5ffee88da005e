#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "keras/json_text.h"
#include "keras/operations/operation_row.h"

/// TensorFlow's operations as Keras 2.1 to 2.3 wrote them, before there was `TFOpLambda`: the node
/// of a graph (NodeDef, as protobuf's JSON), its constants apart.
/// (tf_keras/src/engine/base_layer.py: TensorFlowOpLayer)
namespace tensorferry::keras {
namespace {

/// `inputs`: what keras.ops calls them; "xs*" takes all but those behind it. `attributes`:
/// "theirs=ours" of those that matter, "theirs=" of one that the inputs say as well; `defaults`:
/// "name=value" of what the node does not say.
struct NodeRow {
  std::string_view op;
  std::string_view class_name;
  std::string_view inputs;
  std::string_view attributes = "";
  std::string_view defaults = "";
};

constexpr NodeRow unary_node(std::string_view op, std::string_view class_name) {
  return {op, class_name, "x"};
}

constexpr NodeRow binary_node(std::string_view op, std::string_view class_name) {
  return {op, class_name, "x1 x2"};
}

constexpr NodeRow reduction_node(std::string_view op, std::string_view class_name) {
  return {op, class_name, "x axis", "keep_dims=keepdims"};
}

constexpr NodeRow node_rows[] = {
    unary_node("Abs", "Absolute"),
    binary_node("Add", "Add"),
    binary_node("AddV2", "Add"),
    reduction_node("All", "All"),
    reduction_node("Any", "Any"),
    {"ArgMax", "Argmax", "x axis", "output_type=output_type"},
    {"ArgMin", "Argmin", "x axis", "output_type=output_type"},
    {"AvgPool", "AveragePool", "inputs", "ksize=pool_size strides=strides padding=padding"},
    {"BatchMatMul", "Matmul", "x1 x2", "adj_x=transpose_a adj_y=transpose_b"},
    {"BatchMatMulV2", "Matmul", "x1 x2", "adj_x=transpose_a adj_y=transpose_b"},
    binary_node("BiasAdd", "Add"),
    {"Cast", "Cast", "x", "DstT=dtype"},
    unary_node("Ceil", "Ceil"),
    {"ClipByValue", "Clip", "x x_min x_max"},
    {"ConcatV2", "Concatenate", "xs* axis"},
    unary_node("Cos", "Cos"),
    {"Cumsum", "Cumsum", "x axis"},
    binary_node("Div", "Divide"),
    binary_node("DivNoNan", "DivideNoNan"),
    unary_node("Elu", "Elu"),
    binary_node("Equal", "Equal"),
    unary_node("Erf", "Erf"),
    unary_node("Exp", "Exp"),
    {"ExpandDims", "ExpandDims", "x axis"},
    unary_node("Expm1", "Expm1"),
    unary_node("Floor", "Floor"),
    binary_node("FloorDiv", "FloorDivide"),
    binary_node("FloorMod", "Mod"),
    {"GatherV2", "Take", "x indices axis", "batch_dims=batch_dims"},
    binary_node("Greater", "Greater"),
    binary_node("GreaterEqual", "GreaterEqual"),
    unary_node("Identity", "Copy"),
    {"LeakyRelu", "LeakyRelu", "x", "alpha=negative_slope", "negative_slope=0.2"},
    binary_node("Less", "Less"),
    binary_node("LessEqual", "LessEqual"),
    unary_node("Log", "Log"),
    unary_node("Log1p", "Log1p"),
    {"LogSoftmax", "LogSoftmax", "x", "", "axis=-1"},
    binary_node("LogicalAnd", "LogicalAnd"),
    unary_node("LogicalNot", "LogicalNot"),
    binary_node("LogicalOr", "LogicalOr"),
    {"MatMul", "Matmul", "x1 x2", "transpose_a=transpose_a transpose_b=transpose_b"},
    reduction_node("Max", "Max"),
    {"MaxPool", "MaxPool", "inputs", "ksize=pool_size strides=strides padding=padding"},
    binary_node("Maximum", "Maximum"),
    reduction_node("Mean", "Mean"),
    reduction_node("Min", "Min"),
    binary_node("Minimum", "Minimum"),
    {"MirrorPad", "Pad", "x pad_width", "mode=mode"},
    binary_node("Mul", "Multiply"),
    unary_node("Neg", "Negative"),
    binary_node("NotEqual", "NotEqual"),
    unary_node("OnesLike", "OnesLike"),
    {"Pack", "Stack", "x*", "axis=axis", "axis=0"},
    {"Pad", "Pad", "x pad_width"},
    {"PadV2", "Pad", "x pad_width constant_values"},
    binary_node("Pow", "Power"),
    reduction_node("Prod", "Prod"),
    binary_node("RealDiv", "TrueDivide"),
    unary_node("Reciprocal", "Reciprocal"),
    unary_node("Relu", "Relu"),
    unary_node("Relu6", "Relu6"),
    {"Reshape", "Reshape", "x newshape"},
    {"ResizeBilinear", "Resize", "images size", "", "interpolation=\"bilinear\""},
    {"ResizeNearestNeighbor", "Resize", "images size", "", "interpolation=\"nearest\""},
    {"ReverseV2", "Flip", "x axis"},
    unary_node("Rint", "Round"),
    unary_node("Round", "Round"),
    unary_node("Rsqrt", "Rsqrt"),
    {"Select", "Where", "condition x1 x2"},
    {"SelectV2", "Where", "condition x1 x2"},
    unary_node("Selu", "Selu"),
    {"Shape", "Shape", "x", "out_type=dtype"},
    unary_node("Sigmoid", "Sigmoid"),
    unary_node("Sign", "Sign"),
    unary_node("Sin", "Sin"),
    {"Softmax", "Softmax", "x", "", "axis=-1"},
    unary_node("Softplus", "Softplus"),
    unary_node("Softsign", "Softsign"),
    {"Split", "SizedSplit", "axis x", "num_split=sizes"},
    {"SplitV", "SizedSplit", "x sizes axis", "num_split="},
    unary_node("Sqrt", "Sqrt"),
    unary_node("Square", "Square"),
    binary_node("SquaredDifference", "SquaredDifference"),
    {"Squeeze", "Squeeze", "x", "squeeze_dims=axis"},
    unary_node("StopGradient", "Copy"),
    binary_node("Sub", "Subtract"),
    reduction_node("Sum", "Sum"),
    unary_node("Tan", "Tan"),
    unary_node("Tanh", "Tanh"),
    {"Tile", "Tile", "x repeats"},
    {"Transpose", "Transpose", "x axes"},
    {"Unpack", "Unstack", "x", "axis=axis", "axis=0"},
    unary_node("ZerosLike", "ZerosLike"),
};

/// Attributes that say what the inputs say as well, or where nodes are put.
constexpr std::string_view harmless_attributes[] = {"Index",
                                                    "N",
                                                    "SrcT",
                                                    "T",
                                                    "TI",
                                                    "Taxis",
                                                    "Tdim",
                                                    "Tidx",
                                                    "Tindices",
                                                    "Tlen",
                                                    "Tmultiples",
                                                    "Tpaddings",
                                                    "Tparams",
                                                    "Tperm",
                                                    "Tshape",
                                                    "_cloned",
                                                    "incompatible_shape_error",
                                                    "grad_x",
                                                    "grad_y",
                                                    "num"};

/// Protobuf's JSON has bytes in base64.
struct EncodedWord {
  std::string_view base64;
  std::string_view word;
};

constexpr EncodedWord encoded_words[] = {{"TkhXQw==", "NHWC"},
                                         {"U0FNRQ==", "SAME"},
                                         {"VkFMSUQ=", "VALID"},
                                         {"UkVGTEVDVA==", "REFLECT"},
                                         {"U1lNTUVUUklD", "SYMMETRIC"}};

constexpr std::array<std::array<std::string_view, 2>, 7> dtype_words{{{"DT_BOOL", "bool"},
                                                                      {"DT_DOUBLE", "float64"},
                                                                      {"DT_FLOAT", "float32"},
                                                                      {"DT_HALF", "float16"},
                                                                      {"DT_INT32", "int32"},
                                                                      {"DT_INT64", "int64"},
                                                                      {"DT_UINT8", "uint8"}}};

/// Whole numbers are texts in protobuf's JSON.
Json whole_number(const Json& value) {
  if (value.is_number_integer()) return value;
  std::int64_t number = 0;
  const std::string text = value.is_string() ? value.get<std::string>() : "";
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) {
    throw Refusal{"an attribute of its node is no whole number"};
  }
  return number;
}

Json plain_attribute(const Json& attribute) {
  if (!attribute.is_object() || attribute.size() != 1) {
    throw Refusal{"an attribute of its node is not known"};
  }
  const std::string kind = attribute.begin().key();
  const Json& value = attribute.begin().value();
  if (kind == "b" || kind == "f") return value;
  if (kind == "i") return whole_number(value);
  if (kind == "s") {
    for (const EncodedWord& entry : encoded_words) {
      if (value == entry.base64) return entry.word;
    }
  } else if (kind == "type") {
    for (const auto& [theirs, ours] : dtype_words) {
      if (value == theirs) return ours;
    }
  } else if (kind == "list" && value.is_object()) {
    Json items = Json::array();
    const auto numbers = value.find("i");
    if (numbers == value.end()) return items;
    for (const Json& item : *numbers) items.push_back(whole_number(item));
    return items;
  }
  throw Refusal{"an attribute of its node is not known"};
}

/// The node's attributes as plain JSON.
std::map<std::string, Json> attributes_of(const Json& node) {
  std::map<std::string, Json> attributes;
  const auto found = node.find("attr");
  if (found == node.end() || !found->is_object()) return attributes;
  for (const auto& [name, value] : found->items()) {
    const bool is_harmless =
        std::find(std::begin(harmless_attributes), std::end(harmless_attributes), name) !=
        std::end(harmless_attributes);
    if (!is_harmless) attributes[name] = plain_attribute(value);
  }
  return attributes;
}

/// The tensors that the layer is called with, and the constants at their places among them.
std::vector<GivenArgument> inputs_of(const Layer& layer,
                                     const std::vector<graph::ValueId>& tensors) {
  std::vector<GivenArgument> inputs;
  for (const graph::ValueId tensor : tensors) inputs.push_back({tensor});
  const auto constants = layer.config.find("constants");
  if (constants == layer.config.end() || !constants->is_object()) return inputs;
  std::map<std::size_t, Json> placed;
  for (const auto& [place, value] : constants->items()) {
    placed[whole_number(place).get<std::size_t>()] = value;
  }
  for (auto& [place, value] : placed) {
    if (place > inputs.size()) throw Refusal{"its constants do not fit its node"};
    inputs.insert(inputs.begin() + static_cast<std::ptrdiff_t>(place), {std::move(value)});
  }
  return inputs;
}

const Json& constant_of(const GivenArgument& given) {
  const Json* constant = std::get_if<Json>(&given.value);
  if (constant == nullptr) throw Refusal{"a bound of its slice is no constant"};
  return *constant;
}

/// x[begin:end:strides] with bits for each item (tensorflow/core/ops/array_ops.cc: StridedSlice),
/// as the index of Python that it was.
Json index_of(const std::vector<GivenArgument>& inputs, std::map<std::string, Json>& attributes) {
  std::map<std::string, std::int64_t> bits;
  for (const char* name :
       {"begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"}) {
    const auto found = attributes.find(name);
    if (found == attributes.end()) continue;
    bits[name] = found->second.get<std::int64_t>();
    attributes.erase(found);
  }
  const Json& begin = constant_of(inputs.at(1));
  const Json& end = constant_of(inputs.at(2));
  const Json& steps = constant_of(inputs.at(3));
  if (!begin.is_array() || !end.is_array() || !steps.is_array() || begin.size() != end.size() ||
      steps.size() != end.size()) {
    throw Refusal{"its slice has not as many bounds as steps"};
  }
  Json index = Json::array();
  for (std::size_t i = 0; i < begin.size(); ++i) {
    const auto is_set = [&](const char* name) { return (bits[name] >> i & 1) != 0; };
    if (is_set("ellipsis_mask")) {
      index.push_back({{"class_name", "__ellipsis__"}});
    } else if (is_set("new_axis_mask")) {
      index.push_back(nullptr);
    } else if (is_set("shrink_axis_mask")) {
      index.push_back(begin[i]);
    } else {
      index.push_back({{"start", is_set("begin_mask") ? Json() : begin[i]},
                       {"stop", is_set("end_mask") ? Json() : end[i]},
                       {"step", steps[i]}});
    }
  }
  return index;
}

using Named = std::map<std::string, GivenArgument>;

void name_inputs(const NodeRow& row, std::vector<GivenArgument> inputs, Named& named) {
  const std::vector<std::string_view> names = words_of(row.inputs);
  std::size_t next = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::size_t behind = names.size() - i - 1;
    if (next + behind >= inputs.size()) throw Refusal{"its node has fewer inputs than it takes"};
    if (!names[i].ends_with('*')) {
      named[std::string(names[i])] = std::move(inputs[next++]);
      continue;
    }
    std::vector<GivenArgument> list;
    while (next + behind < inputs.size()) list.push_back(std::move(inputs[next++]));
    named[std::string(names[i].substr(0, names[i].size() - 1))] = {std::move(list)};
  }
  if (next != inputs.size()) throw Refusal{"its node has more inputs than it takes"};
}

Json parsed(std::string_view text) { return Json::parse(text.begin(), text.end()); }

void name_attributes(const NodeRow& row, std::map<std::string, Json> attributes, Named& named) {
  for (const std::string_view assignment : words_of(row.defaults)) {
    const std::size_t equals = assignment.find('=');
    named[std::string(assignment.substr(0, equals))] = {parsed(assignment.substr(equals + 1))};
  }
  for (const std::string_view assignment : words_of(row.attributes)) {
    const std::size_t equals = assignment.find('=');
    const auto found = attributes.find(std::string(assignment.substr(0, equals)));
    if (found == attributes.end()) continue;
    const bool is_nothing = found->second.is_array() && found->second.empty();
    const std::string_view ours = assignment.substr(equals + 1);
    if (!is_nothing && !ours.empty()) named[std::string(ours)] = {found->second};
    attributes.erase(found);
  }
  // A resizing that keeps the corners, or whose pixels' centers are not at their halves, is
  // another.
  const auto centers = attributes.find("half_pixel_centers");
  if (row.class_name == "Resize") {
    if (centers == attributes.end() || centers->second != true) {
      throw Refusal{"it resizes without centers of half a pixel"};
    }
    attributes.erase(centers);
  }
  for (const auto& [name, value] : attributes) {
    const bool says_nothing =
        value == false || value == "NHWC" || value == 0 || (value.is_array() && value.empty());
    if (!says_nothing) {
      throw Refusal{fmt::format("an attribute of its node (`{}`) is not supported", row.op)};
    }
  }
}

}  // namespace

NamedOperation named_tensorflow_node(const Layer& layer,
                                     const std::vector<graph::ValueId>& tensors) {
  const auto node = layer.config.find("node_def");
  if (node == layer.config.end() || !node->is_object()) {
    throw Refusal{"its node is written in protobuf's binary form"};
  }
  const std::string_view op = text_member(*node, "op");
  std::vector<GivenArgument> inputs = inputs_of(layer, tensors);
  std::map<std::string, Json> attributes = attributes_of(*node);
  NamedOperation named;
  if (op == "StridedSlice" && inputs.size() == 4) {
    const NodeRow row{"StridedSlice", "GetItem", ""};
    named.class_name = row.class_name;
    named.arguments["key"] = {index_of(inputs, attributes)};
    named.arguments["x"] = std::move(inputs[0]);
    name_attributes(row, std::move(attributes), named.arguments);
    return named;
  }
  const auto* row = std::find_if(std::begin(node_rows), std::end(node_rows),
                                 [&](const NodeRow& entry) { return entry.op == op; });
  if (row == std::end(node_rows)) {
    throw Refusal{fmt::format("TensorFlow's operation `{}` is not supported", op)};
  }
  named.class_name = row->class_name;
  name_inputs(*row, std::move(inputs), named.arguments);
  name_attributes(*row, std::move(attributes), named.arguments);
  return named;
}

}  // namespace tensorferry::keras
