#include "keras/layers/merging.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <vector>

#include "graph/functions.h"
#include "keras/layers/layer_call.h"

namespace tensorferry::keras {

using graph::Merge;

namespace {

constexpr std::string_view concatenate_arguments[] = {"axis"};
constexpr std::string_view dot_arguments[] = {"axes", "normalize"};

/// Axes of one element behind the batch until there are `rank`
/// (keras/src/layers/merging/base_merge.py, Merge.call).
graph::ValueId raise_rank(LayerCall& call, graph::ValueId id, std::size_t rank) {
  const std::vector<graph::Extent>& shape = call.value(id).shape;
  if (shape.size() == rank) return id;
  const auto unknown = std::count(shape.begin() + 1, shape.end(), graph::unknown_extent);
  if (unknown > 1) throw Refusal{"it raises the rank of a tensor with several free sizes"};
  graph::Reshape reshape;
  reshape.shape.assign(rank - shape.size(), 1);
  reshape.shape.insert(reshape.shape.end(), shape.begin() + 1, shape.end());
  return call.add_step(reshape, {id});
}

graph::ValueId lower_merge(LayerCall& call, Merge::Kind kind) {
  std::vector<graph::ValueId> inputs = call.inputs();
  if (inputs.empty()) throw Refusal{"it is given no tensor"};
  const bool takes_two = kind == Merge::Kind::Subtract;
  if (takes_two && inputs.size() != 2) throw Refusal{"it takes two tensors"};
  call.agree_on_rank(inputs);
  std::size_t rank = 0;
  for (const graph::ValueId id : inputs) rank = std::max(rank, call.rank(id));
  for (graph::ValueId& id : inputs) id = raise_rank(call, id, rank);
  if (inputs.size() == 1) return call.add(graph::Identity{}, inputs);
  return call.add(Merge{kind}, inputs);
}

graph::ValueId lower_add(LayerCall& call) { return lower_merge(call, Merge::Kind::Add); }
graph::ValueId lower_average(LayerCall& call) { return lower_merge(call, Merge::Kind::Average); }

/// `x` where the mask of its steps is on, else `other`; of none, 1.
graph::ValueId chosen(LayerCall& call, graph::ValueId mask, graph::ValueId x,
                      std::optional<graph::ValueId> other = std::nullopt) {
  const std::vector<graph::Extent>& shape = call.value(mask).shape;
  if (shape.size() != 2 || call.rank(x) != 3) {
    throw Refusal{"its mask is not one of sequences of vectors"};
  }
  graph::Function choice;
  choice.kind = graph::find_function("where");
  choice.operands = {std::nullopt, std::nullopt, std::nullopt};
  choice.dtypes = {call.value(x).dtype};
  const graph::ValueId on = call.add_step(graph::Reshape{{shape[1], 1}}, {mask});
  if (other) return call.add_step(choice, {on, x, *other});
  choice.operands.back() = graph::Scalar{1, false};
  return call.add_step(choice, {on, x});
}

graph::ValueId either_holds(LayerCall& call, graph::ValueId a, graph::ValueId b) {
  graph::Function either;
  either.kind = graph::find_function("logical_or");
  either.operands = {std::nullopt, std::nullopt};
  either.dtypes = {tensor::DType::Bool};
  return call.add_step(either, {a, b});
}

/// Keras 3 leaves out what is masked, but where all is
/// (keras/src/layers/merging/base_merge.py: _apply_merge_op_and_or_mask); Keras 2 does not.
graph::ValueId lower_extreme(LayerCall& call, Merge::Kind kind) {
  const std::vector<graph::ValueId>& inputs = call.inputs();
  bool is_masked = false;
  for (std::size_t i = 0; i < inputs.size(); ++i) is_masked = is_masked || call.mask_of(i);
  if (!is_masked || inputs.size() < 2 || call.generation() != Generation::Keras3) {
    return lower_merge(call, kind);
  }
  graph::ValueId output = inputs[0];
  std::optional<graph::ValueId> output_mask = call.mask_of(0);
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    graph::ValueId x = inputs[i];
    const std::optional<graph::ValueId> mask = call.mask_of(i);
    if (mask) x = chosen(call, *mask, x, output);
    if (output_mask) output = chosen(call, *output_mask, output, x);
    if (mask != output_mask) {
      output_mask = mask && output_mask ? std::optional(either_holds(call, *output_mask, *mask))
                                        : std::nullopt;
    }
    const bool is_last = i + 1 == inputs.size();
    output = is_last ? call.add(Merge{kind}, {output, x}) : call.add_step(Merge{kind}, {output, x});
  }
  return output;
}

graph::ValueId lower_maximum(LayerCall& call) { return lower_extreme(call, Merge::Kind::Maximum); }
graph::ValueId lower_minimum(LayerCall& call) { return lower_extreme(call, Merge::Kind::Minimum); }

/// Keras 3 leaves masked elements out of the product, which is 0 where there are none else
/// (keras/src/layers/merging/multiply.py: _merge_function); Keras 2 takes them as they are.
graph::ValueId lower_multiply(LayerCall& call) {
  std::set<graph::ValueId> masks;
  bool of_all = true;
  for (std::size_t i = 0; i < call.inputs().size(); ++i) {
    const auto mask = call.mask_of(i);
    if (mask) masks.insert(*mask);
    of_all = of_all && mask.has_value();
  }
  if (masks.empty() || call.generation() != Generation::Keras3) {
    return lower_merge(call, Merge::Kind::Multiply);
  }
  std::vector<graph::ValueId> factors = call.inputs();
  if (masks.size() > 1 || !of_all) {
    for (std::size_t i = 0; i < factors.size(); ++i) {
      if (const auto mask = call.mask_of(i)) factors[i] = chosen(call, *mask, factors[i]);
    }
  }
  const graph::ValueId product = call.add(Merge{Merge::Kind::Multiply}, factors);
  if (!of_all) return product;
  graph::ValueId any = *masks.begin();
  for (auto mask = std::next(masks.begin()); mask != masks.end(); ++mask) {
    any = either_holds(call, any, *mask);
  }
  return call.add_step(graph::ApplyMask{}, {product, any});
}

graph::ValueId lower_subtract(LayerCall& call) { return lower_merge(call, Merge::Kind::Subtract); }

graph::ValueId lower_concatenate(LayerCall& call) {
  if (call.inputs().empty()) throw Refusal{"it is given no tensor"};
  call.agree_on_rank(call.inputs());
  const std::size_t rank = call.rank(call.inputs()[0]);
  graph::Concatenate concatenate;
  concatenate.axis = resolve_axis(call.arguments().integer("axis", -1), rank, call.layer().name);
  if (call.inputs().size() == 1) return call.add(graph::Identity{}, call.inputs());
  return call.add(concatenate, call.inputs());
}

graph::ValueId lower_dot(LayerCall& call) {
  if (call.inputs().size() != 2) throw Refusal{"it takes two tensors"};
  std::vector<std::int64_t> axes = call.arguments().integer_list("axes");
  if (axes.size() == 1) axes.push_back(axes[0]);
  if (axes.size() != 2) throw Refusal{"it contracts several axes"};
  graph::Dot dot;
  const auto resolve = [&](std::size_t i) {
    return static_cast<std::int64_t>(
        resolve_axis(axes[i], call.rank(call.inputs()[i]), call.layer().name));
  };
  dot.axis_a = resolve(0);
  dot.axis_b = resolve(1);
  if (dot.axis_a == 0 || dot.axis_b == 0) throw Refusal{"it contracts the batch"};
  dot.normalize = call.arguments().boolean("normalize", false);
  return call.add(dot, call.inputs());
}

}  // namespace

const LayerKind add_kind{{}, no_variables, lower_add, MaskUse::Passes};
const LayerKind average_kind{{}, no_variables, lower_average, MaskUse::Passes};
const LayerKind concatenate_kind{concatenate_arguments, no_variables, lower_concatenate,
                                 MaskUse::Passes};
const LayerKind dot_kind{dot_arguments, no_variables, lower_dot};
const LayerKind maximum_kind{{}, no_variables, lower_maximum, MaskUse::PassesAndTakes};
const LayerKind minimum_kind{{}, no_variables, lower_minimum, MaskUse::PassesAndTakes};
const LayerKind multiply_kind{{}, no_variables, lower_multiply, MaskUse::PassesAndTakes};
const LayerKind subtract_kind{{}, no_variables, lower_subtract, MaskUse::Passes};

}  // namespace tensorferry::keras
