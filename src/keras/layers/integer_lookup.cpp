#include "keras/layers/integer_lookup.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "graph/functions.h"
#include "keras/layers/categories.h"
#include "keras/layers/layer_call.h"

/// keras/src/layers/preprocessing/index_lookup.py, and the same file of Keras 2, which computes the
/// same.
namespace tensorferry::keras {

namespace {

using graph::ValueId;
using tensor::DType;

constexpr std::string_view integer_lookup_arguments[] = {
    "has_input_vocabulary",
    "idf_weights",
    "invert",
    "mask_token",
    "max_tokens",
    "oov_method",
    "oov_token",
    "num_oov_indices",
    "output_mode",
    "salt",
    "sparse",
    "pad_to_max_tokens",
    "vocabulary",
    "vocabulary_dtype",
    "vocabulary_size",
};

/// The positions before those of the vocabulary, and what stands behind them.
struct Vocabulary {
  std::vector<std::int64_t> tokens;  ///< without the special ones
  std::optional<std::int64_t> mask;
  std::int64_t oov_token = -1;
  std::int64_t oov_start = 0;
  std::int64_t oov_count = 1;
  bool named_special = false;  ///< the list began with the special tokens

  std::int64_t token_start() const { return oov_start + oov_count; }
};

/// What maps to what, by ascending keys.
struct Table {
  std::string_view of_keys;  ///< what they are
  std::string_view of_values;
  std::vector<std::int64_t> keys;
  std::vector<std::int64_t> values;
};

std::vector<std::int64_t> listed_tokens(const Arguments& arguments) {
  const Json* given = arguments.find("vocabulary");
  if (given == nullptr) {
    throw Refusal{
        "its vocabulary was found by adapt() and is not in the file; a `.keras` archive holds it"};
  }
  if (given->is_string()) throw Refusal{"its vocabulary is in a file of its own"};
  return arguments.integer_list("vocabulary");
}

Vocabulary vocabulary_of(const Arguments& arguments, const std::string& mode) {
  Vocabulary vocabulary;
  if (arguments.find("mask_token") != nullptr) vocabulary.mask = arguments.integer("mask_token");
  vocabulary.oov_token = arguments.integer("oov_token", -1);
  vocabulary.oov_start = vocabulary.mask && mode == "int" ? 1 : 0;
  vocabulary.oov_count = arguments.integer("num_oov_indices", 1);
  std::vector<std::int64_t> tokens = listed_tokens(arguments);
  const auto start = static_cast<std::size_t>(std::max<std::int64_t>(vocabulary.token_start(), 0));
  if (vocabulary.oov_count < 0 || start > (std::size_t{1} << 31)) {
    arguments.mistaken("num_oov_indices", "a number of indices");
  }
  if (tokens.size() >= start) {
    std::vector<std::int64_t> special(start, vocabulary.oov_token);
    if (vocabulary.oov_start == 1) special[0] = *vocabulary.mask;
    vocabulary.named_special = std::equal(special.begin(), special.end(), tokens.begin());
    if (vocabulary.named_special) {
      tokens.erase(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(start));
    }
  }
  std::set<std::int64_t> met(tokens.begin(), tokens.end());
  if (met.size() != tokens.size() || (vocabulary.mask && met.count(*vocabulary.mask) > 0)) {
    arguments.mistaken("vocabulary", "without a token twice");
  }
  vocabulary.tokens = std::move(tokens);
  return vocabulary;
}

Table sorted(Table table, std::vector<std::pair<std::int64_t, std::int64_t>> entries) {
  std::sort(entries.begin(), entries.end());
  for (const auto& [key, value] : entries) {
    table.keys.push_back(key);
    table.values.push_back(value);
  }
  return table;
}

/// A masked token is at 0 of "int", and nowhere in the codes.
Table positions_of(const Vocabulary& vocabulary, const std::string& mode) {
  std::vector<std::pair<std::int64_t, std::int64_t>> entries;
  std::int64_t next = vocabulary.token_start();
  for (const std::int64_t token : vocabulary.tokens) entries.emplace_back(token, next++);
  if (vocabulary.mask) entries.emplace_back(*vocabulary.mask, mode == "int" ? 0 : -1);
  return sorted({"tokens", "positions", {}, {}}, std::move(entries));
}

Table tokens_at(const Vocabulary& vocabulary) {
  std::vector<std::pair<std::int64_t, std::int64_t>> entries;
  std::int64_t next = vocabulary.token_start();
  for (const std::int64_t token : vocabulary.tokens) entries.emplace_back(next++, token);
  if (vocabulary.mask) entries.emplace_back(0, *vocabulary.mask);
  return sorted({"positions", "tokens", {}, {}}, std::move(entries));
}

/// Those that are not in the vocabulary: their remainders where there are several places for them.
struct Otherwise {
  std::optional<graph::Scalar> number;
  ValueId value = 0;
};

Otherwise otherwise_of(LayerCall& call, ValueId x, const Vocabulary& vocabulary) {
  if (vocabulary.oov_count <= 1) {
    const std::int64_t place = vocabulary.oov_count == 0 ? -1 : vocabulary.oov_start;
    return {graph::Scalar{static_cast<double>(place), true}};
  }
  if (call.arguments().text("oov_method", "floormod") != "floormod") {
    throw Refusal{"tokens that are not in its vocabulary are hashed"};
  }
  graph::Function mod;
  mod.operands = {std::nullopt, graph::Scalar{static_cast<double>(vocabulary.oov_count), true}};
  ValueId place = add_function(call, "mod", {x}, DType::Int64, std::move(mod));
  if (vocabulary.oov_start > 0) {
    graph::Function add;
    add.operands = {std::nullopt, graph::Scalar{static_cast<double>(vocabulary.oov_start), true}};
    place = add_function(call, "add", {place}, DType::Int64, std::move(add));
  }
  return {std::nullopt, place};
}

ValueId look_up(LayerCall& call, ValueId x, const Table& table, const Otherwise& otherwise) {
  const ValueId keys = call.add_constant(table.of_keys, table.keys);
  const ValueId values = call.add_constant(table.of_values, table.values);
  graph::Function function;
  function.operands = {std::nullopt, std::nullopt, std::nullopt, otherwise.number};
  std::vector<ValueId> operands{x, keys, values};
  if (!otherwise.number) operands.push_back(otherwise.value);
  return add_function(call, "look_up", std::move(operands), DType::Int64, std::move(function));
}

/// What a token that is found counts in "tf_idf". The file holds them; Keras 3's `.h5` in its
/// config only, where those of the special tokens are left out: they get the mean.
ValueId idf_weights(LayerCall& call, const Vocabulary& vocabulary, std::int64_t depth) {
  if (!call.layer().weights.empty()) {
    return call.add_variable("idf", {call.layer().weights[0].role, "value", {"token"}, {depth}});
  }
  if (call.arguments().find("idf_weights") == nullptr) {
    throw Refusal{"its idf_weights were found by adapt() and are not in the file"};
  }
  std::vector<double> weights = call.arguments().number_list("idf_weights");
  if (!vocabulary.named_special) {
    const double mean =
        std::accumulate(weights.begin(), weights.end(), 0.0) / static_cast<double>(weights.size());
    weights.insert(weights.begin(), static_cast<std::size_t>(vocabulary.token_start()), mean);
  }
  if (weights.size() > static_cast<std::size_t>(depth)) {
    call.arguments().mistaken("idf_weights", "one for each token");
  }
  weights.resize(static_cast<std::size_t>(depth), 0);
  return call.add_constant("idf", std::vector<float>(weights.begin(), weights.end()));
}

ValueId lower_integer_lookup(LayerCall& call) {
  require_dense(call);
  const Arguments& arguments = call.arguments();
  const std::string mode = output_mode(call, "int");
  const Vocabulary vocabulary = vocabulary_of(arguments, mode);
  ValueId x = call.input();
  if (call.value(x).dtype != DType::Int64) x = call.add_step(graph::Cast{DType::Int64}, {x});
  if (arguments.boolean("invert", false)) {
    const graph::Scalar oov{static_cast<double>(vocabulary.oov_token), true};
    return look_up(call, x, tokens_at(vocabulary), {oov});
  }
  const Otherwise otherwise = otherwise_of(call, x, vocabulary);
  x = look_up(call, x, positions_of(vocabulary, mode), otherwise);
  if (mode == "int") return x;
  const std::int64_t size =
      vocabulary.token_start() + static_cast<std::int64_t>(vocabulary.tokens.size());
  const std::int64_t depth = arguments.boolean("pad_to_max_tokens", false)
                                 ? arguments.positive_integer("max_tokens")
                                 : size;
  const bool weighs = mode == "tf_idf";
  x = encode_categories(call, x, {weighs ? "count" : mode, depth, DType::Float32});
  if (!weighs) return x;
  const ValueId weights = idf_weights(call, vocabulary, depth);
  return add_function(call, "multiply", {x, weights}, DType::Float32);
}

}  // namespace

const LayerKind integer_lookup_kind{integer_lookup_arguments, no_variables, lower_integer_lookup};

}  // namespace tensorferry::keras
