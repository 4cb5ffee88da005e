#include "keras/layers/attention.h"

#include <algorithm>
#include <set>

#include "graph/functions.h"
#include "keras/call_arguments.h"
#include "keras/layers/layer_call.h"

namespace tensorferry::keras {

using graph::ValueId;

namespace {

// `seed` is of the dropout.
constexpr std::string_view attention_arguments[] = {"causal", "dropout", "score_mode", "use_scale"};
// Shapes that Keras 2 tells again, and how a softmax is computed.
constexpr std::string_view multi_head_arguments[] = {
    "attention_axes", "dropout",     "flash_attention",        "key_dim",
    "key_shape",      "num_heads",   "output_shape",           "query_shape",
    "sliding_window", "use_bias",    "softmax_robust_masking", "use_gate",
    "value_dim",      "value_shape",
};
constexpr std::string_view group_query_arguments[] = {
    "dropout",         "flash_attention", "head_dim", "num_key_value_heads",
    "num_query_heads", "sliding_window",  "use_bias", "use_gate",
};
constexpr std::string_view attention_keywords[] = {"return_attention_scores", "use_causal_mask"};
constexpr std::string_view multi_head_keywords[] = {
    "attention_mask", "key", "query", "return_attention_scores", "use_causal_mask", "value"};

std::optional<ValueId> given_tensor(const LayerCall& call, std::size_t position,
                                    std::string_view name) {
  const auto index = tensor_argument(call.call(), position, name);
  if (!index) return std::nullopt;
  return call.inputs().at(*index);
}

bool call_flag(const LayerCall& call, std::string_view name) {
  const auto flag = flag_argument(call.call(), name);
  if (!flag) throw Refusal{"a setting of its call is no constant"};
  return *flag;
}

/// What stands behind the tensors (masks, settings) is read by name only.
void require_no_more(const LayerCall& call, std::size_t tensors) {
  if (has_more_arguments(call.call(), tensors)) {
    throw Refusal{"it is called with more than its tensors"};
  }
}

double dropout_of(const LayerCall& call) {
  const double dropout = call.arguments().number("dropout", 0);
  if (dropout > 0 && call_flag(call, "training")) {
    throw Refusal{"it is always called in training mode"};
  }
  return dropout;
}

ValueId both_hold(LayerCall& call, ValueId a, ValueId b) {
  graph::Function both;
  both.kind = graph::find_function("logical_and");
  both.operands = {std::nullopt, std::nullopt};
  both.dtypes = {tensor::DType::Bool};
  return call.add_step(both, {a, b});
}

/// A mask (batch, length) as (batch, length, 1) of queries or (batch, 1, length) of keys.
ValueId of_queries(LayerCall& call, ValueId mask) {
  return call.add_step(graph::Reshape{{call.value(mask).shape.at(1), 1}}, {mask});
}
ValueId of_keys(LayerCall& call, ValueId mask) {
  return call.add_step(graph::Reshape{{1, call.value(mask).shape.at(1)}}, {mask});
}

void require_sequence_mask(const LayerCall& call, ValueId mask) {
  if (!call.value(mask).rank_known || call.rank(mask) != 2) {
    throw Refusal{"it is given a mask of other axes than the batch and the time"};
  }
}

ValueId add_attention(LayerCall& call, const graph::Op& op, std::vector<ValueId> inputs,
                      graph::ModuleId module) {
  const std::vector<ValueId> outputs = call.add_several(op, std::move(inputs), module);
  call.also_returns({outputs.begin() + 1, outputs.end()});
  return outputs[0];
}

bool is_additive(const Layer& layer) { return layer.class_name == "AdditiveAttention"; }

std::vector<Variable> attention_variables(const Layer& layer) {
  const Arguments arguments(layer.name, layer.config);
  const bool additive = is_additive(layer);
  std::vector<Variable> variables;
  if (arguments.boolean("use_scale", additive)) {
    variables.push_back(trained("scale", additive ? Shape{unknown} : Shape{}));
  }
  if (!additive && arguments.text("score_mode", "dot") == "concat") {
    variables.push_back(trained("concat_score_weight", {}));
  }
  return variables;
}

/// keras/src/layers/attention/attention.py and additive_attention.py.
ValueId lower_attention(LayerCall& call) {
  const Arguments& arguments = call.arguments();
  require_no_more(call, 1);
  std::vector<ValueId> inputs = call.inputs();
  if (inputs.size() == 2) inputs.push_back(inputs[1]);
  if (inputs.size() != 3) throw Refusal{"it takes a query, a value and perhaps a key"};
  call.agree_on_rank(inputs);
  graph::Attention op;
  const std::string mode = arguments.text("score_mode", "dot");
  if (mode != "dot" && mode != "concat") arguments.mistaken("score_mode", "\"dot\" or \"concat\"");
  const bool additive = is_additive(call.layer());
  if (additive) {
    op.score = graph::Attention::Score::Additive;
  } else if (mode == "concat") {
    op.score = graph::Attention::Score::Concat;
  }
  op.scale = arguments.boolean("use_scale", additive);
  op.causal = arguments.boolean("causal", false) || call_flag(call, "use_causal_mask");
  op.return_scores = call_flag(call, "return_attention_scores");
  op.dropout = dropout_of(call);
  std::vector<ParameterRequest> parameters;
  if (op.scale && additive) {
    parameters.push_back({"scale", "scale", {"features"}, {call.value(inputs[0]).shape.back()}});
  } else if (op.scale) {
    parameters.push_back({"scale", "scale", {}, {}});
  }
  if (op.score == graph::Attention::Score::Concat) {
    parameters.push_back({"concat_score_weight", "weight", {}, {}});
  }
  const std::optional<ValueId> query_mask = call.mask_of(0);
  if (const auto mask = call.mask_of(1)) {
    require_sequence_mask(call, *mask);
    op.masked = true;
    inputs.push_back(of_keys(call, *mask));
  }
  ValueId result = add_attention(call, op, inputs, call.module("", parameters));
  if (!query_mask) return result;
  require_sequence_mask(call, *query_mask);
  call.sends_mask(query_mask);
  return call.add_step(graph::ApplyMask{}, {result, *query_mask});
}

struct Heads {
  std::int64_t query = 1;
  std::int64_t key_value = 1;
  std::int64_t key_dim = 1;
  std::int64_t value_dim = 1;
};

Heads heads_of(const Layer& layer) {
  const Arguments arguments(layer.name, layer.config);
  Heads heads;
  if (layer.class_name == "MultiHeadAttention") {
    heads.query = heads.key_value = arguments.positive_integer("num_heads");
    heads.key_dim = arguments.positive_integer("key_dim");
    heads.value_dim = arguments.integer("value_dim", heads.key_dim);
  } else {
    heads.query = arguments.positive_integer("num_query_heads");
    heads.key_value = arguments.positive_integer("num_key_value_heads");
    heads.key_dim = heads.value_dim = arguments.positive_integer("head_dim");
  }
  if (heads.value_dim < 1) arguments.mistaken("value_dim", "a positive number");
  if (heads.query % heads.key_value != 0) {
    arguments.mistaken("num_query_heads", "a multiple of num_key_value_heads");
  }
  return heads;
}

std::vector<std::int64_t> written_output_shape(const Layer& layer) {
  const Arguments arguments(layer.name, layer.config);
  return arguments.find("output_shape") == nullptr ? std::vector<std::int64_t>{}
                                                   : arguments.integer_list("output_shape");
}

/// In the order of `build`. A gate stands between key and value.
std::vector<Variable> multi_head_variables(const Layer& layer) {
  const Arguments arguments(layer.name, layer.config);
  const Heads heads = heads_of(layer);
  const bool bias = arguments.boolean("use_bias", true);
  std::vector<std::int64_t> out = written_output_shape(layer);
  if (out.empty()) out.push_back(unknown);
  std::vector<Variable> variables;
  const auto project = [&](const std::string& part, Shape in, const Shape& result) {
    in.insert(in.end(), result.begin(), result.end());
    variables.push_back(trained(part + "/kernel", std::move(in)));
    if (bias) variables.push_back(trained(part + "/bias", result));
  };
  project("query", {unknown}, {heads.query, heads.key_dim});
  project("key", {unknown}, {heads.key_value, heads.key_dim});
  if (arguments.boolean("use_gate", false)) {
    project("gate", {unknown}, {heads.query, heads.value_dim});
  }
  project("value", {unknown}, {heads.key_value, heads.value_dim});
  project("attention_output", {heads.query, heads.value_dim}, {out.begin(), out.end()});
  return variables;
}

/// Which axes of (batch, …, features) are attended over, and how they come to be one at the end.
struct AttendedAxes {
  std::vector<std::size_t> axes;
  std::vector<std::size_t> others;  ///< but the batch and the features
};

AttendedAxes attended_axes(const LayerCall& call, std::size_t rank) {
  AttendedAxes result;
  if (call.arguments().find("attention_axes") != nullptr) {
    for (const std::int64_t axis : call.arguments().integer_list("attention_axes")) {
      if (axis < 0 && call.generation() != Generation::Keras3) {
        throw Refusal{"its attention_axes are counted from the end"};
      }
      result.axes.push_back(resolve_axis(axis, rank, call.layer().name));
    }
  } else {
    for (std::size_t axis = 1; axis + 1 < rank; ++axis) result.axes.push_back(axis);
  }
  const bool all_between = std::all_of(result.axes.begin(), result.axes.end(), [&](std::size_t a) {
    return a > 0 && a + 1 < rank && std::count(result.axes.begin(), result.axes.end(), a) == 1;
  });
  if (result.axes.empty() || !all_between) {
    throw Refusal{"its attention_axes are not axes between the batch and the features"};
  }
  for (std::size_t axis = 1; axis + 1 < rank; ++axis) {
    if (std::count(result.axes.begin(), result.axes.end(), axis) == 0) {
      result.others.push_back(axis);
    }
  }
  return result;
}

/// The batch, the other axes, those that are attended over, the features.
std::vector<std::size_t> attended_last(const AttendedAxes& attended) {
  std::vector<std::size_t> order{0};
  order.insert(order.end(), attended.others.begin(), attended.others.end());
  order.insert(order.end(), attended.axes.begin(), attended.axes.end());
  order.push_back(order.size());
  return order;
}

bool is_ascending(const std::vector<std::size_t>& order) {
  return std::is_sorted(order.begin(), order.end());
}

void require_one_unknown(const std::vector<graph::Extent>& shape) {
  if (std::count(shape.begin(), shape.end(), graph::unknown_extent) > 1) {
    throw Refusal{"it attends over several axes, and more than one size is not known"};
  }
}

/// (batch, others…, length, features).
ValueId with_one_length(LayerCall& call, ValueId x, const AttendedAxes& attended) {
  const std::vector<std::size_t> order = attended_last(attended);
  if (!is_ascending(order)) x = call.add_step(graph::Permute{order}, {x});
  if (attended.axes.size() == 1) return x;
  const std::vector<graph::Extent> shape = call.value(x).shape;
  const std::size_t first = 1 + attended.others.size();
  std::vector<graph::Extent> merged(shape.begin() + 1,
                                    shape.begin() + static_cast<std::ptrdiff_t>(first));
  graph::Extent length = 1;
  for (std::size_t i = first; i + 1 < shape.size(); ++i) {
    const bool known = length != graph::unknown_extent && shape[i] != graph::unknown_extent;
    length = known ? length * shape[i] : graph::unknown_extent;
  }
  merged.push_back(length);
  merged.push_back(shape.back());
  require_one_unknown(merged);
  return call.add_step(graph::Reshape{merged}, {x});
}

/// Back to the axes of the query, with the features as `out`.
ValueId with_all_axes(LayerCall& call, ValueId y, const std::vector<graph::Extent>& query,
                      const AttendedAxes& attended, const std::vector<std::int64_t>& out) {
  const std::vector<std::size_t> order = attended_last(attended);
  if (attended.axes.size() > 1 || out.size() > 1) {
    graph::Reshape reshape;
    for (std::size_t i = 1; i + 1 < order.size(); ++i) reshape.shape.push_back(query[order[i]]);
    if (out.size() > 1) {
      reshape.shape.insert(reshape.shape.end(), out.begin(), out.end());
    } else {
      reshape.shape.push_back(call.value(y).shape.back());
    }
    require_one_unknown(reshape.shape);
    y = call.add_step(reshape, {y});
  }
  if (is_ascending(order)) return y;
  std::vector<std::size_t> back(call.rank(y));
  for (std::size_t i = 0; i < back.size(); ++i) back[i] = i;
  for (std::size_t i = 0; i + 1 < order.size(); ++i) back[order[i]] = i;
  return call.add_step(graph::Permute{back}, {y});
}

std::vector<ParameterRequest> projection_parameters(const LayerCall& call,
                                                    const std::vector<Variable>& variables) {
  std::vector<ParameterRequest> parameters;
  for (const Variable& variable : variables) {
    const bool is_output = variable.role.starts_with("attention_output");
    std::vector<std::string> axes;
    if (variable.role.ends_with("/kernel")) axes.push_back(is_output ? "heads" : "in");
    while (axes.size() < call.variable_shape(variable.role).size()) axes.push_back("out");
    parameters.push_back(
        {variable.role, variable.role, axes,
         std::vector<graph::Extent>(variable.shape->begin(), variable.shape->end())});
  }
  return parameters;
}

/// Which keys a query sees: `_compute_attention_mask` of multi_head_attention.py. None: all.
std::optional<ValueId> sight_of(LayerCall& call) {
  std::optional<ValueId> sight;
  const auto add = [&](ValueId mask) { sight = sight ? both_hold(call, *sight, mask) : mask; };
  const char* names[] = {"query", "value", "key"};
  std::set<ValueId> masks_of_keys;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto index = tensor_argument(call.call(), i, names[i]);
    const auto mask = index ? call.mask_of(*index) : std::nullopt;
    if (!mask) continue;
    require_sequence_mask(call, *mask);
    if (i == 0) {
      add(of_queries(call, *mask));
    } else if (masks_of_keys.insert(*mask).second) {
      add(of_keys(call, *mask));
    }
  }
  if (const auto index = tensor_keyword(call.call(), "attention_mask")) {
    const ValueId given = call.inputs().at(*index);
    if (call.rank(given) != 3) throw Refusal{"its attention_mask is not (batch, queries, keys)"};
    const bool is_mask = call.value(given).dtype == tensor::DType::Bool;
    add(is_mask ? given : call.add_step(graph::Cast{tensor::DType::Bool}, {given}));
  }
  return sight;
}

/// keras/src/layers/attention/multi_head_attention.py and grouped_query_attention.py.
ValueId lower_multi_head_attention(LayerCall& call) {
  const Arguments& arguments = call.arguments();
  require_no_more(call, 3);
  const auto query = given_tensor(call, 0, "query");
  const auto value = given_tensor(call, 1, "value");
  const auto key = given_tensor(call, 2, "key");
  if (!query || !value) throw Refusal{"it is given no query or no value"};
  std::vector<ValueId> inputs{*query, *value, key.value_or(*value)};
  for (const ValueId input : inputs) {
    const bool fits = call.value(input).rank_known && call.rank(input) == call.rank(*query) &&
                      call.rank(input) >= 3;
    if (!fits) throw Refusal{"its tensors are not known to have the same rank"};
  }
  const std::vector<graph::Extent> query_shape = call.value(*query).shape;
  const AttendedAxes attended = attended_axes(call, query_shape.size());
  const Heads heads = heads_of(call.layer());
  graph::MultiHeadAttention op;
  op.heads = heads.query;
  op.key_value_heads = heads.key_value;
  op.key_dim = heads.key_dim;
  op.value_dim = heads.value_dim;
  op.bias = arguments.boolean("use_bias", true);
  op.gate = arguments.boolean("use_gate", false);
  if (arguments.find("sliding_window") != nullptr) {
    op.window = arguments.positive_integer("sliding_window");
  }
  op.causal = call_flag(call, "use_causal_mask");
  op.return_scores = call_flag(call, "return_attention_scores");
  op.dropout = dropout_of(call);
  // Keras's causal mask and its window are of axis 1, whatever is attended over.
  if ((op.causal || op.window != 0) && attended.axes != std::vector<std::size_t>{1}) {
    throw Refusal{"its causal mask or window is of another axis than it attends over"};
  }
  if (op.return_scores && attended.axes.size() > 1) {
    throw Refusal{"it gives the scores of several axes"};
  }
  const graph::ModuleId module =
      call.module("", projection_parameters(call, multi_head_variables(call.layer())));
  op.query_features = call.variable_shape("query/kernel").at(0);
  op.value_features = call.variable_shape("value/kernel").at(0);
  op.key_features = call.variable_shape("key/kernel").at(0);
  const auto output = call.variable_shape("attention_output/kernel");
  op.out_features = 1;
  for (std::size_t i = 2; i < output.size(); ++i) op.out_features *= output[i];
  const std::int64_t features[] = {op.query_features, op.value_features, op.key_features};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const graph::Extent given = call.value(inputs[i]).shape.back();
    if (given != graph::unknown_extent && given != features[i]) {
      throw Refusal{"its kernels do not fit its tensors"};
    }
  }
  const std::optional<ValueId> sight = sight_of(call);
  if (sight && query_shape.size() != 3) throw Refusal{"it attends over several axes with a mask"};
  if (const auto index = tensor_argument(call.call(), 0, "query")) {
    call.sends_mask(call.mask_of(*index));
  }
  op.masked = sight.has_value();
  // Its Softmax layer takes what is masked for nothing; the other way does not use one.
  op.blind_is_zero = (op.masked || op.window != 0) && call.generation() == Generation::Keras3 &&
                     (op.dropout > 0 || op.return_scores);
  const bool key_is_value = inputs[2] == inputs[1];
  for (ValueId& input : inputs) {
    input =
        &input == &inputs[2] && key_is_value ? inputs[1] : with_one_length(call, input, attended);
  }
  if (sight) inputs.push_back(*sight);
  const ValueId result = add_attention(call, op, inputs, module);
  return with_all_axes(call, result, query_shape, attended, written_output_shape(call.layer()));
}

}  // namespace

const LayerKind attention_kind{attention_arguments, attention_variables, lower_attention,
                               MaskUse::TakesEach, attention_keywords};
const LayerKind additive_attention_kind{attention_arguments, attention_variables, lower_attention,
                                        MaskUse::TakesEach, attention_keywords};
const LayerKind multi_head_attention_kind{multi_head_arguments, multi_head_variables,
                                          lower_multi_head_attention, MaskUse::TakesEach,
                                          multi_head_keywords};
const LayerKind group_query_attention_kind{group_query_arguments, multi_head_variables,
                                           lower_multi_head_attention, MaskUse::TakesEach,
                                           multi_head_keywords};

}  // namespace tensorferry::keras
