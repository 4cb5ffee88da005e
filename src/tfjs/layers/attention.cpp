#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "keras/call_arguments.h"
#include "tfjs/layers/affine.h"
#include "tfjs/layers/families.h"
#include "tfjs/refusal.h"
#include "tfjs/steps.h"
#include "tfjs/weights.h"

namespace tensorferry::tfjs {
namespace {

bool call_flag(const LayerCall& call, std::string_view name) {
  const auto flag = keras::flag_argument(call.keras_call(), name);
  if (!flag) {
    throw Refusal{"A setting of its call is no constant."};
  }
  return *flag;
}

/// Which keys a query sees.
struct Sight {
  bool causal = false;      ///< none behind it
  std::int64_t window = 0;  ///< none as many steps before or behind it, or more; 0: all

  bool is_all() const { return !causal && window == 0; }
  bool sees(std::int64_t query, std::int64_t key) const {
    const bool is_near = window == 0 || std::abs(query - key) < window;
    return is_near && (!causal || key <= query);
  }
};

/// Query, value and key.
struct Given {
  Tensor query;
  Tensor value;
  Tensor key;
  Sight sight;
};

void require_matrices(const Given& given) {
  for (const Tensor* x : {&given.query, &given.value, &given.key}) {
    if (x->shape.size() != 3) {
      throw Refusal{"TF.js multiplies tensors of at most three axes."};
    }
  }
}

void require_no_scores(const LayerCall& call) {
  if (call_flag(call, "return_attention_scores")) {
    throw Refusal{"It gives its scores as a second output."};
  }
}

/// scores (batch, T, S), to which −1e9 is added where a query does not see a key, as Keras does.
Tensor hide_keys(LayerCall& call, const std::string& part, const Tensor& scores,
                 const Sight& sight) {
  const std::int64_t queries = scores.shape[1];
  const std::int64_t keys = scores.shape[2];
  if (queries == unknown || keys == unknown) {
    throw Refusal{"Its causal mask or window is of a size that is None."};
  }
  if (sight.window != 0 && queries >= keys + sight.window) {
    throw Refusal{"Some of its queries see no key in their window."};
  }
  const auto count = static_cast<std::uint64_t>(queries * keys);
  std::vector<float> mask(count, 0.0F);
  for (std::int64_t row = 0; row < queries; ++row) {
    for (std::int64_t column = 0; column < keys; ++column) {
      if (!sight.sees(row, column)) mask[static_cast<std::size_t>(row * keys + column)] = -1e9F;
    }
  }
  return normalize_axes(
      call, part, scores, {1, 2}, {{"epsilon", 0.0}, {"scale", false}, {"center", true}},
      {constant_weight("beta", {count}, mask), filled_weight("moving_mean", {count}, 0),
       filled_weight("moving_variance", {count}, 1)});
}

/// softmax(scores) · value. `last` is the part of what comes out.
Tensor attend(LayerCall& call, const std::string& suffix, std::string_view last,
              const Tensor& scores, const Tensor& value, const Sight& sight) {
  const Tensor seen = sight.is_all() ? scores : hide_keys(call, "causal" + suffix, scores, sight);
  const Tensor weights = activation(call, "softmax" + suffix, seen, "softmax");
  return call.add(last, "Dot", {{"axes", {2, 1}}, {"normalize", false}}, {weights, value});
}

Tensor query_by_key(LayerCall& call, const std::string& part, const Tensor& query,
                    const Tensor& key) {
  return call.add(part, "Dot", {{"axes", {2, 2}}, {"normalize", false}}, {query, key});
}

/// A scalar of the file, repeated.
LayerWeight repeated(const LayerCall& call, const std::string& role, const std::string& name,
                     const tensor::Shape& shape) {
  const std::vector<std::int64_t> strides(shape.size(), 0);
  return viewed_weight(role, call.stored(name), tensor::View{0, shape, strides, 0}, shape,
                       "broadcast");
}

std::uint64_t known_features(const Tensor& x) {
  if (x.shape.back() == unknown) {
    throw Refusal{"The number of its features is None."};
  }
  return static_cast<std::uint64_t>(x.shape.back());
}

/// Σ over the features of tanh(query + key), weighted by `weight`.
Tensor summed_tanh(LayerCall& call, const Given& given, bool scaled, LayerWeight weight) {
  const std::int64_t queries = given.query.shape[1];
  const std::int64_t keys = given.key.shape[1];
  const std::int64_t features = given.query.shape[2];
  Tensor both =
      add_up(call, "both", reshape(call, "query_column", given.query, {queries, 1, features}),
             reshape(call, "key_row", given.key, {1, keys, features}));
  if (scaled) {
    const std::uint64_t count = known_features(given.query);
    both = normalize_axes(
        call, "scaled", both, {3}, {{"epsilon", 0.0}, {"scale", true}, {"center", false}},
        {repeated(call, "gamma", "scale", {count}), filled_weight("moving_mean", {count}, 0),
         filled_weight("moving_variance", {count}, 1)});
  }
  const Tensor sums =
      call.add("scores", "Dense", {{"units", 1}, {"use_bias", false}, {"activation", "linear"}},
               {activation(call, "tanh", both, "tanh")}, {std::move(weight)});
  return reshape(call, "score_matrix", sums, {queries, keys});
}

Given attention_tensors(const LayerCall& call) {
  const std::vector<Tensor>& inputs = call.inputs();
  if (inputs.size() < 2 || inputs.size() > 3 || keras::has_more_arguments(call.keras_call(), 1)) {
    throw Refusal{"It takes a query, a value and perhaps a key."};
  }
  Given given{inputs[0], inputs[1], inputs.back(), {}};
  given.sight.causal =
      call.arguments().boolean("causal", false) || call_flag(call, "use_causal_mask");
  require_matrices(given);
  require_no_scores(call);
  return given;
}

/// One projection of MultiHeadAttention: a Dense a head, of the kernel (in, heads, dim).
struct Projection {
  std::string part;
  std::int64_t heads = 1;
  std::int64_t dim = 1;
  bool bias = true;
  std::string_view activation = "linear";
};

Tensor project(LayerCall& call, const Projection& projection, std::int64_t head, const Tensor& x) {
  const tensor::TensorRef& kernel = call.stored(projection.part + "/kernel");
  const std::uint64_t in = kernel.shape.at(0);
  const auto dim = static_cast<std::uint64_t>(projection.dim);
  const std::string chain = fmt::format("head({})", head);
  std::vector<LayerWeight> weights{viewed_weight(
      "kernel", kernel,
      tensor::View{0, {in, dim}, {projection.heads * projection.dim, 1}, head * projection.dim},
      {in, dim}, chain)};
  if (projection.bias) {
    weights.push_back(viewed_weight("bias", call.stored(projection.part + "/bias"),
                                    tensor::View{0, {dim}, {1}, head * projection.dim}, {dim},
                                    chain));
  }
  return call.add(fmt::format("{}_{}", projection.part, head), "Dense",
                  {{"units", projection.dim},
                   {"use_bias", projection.bias},
                   {"activation", projection.activation}},
                  {x}, std::move(weights));
}

Tensor given_tensor(const LayerCall& call, std::size_t position, std::string_view name) {
  const auto index = keras::tensor_argument(call.keras_call(), position, name);
  if (!index) {
    throw Refusal{"It is given no query or no value."};
  }
  return call.inputs().at(*index);
}

Given multi_head_tensors(const LayerCall& call) {
  if (keras::has_more_arguments(call.keras_call(), 3)) {
    throw Refusal{"It is called with more than its tensors."};
  }
  const std::int64_t window = call.arguments().find("sliding_window") == nullptr
                                  ? 0
                                  : call.arguments().positive_integer("sliding_window");
  const bool has_key = keras::tensor_argument(call.keras_call(), 2, "key").has_value();
  const Tensor value = given_tensor(call, 1, "value");
  if (call.inputs().size() != (has_key ? 3U : 2U)) {
    throw Refusal{"It is called with a mask."};
  }
  return {given_tensor(call, 0, "query"),
          value,
          has_key ? given_tensor(call, 2, "key") : value,
          {call_flag(call, "use_causal_mask"), window}};
}

/// (batch, axes…, features) → (batch, length, features).
Tensor with_one_length(LayerCall& call, const std::string& part, const Tensor& x) {
  std::int64_t length = 1;
  for (std::size_t axis = 1; axis + 1 < x.shape.size(); ++axis) {
    length = x.shape[axis] == unknown || length == unknown ? unknown : length * x.shape[axis];
  }
  return reshape(call, part, x, {length, x.shape.back()});
}

/// All axes between batch and features are attended over.
bool attends_over_all(const LayerCall& call, std::size_t rank) {
  if (call.arguments().find("attention_axes") == nullptr) {
    return true;
  }
  std::vector<std::int64_t> axes = call.arguments().integer_list("attention_axes");
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::int64_t from_front = axes[i] < 0 && call.generation() == keras::Generation::Keras3
                                        ? axes[i] + static_cast<std::int64_t>(rank)
                                        : axes[i];
    if (from_front != static_cast<std::int64_t>(i) + 1) {
      return false;
    }
  }
  return axes.size() + 2 == rank;
}

struct Heads {
  std::int64_t query = 1;
  std::int64_t key_value = 1;
  std::int64_t key_dim = 1;
  std::int64_t value_dim = 1;
};

Tensor attend_by_heads(LayerCall& call, const Heads& heads) {
  const keras::Arguments& arguments = call.arguments();
  require_no_scores(call);
  Given given = multi_head_tensors(call);
  const Shape query_shape = given.query.shape;
  if (!attends_over_all(call, query_shape.size())) {
    throw Refusal{"It attends over some of the axes only (`attention_axes`)."};
  }
  if (!given.sight.is_all() && query_shape.size() != 3) {
    throw Refusal{"Its causal mask or window is of one axis, and it attends over several."};
  }
  given.query = with_one_length(call, "query_length", given.query);
  given.value = with_one_length(call, "value_length", given.value);
  given.key = with_one_length(call, "key_length", given.key);
  const bool bias = arguments.boolean("use_bias", true);
  std::vector<Tensor> keys;
  std::vector<Tensor> values;
  for (std::int64_t head = 0; head < heads.key_value; ++head) {
    keys.push_back(project(call, {"key", heads.key_value, heads.key_dim, bias}, head, given.key));
    values.push_back(
        project(call, {"value", heads.key_value, heads.value_dim, bias}, head, given.value));
  }
  std::vector<Tensor> results;
  for (std::int64_t head = 0; head < heads.query; ++head) {
    const auto shared = static_cast<std::size_t>(head * heads.key_value / heads.query);
    const std::string suffix = fmt::format("_{}", head);
    const Tensor query =
        project(call, {"query", heads.query, heads.key_dim, bias}, head, given.query);
    const Tensor scores =
        rescale(call, "scaled" + suffix, query_by_key(call, "scores" + suffix, query, keys[shared]),
                1 / std::sqrt(static_cast<double>(heads.key_dim)), 0);
    results.push_back(attend(call, suffix, "head" + suffix, scores, values[shared], given.sight));
    if (arguments.boolean("use_gate", false)) {
      const Tensor gate =
          project(call, {"gate", heads.query, heads.value_dim, bias, "sigmoid"}, head, given.query);
      results.back() = multiply(call, "gated" + suffix, results.back(), gate);
    }
  }
  const Tensor joined = results.size() == 1 ? results[0] : concatenate(call, "heads", results, 2);
  const tensor::TensorRef& kernel = call.stored("attention_output/kernel");
  const std::uint64_t in = kernel.shape.at(0) * kernel.shape.at(1);
  const std::uint64_t out = tensor::element_count(kernel.shape) / in;
  std::vector<LayerWeight> weights{stored_weight("kernel", kernel, {in, out})};
  if (bias) {
    weights.push_back(stored_weight("bias", call.stored("attention_output/bias"), {out}));
  }
  const Tensor y =
      call.add("", "Dense", {{"units", out}, {"use_bias", bias}, {"activation", "linear"}},
               {joined}, std::move(weights));
  Shape extents(query_shape.begin() + 1, query_shape.end() - 1);
  for (std::size_t axis = 2; axis < kernel.shape.size(); ++axis) {
    extents.push_back(static_cast<std::int64_t>(kernel.shape[axis]));
  }
  return reshape(call, "axes", y, extents);
}

}  // namespace

Tensor lower_attention(LayerCall& call) {
  const Given given = attention_tensors(call);
  const bool scaled = call.arguments().boolean("use_scale", false);
  if (call.arguments().text("score_mode", "dot") == "concat") {
    const Tensor scores = summed_tanh(
        call, given, scaled,
        repeated(call, "kernel", "concat_score_weight", {known_features(given.query), 1}));
    return attend(call, "", "", scores, given.value, given.sight);
  }
  Tensor query = given.query;
  if (scaled) {
    const std::uint64_t count = known_features(query);
    query = normalize_axes(
        call, "scaled", query, {2}, {{"epsilon", 0.0}, {"scale", true}, {"center", false}},
        {repeated(call, "gamma", "scale", {count}), filled_weight("moving_mean", {count}, 0),
         filled_weight("moving_variance", {count}, 1)});
  }
  return attend(call, "", "", query_by_key(call, "scores", query, given.key), given.value,
                given.sight);
}

Tensor lower_additive_attention(LayerCall& call) {
  const Given given = attention_tensors(call);
  const std::uint64_t features = known_features(given.query);
  LayerWeight weight = call.arguments().boolean("use_scale", true)
                           ? stored_weight("kernel", call.stored("scale"), {features, 1})
                           : filled_weight("kernel", {features, 1}, 1);
  const Tensor scores = summed_tanh(call, given, false, std::move(weight));
  return attend(call, "", "", scores, given.value, given.sight);
}

Tensor lower_multi_head_attention(LayerCall& call) {
  const keras::Arguments& arguments = call.arguments();
  const std::int64_t heads = arguments.positive_integer("num_heads");
  const std::int64_t key_dim = arguments.positive_integer("key_dim");
  return attend_by_heads(call, {heads, heads, key_dim, arguments.integer("value_dim", key_dim)});
}

Tensor lower_group_query_attention(LayerCall& call) {
  const keras::Arguments& arguments = call.arguments();
  const std::int64_t dim = arguments.positive_integer("head_dim");
  return attend_by_heads(call, {arguments.positive_integer("num_query_heads"),
                                arguments.positive_integer("num_key_value_heads"), dim, dim});
}

}  // namespace tensorferry::tfjs
