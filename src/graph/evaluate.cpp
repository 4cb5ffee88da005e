#include "graph/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "graph/evaluate/kernels.h"
#include "graph/functions.h"
#include "io/error.h"
#include "io/overloaded.h"

namespace tensorferry::graph {

namespace {

/// One run of one graph.
class Evaluation {
 public:
  Evaluation(const Program& program, std::uint32_t graph, const LoadTensor& load,
             const ObserveNode& observe)
      : program_(program),
        number_(graph),
        graph_(program.graphs.at(graph)),
        load_(load),
        observe_(observe) {}

  std::vector<Array> run(const std::vector<Array>& inputs);

 private:
  std::vector<Array> run_node(const Node& node);
  LoadedParameter parameter(const Node& node, std::string_view role) const;
  Array conv(const Node& node, const Conv& op, const Array& x) const;
  Array locally_connected(const Node& node, const LocallyConnected& op, const Array& x) const;
  Array dense(const Node& node, const Dense& op, const Array& x) const;
  Array batch_norm(const Node& node, const BatchNorm& op, const Array& x) const;
  Array layer_norm(const Node& node, const LayerNorm& op, const Array& x) const;
  Array group_norm(const Node& node, const GroupNorm& op, const Array& x) const;
  Array einsum_dense(const Node& node, const EinsumDense& op, const Array& x) const;
  std::vector<Array> attention(const Node& node, const Attention& op,
                               const std::vector<Array>& inputs) const;
  std::vector<Array> multi_head_attention(const Node& node, const MultiHeadAttention& op,
                                          const std::vector<Array>& inputs) const;
  Array prelu(const Node& node, const Array& x) const;
  Array normalize(const Node& node, const Normalize& op, const Array& x) const;
  Array channel_scale(const Node& node, const ChannelScale& op, const Array& x) const;

  std::vector<Array> recurrent(const Node& node, const Recurrent& op,
                               const std::vector<Array>& inputs) const;

  std::vector<Array> conv_recurrent(const Node& node, const ConvRecurrent& op,
                                    const std::vector<Array>& inputs) const;

  const Layout& layout(const Node& node) const { return graph_.values[node.inputs[0]].layout; }

  const Program& program_;
  std::uint32_t number_;
  const Graph& graph_;
  const LoadTensor& load_;
  const ObserveNode& observe_;
  std::map<ValueId, Array> values_;
};

LoadedParameter Evaluation::parameter(const Node& node, std::string_view role) const {
  return load_parameter(program_, program_.modules.at(node.module.value()), role, load_);
}

Array Evaluation::conv(const Node& node, const Conv& op, const Array& x) const {
  const LoadedParameter kernel = parameter(node, "kernel");
  if (!op.bias) return evaluate_conv(op, x, kernel, nullptr);
  const Array bias = parameter(node, "bias").array;
  return evaluate_conv(op, x, kernel, &bias);
}

Array Evaluation::locally_connected(const Node& node, const LocallyConnected& op,
                                    const Array& x) const {
  const Array kernel = parameter(node, "kernel").array;
  return evaluate_locally_connected(op, x, kernel,
                                    op.bias ? parameter(node, "bias").array : Array{});
}

Array Evaluation::dense(const Node& node, const Dense& op, const Array& x) const {
  const Array kernel = parameter(node, "kernel").array;
  if (!op.bias) return evaluate_dense(x, kernel, nullptr);
  const Array bias = parameter(node, "bias").array;
  return evaluate_dense(x, kernel, &bias);
}

Array Evaluation::batch_norm(const Node& node, const BatchNorm& op, const Array& x) const {
  const Array mean = parameter(node, "moving_mean").array;
  const Array variance = parameter(node, "moving_variance").array;
  const Array gamma = op.scale ? parameter(node, "gamma").array : Array{};
  const Array beta = op.center ? parameter(node, "beta").array : Array{};
  Array result = x;
  std::size_t next = 0;
  for_each_index(x.shape, [&](const Index& index) {
    const std::uint64_t channel = index[op.axis];
    double& value = result.data[next++];
    value = (value - mean.data[channel]) / std::sqrt(variance.data[channel] + op.epsilon);
    if (op.scale) value *= gamma.data[channel];
    if (op.center) value += beta.data[channel];
  });
  return result;
}

Array Evaluation::layer_norm(const Node& node, const LayerNorm& op, const Array& x) const {
  Moments moments = moments_over(x, op.axes);
  if (op.kind == LayerNorm::Kind::MeanSquare) {
    for (std::size_t i = 0; i < moments.mean.data.size(); ++i) {
      moments.variance.data[i] += moments.mean.data[i] * moments.mean.data[i];
    }
  }
  const auto along = [&](std::string_view role) {
    return along_value_axes(parameter(node, role), layout(node), x.shape.size());
  };
  const Array gamma = op.scale ? along("gamma") : Array{};
  const Array beta = op.center ? along("beta") : Array{};
  Array result = x;
  std::size_t next = 0;
  for_each_index(x.shape, [&](const Index& index) {
    double& value = result.data[next++];
    if (op.kind == LayerNorm::Kind::Standard) value -= broadcast_at(moments.mean, index);
    value /= std::sqrt(broadcast_at(moments.variance, index) + op.epsilon);
    if (op.scale) value *= broadcast_at(gamma, index);
    if (op.center) value += broadcast_at(beta, index);
  });
  return result;
}

Array Evaluation::group_norm(const Node& node, const GroupNorm& op, const Array& x) const {
  const Array gamma = op.scale ? parameter(node, "gamma").array : Array{};
  const Array beta = op.center ? parameter(node, "beta").array : Array{};
  Array result = group_normalized(op, x);
  std::size_t next = 0;
  for_each_index(x.shape, [&](const Index& index) {
    double& value = result.data[next++];
    if (op.scale) value *= gamma.data[index[op.axis]];
    if (op.center) value += beta.data[index[op.axis]];
  });
  return result;
}

Array Evaluation::einsum_dense(const Node& node, const EinsumDense& op, const Array& x) const {
  Array result = evaluate_einsum(op, x, parameter(node, "kernel").array);
  if (!op.bias) return result;
  Array bias = parameter(node, "bias").array;
  bias.shape.insert(bias.shape.begin(), result.shape.size() - bias.shape.size(), 1);
  std::size_t next = 0;
  for_each_index(result.shape,
                 [&](const Index& index) { result.data[next++] += broadcast_at(bias, index); });
  return result;
}

std::vector<Array> Evaluation::attention(const Node& node, const Attention& op,
                                         const std::vector<Array>& inputs) const {
  const bool concat = op.score == Attention::Score::Concat;
  const Array scale = op.scale ? parameter(node, "scale").array : Array{{}, {1}};
  const Array weight = concat ? parameter(node, "weight").array : Array{{}, {1}};
  const Array scores = attention_scores(op, inputs.at(0), inputs.at(2), scale, weight.data.at(0));
  const Sight sight{op.causal, 0, op.masked ? &inputs.at(3) : nullptr, false};
  return attend(scores, inputs.at(1), sight, op.return_scores);
}

std::vector<Array> Evaluation::multi_head_attention(const Node& node, const MultiHeadAttention& op,
                                                    const std::vector<Array>& inputs) const {
  const auto projected = [&](const Array& x, const std::string& part, std::uint64_t in) {
    Array kernel = parameter(node, part + "/kernel").array;
    kernel.shape = {in, kernel.data.size() / in};
    if (!op.bias) return evaluate_dense(x, kernel, nullptr);
    const Array bias = parameter(node, part + "/bias").array;
    return evaluate_dense(x, kernel, &bias);
  };
  const auto width = [](std::int64_t extent) { return static_cast<std::uint64_t>(extent); };
  const std::int64_t repeats = op.heads / op.key_value_heads;
  const Array query =
      split_heads(projected(inputs.at(0), "query", width(op.query_features)), op.heads, 1);
  const Array value = split_heads(projected(inputs.at(1), "value", width(op.value_features)),
                                  op.key_value_heads, repeats);
  const Array key = split_heads(projected(inputs.at(2), "key", width(op.key_features)),
                                op.key_value_heads, repeats);
  const Array scale{{}, {1 / std::sqrt(static_cast<double>(op.key_dim))}};
  Array mask;
  if (op.masked) {
    mask = inputs.at(3);
    mask.shape.insert(mask.shape.end() - 2, 1);
  }
  const Sight sight{op.causal, width(op.window), op.masked ? &mask : nullptr, op.blind_is_zero};
  std::vector<Array> results =
      attend(attention_scores(Attention{}, query, key, scale, 1), value, sight, true);
  results[0] = join_heads(results[0]);
  if (op.gate) {
    const Array gate = projected(inputs[0], "gate", width(op.query_features));
    for (std::size_t i = 0; i < gate.data.size(); ++i) {
      results[0].data[i] /= 1 + std::exp(-gate.data[i]);
    }
  }
  results[0] = projected(results[0], "attention_output", width(op.heads * op.value_dim));
  if (!op.return_scores) results.pop_back();
  return results;
}

Array Evaluation::prelu(const Node& node, const Array& x) const {
  const Array alpha = along_value_axes(parameter(node, "alpha"), layout(node), x.shape.size());
  Array result = x;
  std::size_t next = 0;
  for_each_index(x.shape, [&](const Index& index) {
    double& value = result.data[next++];
    if (value < 0) value *= broadcast_at(alpha, index);
  });
  return result;
}

std::vector<Array> Evaluation::recurrent(const Node& node, const Recurrent& op,
                                         const std::vector<Array>& inputs) const {
  const auto weights = [&](const std::string& direction) {
    const RecurrentWeights found{parameter(node, direction + "kernel").array,
                                 parameter(node, direction + "recurrent_kernel").array,
                                 op.bias ? parameter(node, direction + "bias").array : Array{}};
    return op.cudnn ? from_cudnn(op, found) : found;
  };
  std::vector<RecurrentWeights> directions{weights("")};
  if (op.bidirectional) directions.push_back(weights("backward_"));
  return evaluate_recurrent(op, directions, inputs);
}

std::vector<Array> Evaluation::conv_recurrent(const Node& node, const ConvRecurrent& op,
                                              const std::vector<Array>& inputs) const {
  const ConvRecurrentWeights weights{parameter(node, "kernel"), parameter(node, "recurrent_kernel"),
                                     op.bias ? parameter(node, "bias").array : Array{}};
  return evaluate_conv_recurrent(op, weights, inputs);
}

/// Constants of the config, row-major over `axes` as they stand there, as an array that broadcasts.
Array constant_along(const std::vector<double>& numbers, const std::vector<std::size_t>& axes,
                     const Array& x) {
  LoadedParameter constant;
  for (const std::size_t axis : axes) {
    constant.array.shape.push_back(x.shape.at(axis));
    constant.axes.push_back(fmt::format("axis{}", axis));
  }
  constant.array.data = numbers;
  return along_value_axes(constant, Layout{}, x.shape.size());
}

Array Evaluation::normalize(const Node& node, const Normalize& op, const Array& x) const {
  const auto along = [&](std::string_view role, const std::vector<double>& numbers) {
    return numbers.empty() ? along_value_axes(parameter(node, role), layout(node), x.shape.size())
                           : constant_along(numbers, op.axes, x);
  };
  const Array mean = along("mean", op.mean);
  const Array variance = along("variance", op.variance);
  Array result = x;
  std::size_t next = 0;
  for_each_index(x.shape, [&](const Index& index) {
    const double deviation = std::max(std::sqrt(broadcast_at(variance, index)), 1e-7);
    double& value = result.data[next++];
    value = op.invert ? broadcast_at(mean, index) + value * deviation
                      : (value - broadcast_at(mean, index)) / deviation;
  });
  return result;
}

Array Evaluation::channel_scale(const Node& node, const ChannelScale& op, const Array& x) const {
  const Array gamma = parameter(node, "gamma").array;
  Array result = x;
  std::size_t next = 0;
  for_each_index(x.shape,
                 [&](const Index& index) { result.data[next++] *= gamma.data[index[op.axis]]; });
  return result;
}

Array scale_offset(const ScaleOffset& op, const Array& x) {
  Array result = x;
  std::size_t next = 0;
  const auto at = [](const std::vector<double>& numbers, std::uint64_t position) {
    return numbers.size() == 1 ? numbers[0] : numbers.at(position);
  };
  for_each_index(x.shape, [&](const Index& index) {
    double& value = result.data[next++];
    value = value * at(op.scale, index[op.axis]) + at(op.offset, index[op.axis]);
  });
  return result;
}

std::vector<Array> Evaluation::run_node(const Node& node) {
  std::vector<Array> inputs;
  for (const ValueId id : node.inputs) inputs.push_back(values_.at(id));
  const auto x = [&inputs]() -> const Array& { return inputs.at(0); };
  using Arrays = std::vector<Array>;
  return std::visit(
      io::overloaded{
          [&](const Input&) { return Arrays{values_.at(node.outputs[0])}; },
          [&](const Constant&) { return Arrays{parameter(node, "value").array}; },
          [&](const Conv& op) { return Arrays{conv(node, op, x())}; },
          [&](const LocallyConnected& op) { return Arrays{locally_connected(node, op, x())}; },
          [&](const Dense& op) { return Arrays{dense(node, op, x())}; },
          [&](const BatchNorm& op) { return Arrays{batch_norm(node, op, x())}; },
          [&](const LayerNorm& op) { return Arrays{layer_norm(node, op, x())}; },
          [&](const GroupNorm& op) { return Arrays{group_norm(node, op, x())}; },
          [&](const UnitNorm& op) { return Arrays{evaluate_unit_norm(op, x())}; },
          [&](const Pool& op) { return Arrays{evaluate_pool(op, x())}; },
          [&](const ReduceAxes& op) { return Arrays{evaluate_reduce(op, x())}; },
          [&](const Unary& op) {
            Array result = x();
            for (double& value : result.data) value = evaluate_unary(op, value);
            return Arrays{std::move(result)};
          },
          [&](const Softmax& op) { return Arrays{evaluate_softmax(op, x())}; },
          [&](const Glu& op) { return Arrays{evaluate_glu(op, x())}; },
          [&](const PRelu&) { return Arrays{prelu(node, x())}; },
          [&](const Flatten&) { return Arrays{evaluate_flatten(x())}; },
          [&](const Reshape& op) { return Arrays{evaluate_reshape(op, x())}; },
          [&](const Permute& op) { return Arrays{evaluate_permute(op, x())}; },
          [&](const RepeatVector& op) { return Arrays{evaluate_repeat_vector(op, x())}; },
          [&](const PadAxes& op) { return Arrays{evaluate_pad(op, x())}; },
          [&](const Upsample& op) { return Arrays{evaluate_upsample(op, x())}; },
          [&](const EinsumDense& op) { return Arrays{einsum_dense(node, op, x())}; },
          [&](const Attention& op) { return attention(node, op, inputs); },
          [&](const MultiHeadAttention& op) { return multi_head_attention(node, op, inputs); },
          [&](const Embedding&) {
            return Arrays{evaluate_embedding(x(), parameter(node, "embeddings").array)};
          },
          [&](const ReverseEmbedding&) {
            const Array kernel = evaluate_permute({{1, 0}}, parameter(node, "embeddings").array);
            return Arrays{evaluate_dense(x(), kernel, nullptr)};
          },
          [&](const Merge& op) { return Arrays{evaluate_merge(op, inputs)}; },
          [&](const Concatenate& op) { return Arrays{evaluate_concatenate(op, inputs)}; },
          [&](const Dot& op) { return Arrays{evaluate_dot(op, x(), inputs.at(1))}; },
          [&](const ScaleOffset& op) { return Arrays{scale_offset(op, x())}; },
          [&](const Normalize& op) { return Arrays{normalize(node, op, x())}; },
          [&](const ChannelScale& op) { return Arrays{channel_scale(node, op, x())}; },
          [&](const Dropout&) { return Arrays{x()}; },
          [&](const Cast& op) { return Arrays{evaluate_cast(op, x())}; },
          [&](const Literal& op) {
            return Arrays{{Index(op.shape.begin(), op.shape.end()), op.values}};
          },
          [&](const Function& op) { return evaluate_function(op, inputs); },
          [&](const Recurrent& op) { return recurrent(node, op, inputs); },
          [&](const ConvRecurrent& op) { return conv_recurrent(node, op, inputs); },
          [&](const NotEqualTo& op) { return Arrays{evaluate_not_equal_to(op, x())}; },
          [&](const ApplyMask&) { return Arrays{evaluate_apply_mask(x(), inputs.at(1))}; },
          [&](const MaskedMean& op) { return Arrays{evaluate_masked_mean(op, x(), inputs.at(1))}; },
          [&](const FoldTime&) { return Arrays{evaluate_fold_time(x())}; },
          [&](const UnfoldTime& op) { return Arrays{evaluate_unfold_time(op, inputs)}; },
          [&](const Identity&) { return Arrays{x()}; },
          [&](const CallGraph& op) {
            return Evaluation(program_, op.graph, load_, observe_).run(inputs);
          },
          [&](const Unsupported& op) -> Arrays {
            throw io::Error(io::ErrorCode::LayerUnsupported,
                            fmt::format("Layer \"{}\" ({}) cannot be computed: {}.", node.layer,
                                        op.class_name, op.reason));
          },
      },
      node.op);
}

std::vector<Array> Evaluation::run(const std::vector<Array>& inputs) {
  for (std::size_t i = 0; i < graph_.inputs.size(); ++i) {
    values_[graph_.inputs[i].value] = inputs.at(i);
  }
  for (const Node& node : graph_.nodes) {
    std::vector<Array> results = run_node(node);
    if (observe_) observe_(number_, node, results);
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      values_[node.outputs[i]] = std::move(results.at(i));
    }
  }
  std::vector<Array> outputs;
  for (const Port& port : graph_.outputs) outputs.push_back(values_.at(port.value));
  return outputs;
}

}  // namespace

std::vector<Array> evaluate(const Program& program, const std::vector<Array>& inputs,
                            const LoadTensor& load, const ObserveNode& observe) {
  return Evaluation(program, program.root, load, observe).run(inputs);
}

}  // namespace tensorferry::graph
