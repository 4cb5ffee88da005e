#include "keras/layers/categories.h"

#include <algorithm>

#include "graph/functions.h"
#include "keras/layers/layer_call.h"

namespace tensorferry::keras {

namespace {

using graph::ValueId;
using tensor::DType;

constexpr std::string_view category_encoding_arguments[] = {"num_tokens", "output_mode", "sparse"};
constexpr std::string_view category_encoding_keywords[] = {"count_weights"};
// `num_bins` and `epsilon` say how the boundaries were found.
constexpr std::string_view discretization_arguments[] = {"bin_boundaries", "epsilon", "num_bins",
                                                         "output_mode", "sparse"};

/// A tensor of (…, 1) holds one category in the place of several.
ValueId without_last_one(LayerCall& call, ValueId x) {
  const std::size_t rank = call.rank(x);
  if (rank < 2) return x;
  const graph::Extent last = call.value(x).shape.back();
  if (last == graph::unknown_extent) {
    throw Refusal{"its last axis has a size of None, and a size of 1 goes away"};
  }
  if (last != 1) return x;
  graph::Function squeeze;
  squeeze.axes = {rank - 1};
  return add_function(call, "squeeze", {x}, call.value(x).dtype, std::move(squeeze));
}

ValueId one_hot(LayerCall& call, ValueId x, const CategoryCode& code) {
  graph::Function function;
  function.axes = {call.rank(x)};
  function.integers = {code.depth};
  return add_function(call, "one_hot", {x}, code.dtype, std::move(function));
}

/// What the call says besides its tensors; Keras 2 writes constants among the arguments.
void require_no_constants(const LayerCall& call) {
  for (const auto& [name, argument] : call.call().keywords) {
    const Json* constant = std::get_if<Json>(&argument.value);
    if (name == "count_weights" && constant != nullptr && !constant->is_null()) {
      throw Refusal{"its count_weights are constants"};
    }
  }
}

/// keras/src/layers/preprocessing/category_encoding.py
ValueId lower_category_encoding(LayerCall& call) {
  require_dense(call);
  require_no_constants(call);
  const CategoryCode code{output_mode(call, "multi_hot"),
                          call.arguments().positive_integer("num_tokens"), call.compute_dtype()};
  if (call.inputs().size() != 2) return encode_categories(call, call.input(), code);
  if (code.mode != "count") throw Refusal{"it is given count_weights, but does not count"};
  return encode_categories(call, call.inputs()[0], code, call.inputs()[1]);
}

std::vector<double> boundaries_of(const Arguments& arguments) {
  const Json* list = arguments.find("bin_boundaries");
  if (list == nullptr) {
    throw Refusal{
        "its boundaries were found by adapt(), and Keras 2 computes them anew when it loads the "
        "model; give them as bin_boundaries"};
  }
  const Json* items = list_items(*list);
  if (items == nullptr) arguments.mistaken("bin_boundaries", "a list of numbers");
  if (items->empty()) return {};
  std::vector<double> boundaries = arguments.number_list("bin_boundaries");
  if (!std::is_sorted(boundaries.begin(), boundaries.end())) {
    arguments.mistaken("bin_boundaries", "numbers that ascend");
  }
  return boundaries;
}

/// The number of boundaries, in float32, that are not above an element. (keras/src/layers/
/// preprocessing/discretization.py; tensorflow/core/kernels/bucketize_op.cc)
ValueId lower_discretization(LayerCall& call) {
  require_dense(call);
  ValueId x = call.input();
  if (call.value(x).dtype == DType::Float64) {
    throw Refusal{"it compares float64 numbers with float32 ones"};
  }
  const std::string mode = output_mode(call, "int");
  graph::Function search;
  search.numbers = boundaries_of(call.arguments());
  search.text = "right";
  const auto bins = static_cast<std::int64_t>(search.numbers.size()) + 1;
  if (call.value(x).dtype != DType::Float32) {
    x = call.add_step(graph::Cast{DType::Float32}, {x});
  }
  if (mode != "int") {
    x = add_function(call, "search", {x}, DType::Int64, std::move(search));
    return encode_categories(call, x, {mode, bins, call.compute_dtype()});
  }
  const bool is_floating = tensor::is_floating_point(call.compute_dtype());
  const DType otherwise = call.generation() == Generation::Keras3 ? DType::Int32 : DType::Int64;
  const DType dtype = is_floating ? otherwise : call.compute_dtype();
  const bool is_short = dtype == DType::Int32;
  x = add_function(call, "search", {x}, is_short ? dtype : DType::Int64, std::move(search));
  return is_short || dtype == DType::Int64 ? x : call.add_step(graph::Cast{dtype}, {x});
}

}  // namespace

std::string output_mode(LayerCall& call, std::string_view otherwise) {
  const std::string mode = call.arguments().text("output_mode", otherwise);
  if (mode == "binary") return "multi_hot";
  if (mode == "tf-idf") return "tf_idf";
  constexpr std::string_view modes[] = {"count", "int", "multi_hot", "one_hot", "tf_idf"};
  if (std::find(std::begin(modes), std::end(modes), mode) == std::end(modes)) {
    call.arguments().mistaken("output_mode", "one of Keras's");
  }
  return mode;
}

void require_dense(const LayerCall& call) {
  if (call.arguments().boolean("sparse", false)) {
    throw Refusal{"it makes sparse tensors, which the targets do not have"};
  }
}

ValueId add_function(LayerCall& call, std::string_view name, std::vector<ValueId> operands,
                     DType dtype, graph::Function function) {
  function.kind = graph::find_function(name);
  if (function.operands.empty()) function.operands.resize(operands.size());
  function.dtypes = {dtype};
  return call.add_step(std::move(function), std::move(operands));
}

ValueId encode_categories(LayerCall& call, ValueId categories, const CategoryCode& code,
                          std::optional<ValueId> weights) {
  ValueId x = categories;
  if (call.value(x).dtype != DType::Int64) x = call.add_step(graph::Cast{DType::Int64}, {x});
  if (code.mode == "one_hot") return one_hot(call, without_last_one(call, x), code);
  if (call.rank(x) < 2) throw Refusal{"it makes one sample of the whole batch"};
  x = one_hot(call, x, code);
  if (weights) {
    if (call.rank(*weights) + 1 != call.rank(x)) {
      throw Refusal{"its count_weights have other axes than its categories"};
    }
    ValueId weight = *weights;
    if (call.value(weight).dtype != code.dtype) {
      weight = call.add_step(graph::Cast{code.dtype}, {weight});
    }
    graph::Function expand;
    expand.axes = {call.rank(weight)};
    weight = add_function(call, "expand_dims", {weight}, code.dtype, std::move(expand));
    x = add_function(call, "multiply", {x, weight}, code.dtype);
  }
  // Whatever the rank is, so that Keras 3 joins the first axis besides the batch.
  graph::Function joined;
  joined.axes = {1};
  return add_function(call, code.mode == "count" ? "sum" : "max", {x}, code.dtype,
                      std::move(joined));
}

const LayerKind category_encoding_kind{category_encoding_arguments, no_variables,
                                       lower_category_encoding, MaskUse::Drops,
                                       category_encoding_keywords};
const LayerKind discretization_kind{discretization_arguments, no_variables, lower_discretization};

}  // namespace tensorferry::keras
