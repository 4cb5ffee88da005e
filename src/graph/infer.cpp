#include "graph/infer.h"

#include "graph/functions.h"
#include "graph/infer/values.h"
#include "io/overloaded.h"

namespace tensorferry::graph {

namespace {

Value infer_unsupported(const std::vector<Value>& inputs) {
  Value value;
  value.rank_known = false;
  // Most layers that are not known keep the rank; nothing more is guessed.
  const std::size_t rank = inputs.empty() ? 2 : inputs[0].shape.size();
  value.shape.assign(rank, unknown_extent);
  if (!inputs.empty()) value.dtype = inputs[0].dtype;
  return value;
}

/// What the called graph makes of these inputs: its own values may know less.
std::vector<Value> infer_call(const Program& program, const CallGraph& call,
                              const std::vector<Value>& inputs) {
  const Graph& graph = program.graphs.at(call.graph);
  std::vector<Value> values = graph.values;
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    if (inputs.at(i).rank_known) values[graph.inputs[i].value].shape = inputs[i].shape;
  }
  for (const Node& node : graph.nodes) {
    if (std::holds_alternative<Input>(node.op) || std::holds_alternative<Constant>(node.op)) {
      continue;
    }
    std::vector<Value> arguments;
    for (const ValueId id : node.inputs) arguments.push_back(values[id]);
    const std::vector<Value> results = infer(program, node.op, arguments);
    for (std::size_t i = 0; i < results.size(); ++i) values[node.outputs[i]] = results[i];
  }
  std::vector<Value> outputs;
  for (const Port& port : graph.outputs) outputs.push_back(values[port.value]);
  return outputs;
}

}  // namespace

std::vector<Value> infer(const Program& program, const Op& op, const std::vector<Value>& inputs) {
  const auto x = [&inputs]() -> const Value& { return inputs.at(0); };
  const auto unchanged = [&x] { return std::vector<Value>{same_as(x())}; };
  using Values = std::vector<Value>;
  return std::visit(
      io::overloaded{
          [&](const Input&) { return Values{}; },
          [&](const Constant&) { return Values{}; },
          [&](const Conv& conv) { return Values{infer_conv(conv, x())}; },
          [&](const LocallyConnected& op) { return Values{infer_locally_connected(op, x())}; },
          [&](const Dense& dense) { return Values{infer_dense(dense, x())}; },
          [&](const BatchNorm&) { return unchanged(); },
          [&](const LayerNorm&) { return unchanged(); },
          [&](const GroupNorm&) { return unchanged(); },
          [&](const UnitNorm&) { return unchanged(); },
          [&](const Pool& pool) { return Values{infer_pool(pool, x())}; },
          [&](const ReduceAxes& reduce) { return Values{infer_reduce(reduce, x())}; },
          [&](const Unary&) { return unchanged(); },
          [&](const Softmax&) { return unchanged(); },
          [&](const Glu& glu) { return Values{infer_glu(glu, x())}; },
          [&](const PRelu&) { return unchanged(); },
          [&](const Flatten&) { return Values{infer_flatten(x())}; },
          [&](const Reshape& reshape) { return Values{infer_reshape(reshape, x())}; },
          [&](const Permute& permute) { return Values{infer_permute(permute, x())}; },
          [&](const RepeatVector& repeat) { return Values{infer_repeat_vector(repeat, x())}; },
          [&](const PadAxes& pad) { return Values{infer_pad(pad, x())}; },
          [&](const Upsample& upsample) { return Values{infer_upsample(upsample, x())}; },
          [&](const EinsumDense& dense) { return Values{infer_einsum_dense(dense, x())}; },
          [&](const Attention& attention) { return infer_attention(attention, inputs); },
          [&](const MultiHeadAttention& attention) {
            return infer_multi_head_attention(attention, inputs);
          },
          [&](const Embedding& embedding) { return Values{infer_embedding(embedding, x())}; },
          [&](const ReverseEmbedding& op) { return Values{infer_reverse_embedding(op, x())}; },
          [&](const Merge&) { return Values{infer_merge(inputs)}; },
          [&](const Concatenate& concatenate) {
            return Values{infer_concatenate(concatenate, inputs)};
          },
          [&](const Dot& dot) { return Values{infer_dot(dot, x(), inputs.at(1))}; },
          [&](const ScaleOffset&) { return unchanged(); },
          [&](const Normalize&) { return unchanged(); },
          [&](const ChannelScale&) { return unchanged(); },
          [&](const Dropout&) { return unchanged(); },
          [&](const Cast& cast) { return Values{infer_cast(cast, x())}; },
          [&](const Literal& literal) {
            Value value;
            value.shape = literal.shape;
            value.dtype = literal.dtype;
            return Values{value};
          },
          [&](const Function& function) { return infer_function(function, inputs); },
          [&](const Recurrent& recurrent) { return infer_recurrent(recurrent, inputs); },
          [&](const ConvRecurrent& op) { return infer_conv_recurrent(op, inputs); },
          [&](const NotEqualTo& op) { return Values{infer_not_equal_to(op, x())}; },
          [&](const ApplyMask&) { return unchanged(); },
          [&](const MaskedMean& op) { return Values{infer_masked_mean(op, x())}; },
          [&](const FoldTime&) { return Values{infer_fold_time(x())}; },
          [&](const UnfoldTime& unfold) { return Values{infer_unfold_time(unfold, inputs)}; },
          [&](const Identity&) { return unchanged(); },
          [&](const CallGraph& call) { return infer_call(program, call, inputs); },
          [&](const Unsupported&) { return Values{infer_unsupported(inputs)}; },
      },
      op);
}

}  // namespace tensorferry::graph
