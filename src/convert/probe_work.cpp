#include "convert/probe_work.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "graph/functions.h"
#include "io/overloaded.h"

namespace tensorferry::convert {
namespace {

constexpr double look = 10;

double extent_of(graph::Extent extent) {
  return extent == graph::unknown_extent ? 32 : static_cast<double>(extent);
}

double extent_at(const graph::Value& value, std::size_t axis) {
  return axis < value.shape.size() ? extent_of(value.shape[axis]) : 1;
}

double last_extent(const graph::Value& value) {
  return value.shape.empty() ? 1 : extent_of(value.shape.back());
}

double product_of(const std::vector<std::int64_t>& extents) {
  double result = 1;
  for (const std::int64_t extent : extents) result *= static_cast<double>(extent);
  return result;
}

double elements_of_all(const std::vector<graph::Value>& values) {
  double sum = 0;
  for (const graph::Value& value : values) sum += elements_of(value);
  return sum;
}

double conv_work(const graph::Conv& conv, const graph::Value& x, const graph::Value& y) {
  const double window = product_of(conv.kernel_size);
  const auto groups = static_cast<double>(conv.groups);
  if (conv.transposed) {
    return elements_of(x) * window * (look + static_cast<double>(conv.out_channels) / groups);
  }
  return elements_of(y) * window * (look + static_cast<double>(conv.in_channels) / groups);
}

// Of each element of the result a product over the letters of the kernel that it lacks.
double einsum_work(const graph::EinsumDense& op, const graph::Value& y) {
  const std::string_view equation = op.equation;
  const std::size_t comma = equation.find(',');
  const std::size_t arrow = equation.find("->");
  const std::string_view kernel = equation.substr(comma + 1, arrow - comma - 1);
  double summed = 1;
  for (std::size_t i = 0; i < kernel.size(); ++i) {
    const bool stays = equation.substr(arrow).find(kernel[i]) != std::string_view::npos;
    if (!stays) summed *= static_cast<double>(op.kernel_shape.at(i));
  }
  return elements_of(y) * summed * look;
}

double attention_work(const graph::Attention& op, const std::vector<graph::Value>& inputs,
                      const graph::Value& y) {
  const double keys = extent_at(inputs.at(1), inputs[1].shape.size() - 2);
  const double scores = elements_of(inputs[0]) * keys;
  const double each = op.score == graph::Attention::Score::Dot ? 1 : 3 * look;
  return scores * each + elements_of(y) * keys * look;
}

double heads_work(const graph::MultiHeadAttention& op, const std::vector<graph::Value>& inputs) {
  const auto rows = [](const graph::Value& value) {
    return elements_of(value) / last_extent(value);
  };
  const auto heads = static_cast<double>(op.heads);
  const auto dims = static_cast<double>(op.key_dim + op.value_dim);
  const double keys = extent_at(inputs.at(1), inputs[1].shape.size() - 2);
  const auto features = static_cast<double>(op.query_features + op.key_features +
                                            op.value_features + op.out_features);
  return (rows(inputs[0]) + rows(inputs[1])) * heads * dims * features +
         rows(inputs[0]) * keys * heads * dims * 2;
}

double recurrent_work(const graph::Recurrent& op, const graph::Value& x) {
  using Cell = graph::Recurrent::Cell;
  const double gates = op.cell == Cell::Lstm ? 4 : op.cell == Cell::Gru ? 3 : 1;
  const auto units = static_cast<double>(op.units);
  const double steps = extent_at(x, 0) * extent_at(x, 1) * (op.bidirectional ? 2 : 1);
  return steps * gates * units * (2 * (static_cast<double>(op.in_features) + units) + look);
}

double conv_recurrent_work(const graph::ConvRecurrent& op, const graph::Value& x) {
  const auto filters = static_cast<double>(op.filters);
  const double map = elements_of(x) / static_cast<double>(op.in_channels);
  const double inputs = static_cast<double>(op.in_channels) + filters;
  return map * 4 * filters * product_of(op.kernel_size) * (inputs + look);
}

// A product looks at the elements of a row for each of the result; what is done to a matrix at each
// row for each element.
double function_work(const graph::Function& op, const std::vector<graph::Value>& inputs,
                     const std::vector<graph::Value>& outputs) {
  constexpr std::string_view products[] = {"matmul", "einsum", "tensordot",   "det",
                                           "inv",    "solve",  "cholesky",    "slogdet",
                                           "logdet", "stft",   "spectrogram", "resize"};
  const double all = elements_of_all(inputs) + elements_of_all(outputs);
  if (std::find(std::begin(products), std::end(products), op.kind->name) == std::end(products)) {
    return all * look * 2;
  }
  double longest = 1;
  for (const graph::Value& input : inputs) {
    for (const graph::Extent extent : input.shape) longest = std::max(longest, extent_of(extent));
  }
  return all * longest * look;
}

double upsample_work(const graph::Upsample& op, const graph::Value& x, const graph::Value& y) {
  double longest = 1;
  for (std::size_t axis = 1; axis < x.shape.size(); ++axis) {
    if (axis != op.channel_axis) longest = std::max(longest, extent_at(x, axis));
  }
  return elements_of(y) * longest * look;
}

}  // namespace

double elements_of(const graph::Value& value) {
  double count = 1;
  for (const graph::Extent extent : value.shape) count *= extent_of(extent);
  return count;
}

double work_of(const graph::Op& op, const std::vector<graph::Value>& inputs,
               const std::vector<graph::Value>& outputs) {
  const auto x = [&inputs]() -> const graph::Value& { return inputs.at(0); };
  const auto y = [&outputs]() -> const graph::Value& { return outputs.at(0); };
  const double looks = (elements_of_all(inputs) + elements_of_all(outputs)) * look;
  const double products = std::visit(
      io::overloaded{
          [&](const graph::Conv& conv) { return conv_work(conv, x(), y()); },
          [&](const graph::LocallyConnected& local) {
            return elements_of(y()) * product_of(local.kernel_size) *
                   static_cast<double>(local.in_channels) * look;
          },
          [&](const graph::Dense& dense) {
            return elements_of(y()) * static_cast<double>(dense.in_features);
          },
          [&](const graph::EinsumDense& dense) { return einsum_work(dense, y()); },
          [&](const graph::Attention& attention) { return attention_work(attention, inputs, y()); },
          [&](const graph::MultiHeadAttention& attention) { return heads_work(attention, inputs); },
          [&](const graph::ReverseEmbedding& embedding) {
            return elements_of(y()) * static_cast<double>(embedding.output_dim);
          },
          [&](const graph::Dot& dot) {
            return elements_of(y()) * extent_at(x(), static_cast<std::size_t>(dot.axis_a)) * look *
                   3;
          },
          [&](const graph::Pool& pool) { return elements_of(y()) * product_of(pool.size) * look; },
          [&](const graph::Upsample& upsample) { return upsample_work(upsample, x(), y()); },
          [&](const graph::Recurrent& recurrent) { return recurrent_work(recurrent, x()); },
          [&](const graph::ConvRecurrent& recurrent) {
            return conv_recurrent_work(recurrent, x());
          },
          [&](const graph::Function& function) { return function_work(function, inputs, outputs); },
          [](const auto&) { return 0.0; },
      },
      op);
  return looks + products;
}

}  // namespace tensorferry::convert
