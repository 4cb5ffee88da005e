#include "graph/evaluate.h"

#include <doctest/doctest.h>

#include <cmath>

#include "graph/evaluate/kernels.h"

using namespace tensorferry;
using namespace tensorferry::graph;

namespace {

using Numbers = std::vector<double>;

void check_close(const Numbers& found, const Numbers& expected) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i);
    CHECK(found[i] == doctest::Approx(expected[i]).epsilon(1e-9));
  }
}

Conv conv_1d(std::int64_t size, std::int64_t stride, Pad pad) {
  Conv conv;
  conv.spatial_rank = 1;
  conv.in_channels = 1;
  conv.out_channels = 1;
  conv.kernel_size = {size};
  conv.strides = {stride};
  conv.dilations = {1};
  conv.padding = {SpatialPadding::Kind::Explicit, {pad}};
  conv.channel_axis = 2;
  return conv;
}

/// A program of one node whose only module holds these parameters.
Program one_node(Op op, Value input, std::vector<Parameter> parameters) {
  Program program;
  Graph graph;
  const ValueId x = add_value(graph, std::move(input));
  const ValueId y = add_value(graph, {});
  graph.nodes.push_back({Input{"x"}, {}, {x}, {}, "x", false});
  graph.nodes.push_back({std::move(op), {x}, {y}, 0, "layer", false});
  graph.inputs = {{"x", x}};
  graph.outputs = {{"y", y}};
  program.graphs.push_back(std::move(graph));
  program.modules.push_back({"layer", "", std::move(parameters), true, tensor::DType::Float32});
  return program;
}

/// Loads tensor number k, whose name is that number.
LoadTensor arrays(std::vector<Array> list) {
  return [list](const tensor::TensorRef& ref) { return list.at(std::stoul(ref.name)); };
}

void number_tensors(Program& program, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    tensor::TensorRef ref;
    ref.name = std::to_string(i);
    program.tensors.push_back(ref);
  }
}

}  // namespace

TEST_CASE("a convolution is a cross-correlation over padded input") {
  const Array x{{1, 4, 1}, {1, 2, 3, 4}};
  const LoadedParameter kernel{{{2, 1, 1}, {10, 1}}, {"length", "in", "out"}};
  // 0 1 2 3 4 0 by [10 1], every second.
  check_close(evaluate_conv(conv_1d(2, 2, {1, 1}), x, kernel, nullptr).data, {1, 23, 40});
  const Array bias{{1}, {100}};
  check_close(evaluate_conv(conv_1d(2, 2, {1, 1}), x, kernel, &bias).data, {101, 123, 140});
}

TEST_CASE("a transposed convolution is cut, or lengthened with zeros before the bias") {
  Conv conv = conv_1d(2, 3, {0, -1});
  conv.transposed = true;
  const Array x{{1, 2, 1}, {1, 2}};
  const LoadedParameter kernel{{{2, 1, 1}, {10, 1}}, {"length", "out", "in"}};
  const Array bias{{1}, {0.5}};
  check_close(evaluate_conv(conv, x, kernel, &bias).data, {10.5, 1.5, 0.5, 20.5, 2.5, 0.5});
  conv.padding.pads = {{1, 1}};
  check_close(evaluate_conv(conv, x, kernel, nullptr).data, {1, 0, 20});
}

TEST_CASE("groups and depth multipliers take their own input channels") {
  Conv conv = conv_1d(1, 1, {});
  conv.in_channels = 2;
  conv.out_channels = 4;
  conv.groups = 2;
  const Array x{{1, 1, 2}, {3, 5}};
  const LoadedParameter grouped{{{1, 1, 4}, {1, 2, 3, 4}}, {"length", "in", "out"}};
  check_close(evaluate_conv(conv, x, grouped, nullptr).data, {3, 6, 15, 20});
  const LoadedParameter depthwise{{{1, 2, 2}, {1, 2, 3, 4}}, {"length", "in", "multiplier"}};
  check_close(evaluate_conv(conv, x, depthwise, nullptr).data, {3, 6, 15, 20});
}

TEST_CASE("the order of the axes does not change a convolution") {
  Conv conv;
  conv.in_channels = 1;
  conv.out_channels = 2;
  conv.kernel_size = {2, 1};
  conv.strides = {1, 1};
  conv.dilations = {1, 1};
  conv.padding = {SpatialPadding::Kind::Same, {}};
  const LoadedParameter kernel{{{2, 1, 1, 2}, {1, 10, 2, 20}}, {"height", "width", "in", "out"}};
  conv.channel_axis = 3;
  const Array last = evaluate_conv(conv, {{1, 2, 3, 1}, {1, 2, 3, 4, 5, 6}}, kernel, nullptr);
  conv.channel_axis = 1;
  const Array first = evaluate_conv(conv, {{1, 1, 2, 3}, {1, 2, 3, 4, 5, 6}}, kernel, nullptr);
  check_close(last.data, {9, 90, 12, 120, 15, 150, 4, 40, 5, 50, 6, 60});
  check_close(evaluate_permute({{0, 2, 3, 1}}, first).data, last.data);
}

TEST_CASE("average pooling divides by the cells that are there, max pooling pads with nothing") {
  Pool pool;
  pool.spatial_rank = 1;
  pool.size = {3};
  pool.strides = {2};
  pool.padding = {SpatialPadding::Kind::Same, {}};
  pool.channel_axis = 2;
  pool.kind = Pool::Kind::Average;
  const Array x{{1, 3, 1}, {-1, -3, -8}};
  check_close(evaluate_pool(pool, x).data, {-2, -5.5});
  pool.kind = Pool::Kind::Max;
  check_close(evaluate_pool(pool, x).data, {-1, -3});
}

TEST_CASE("upsampling is half-pixel, with the weights inside the input scaled to one") {
  Upsample upsample{tensor::Interpolation::Bilinear, {2}, 2};
  const Array x{{1, 2, 1}, {0, 4}};
  check_close(evaluate_upsample(upsample, x).data, {0, 1, 3, 4});
  upsample.kind = tensor::Interpolation::Nearest;
  upsample.factors = {3};
  check_close(evaluate_upsample(upsample, x).data, {0, 0, 0, 4, 4, 4});
  // At 0.25 Keys's weights with a = −0.5 are 0.8671875 and 0.2265625 inside the two cells.
  upsample = {tensor::Interpolation::Bicubic, {2}, 2};
  const double second = 4 * 0.2265625 / (0.8671875 + 0.2265625);
  // TensorFlow's weights are float32.
  CHECK(evaluate_upsample(upsample, x).data[1] == doctest::Approx(second).epsilon(1e-6));
}

TEST_CASE("activations bend where Keras says") {
  const auto at = [](UnaryKind kind, double x, double alpha = 0, double beta = 0,
                     double gamma = 0) { return evaluate_unary({kind, alpha, beta, gamma}, x); };
  CHECK(at(UnaryKind::HardSigmoid2, 1) == doctest::Approx(0.7));
  CHECK(at(UnaryKind::HardSigmoid3, 1) == doctest::Approx(4.0 / 6));
  CHECK(at(UnaryKind::ReluGeneral, 0.5, 0.1, 2, 1) == doctest::Approx(-0.05));
  CHECK(at(UnaryKind::ReluGeneral, 1.5, 0.1, 2, 1) == doctest::Approx(1.5));
  CHECK(at(UnaryKind::ReluGeneral, 9, 0.1, 2, 1) == doctest::Approx(2));
  CHECK(at(UnaryKind::SparsePlus, 0.5) == doctest::Approx(0.5625));
  CHECK(at(UnaryKind::SquarePlus, 0, 4) == doctest::Approx(1));
  CHECK(at(UnaryKind::GeluErf, 1) == doctest::Approx(0.8413447460685429));
  CHECK(at(UnaryKind::LogSigmoid, -800) == doctest::Approx(-800));
  CHECK(at(UnaryKind::SoftShrink, -0.7, 0.5) == doctest::Approx(-0.2));
}

TEST_CASE("softmax over two axes at once, and sparsemax") {
  const double eighth = std::log(0.125);
  const Array x{{1, 2, 2}, {eighth, eighth, eighth, std::log(0.625)}};
  check_close(evaluate_softmax({Softmax::Kind::Softmax, {1, 2}}, x).data,
              {0.125, 0.125, 0.125, 0.625});
  check_close(evaluate_softmax({Softmax::Kind::Softmax, {1}}, x).data,
              {0.5, 1.0 / 6, 0.5, 5.0 / 6});
  // In float32 the logarithm of how many there are is nothing beside what a mask adds.
  check_close(evaluate_softmax({Softmax::Kind::Softmax, {1, 2}}, {{1, 1, 2}, {-1e9, -1e9}}).data,
              {1, 1});
  check_close(evaluate_softmax({Softmax::Kind::Softmax, {2}}, {{1, 1, 2}, {-1e9, -1e9}}).data,
              {0.5, 0.5});
  // Support 0.5, 0.1 with the cumulative sums 0.5, 0.6: threshold (1.1 − 1) / 2.
  check_close(evaluate_softmax({Softmax::Kind::Sparsemax, {1}}, {{1, 3}, {0.5, 0.1, -1}}).data,
              {0.45, 0.05, 0});
}

TEST_CASE("a parameter is found along Keras's axes whatever the layout") {
  LayerNorm norm;
  norm.axes = {1, 2};
  norm.extents = {2, 2};
  norm.epsilon = 0;
  norm.center = false;
  Value value;
  value.layout.axes = {0, 2, 1};  // held transposed
  Program program = one_node(norm, value, {{"gamma", 0, {"axis1", "axis2"}, {}}});
  number_tensors(program, 1);
  // x transposed is [[1, 1], [−1, −1]]: mean 0, deviation 1.
  const auto load = arrays({{{2, 2}, {1, 2, 3, 4}}});
  check_close(evaluate(program, {{{1, 2, 2}, {1, 1, -1, -1}}}, load)[0].data, {1, 3, -2, -4});
}

TEST_CASE("a Dense behind a flattened map reads its rows in the target's order") {
  Dense dense{4, 1, false};
  FlattenedRun run{{2, 2}, {1, 0}};
  Program program = one_node(dense, {}, {{"kernel", 0, {"in", "out"}, {run}}});
  number_tensors(program, 1);
  const auto load = arrays({{{4, 1}, {1, 10, 100, 1000}}});
  // The target holds (c, w) of Keras's (w, c): its second element is Keras's third.
  check_close(evaluate(program, {{{1, 4}, {1, 2, 3, 4}}}, load)[0].data, {1 + 200 + 30 + 4000});
}

TEST_CASE("Dot contracts and normalizes") {
  const Array a{{1, 2, 2}, {1, 2, 3, 4}};
  const Array b{{1, 2}, {3, 4}};
  check_close(evaluate_dot({1, 1, false}, a, b).data, {15, 22});
  check_close(evaluate_dot({2, 1, false}, a, b).data, {11, 25});
  check_close(evaluate_dot({1, 1, true}, b, b).data, {1});
}

TEST_CASE("casts round to nearest even") {
  check_close(evaluate_cast({tensor::DType::Float16}, {{2}, {1 + 1.0 / 2048, 1 + 3.0 / 2048}}).data,
              {1, 1 + 1.0 / 512});
  CHECK(evaluate_cast({tensor::DType::Float32}, {{1}, {0.1}}).data[0] == static_cast<double>(0.1f));
}

namespace {

/// A recurrent layer of one unit over one feature, all of whose functions are linear.
Recurrent linear_cell(Recurrent::Cell cell) {
  Recurrent op;
  op.cell = cell;
  op.in_features = op.units = 1;
  op.activation = op.recurrent_activation = Identity{};
  op.bias = false;
  op.initial_state = true;
  return op;
}

}  // namespace

TEST_CASE("the gates of an LSTM are i, f, c, o, and those of a GRU z, r, h") {
  const Array x{{1, 1, 1}, {1}};
  const RecurrentWeights lstm{{{1, 4}, {1, 2, 3, 4}}, {{1, 4}, {0, 0, 0, 0}}, {}};
  Recurrent op = linear_cell(Recurrent::Cell::Lstm);
  op.return_state = true;
  const std::vector<Array> states =
      evaluate_recurrent(op, {lstm}, {x, {{1, 1}, {5}}, {{1, 1}, {2}}});
  CHECK(states.at(1).data == Numbers{28});
  CHECK(states.at(2).data == Numbers{7});

  RecurrentWeights gru{{{1, 3}, {1, 2, 3}}, {{1, 3}, {0.5, 1, 2}}, {}};
  op = linear_cell(Recurrent::Cell::Gru);
  CHECK(evaluate_recurrent(op, {gru}, {x, {{1, 1}, {0.5}}}).at(0).data == Numbers{-0.75});
  op.bias = op.reset_after = true;
  gru.bias = {{2, 3}, {0, 0, 0, 0, 0, 1}};
  CHECK(evaluate_recurrent(op, {gru}, {x, {{1, 1}, {0.5}}}).at(0).data == Numbers{-1.375});
}

TEST_CASE("the backward sequence is turned back before it meets the forward one") {
  const Array x{{1, 3, 1}, {1, 2, 4}};
  const RecurrentWeights weights{{{1, 1}, {2}}, {{1, 1}, {3}}, {{1}, {1}}};
  Recurrent op = linear_cell(Recurrent::Cell::Simple);
  op.bias = op.return_sequences = true;
  op.initial_state = false;
  CHECK(evaluate_recurrent(op, {weights}, {x}).at(0).data == Numbers{3, 14, 51});
  op.go_backwards = true;
  CHECK(evaluate_recurrent(op, {weights}, {x}).at(0).data == Numbers{9, 32, 99});
  op.go_backwards = false;
  op.bidirectional = true;
  op.merge = Recurrent::Merge::Sum;
  CHECK(evaluate_recurrent(op, {weights, weights}, {x}).at(0).data == Numbers{102, 46, 60});
  op.return_sequences = false;
  CHECK(evaluate_recurrent(op, {weights, weights}, {x}).at(0).data == Numbers{150});
}

TEST_CASE("groups are of neighbouring channels, and a norm has a least value") {
  GroupNorm norm;
  norm.axis = 1;
  norm.groups = 2;
  norm.features = 4;
  norm.epsilon = 0;
  // (1, 4 channels, 1 cell): the pairs 1, 3 and 2, 6 by themselves.
  check_close(group_normalized(norm, {{1, 4, 1}, {1, 3, 2, 6}}).data, {-1, 1, -1, 1});
  check_close(evaluate_unit_norm({{1}, 1}, {{2, 2}, {3, 4, 0.3, 0.4}}).data, {0.6, 0.8, 0.3, 0.4});
}

TEST_CASE("a query of another length than the keys; it sees no later one") {
  const Array query{{1, 2, 1}, {0, 1}};
  const Array key{{1, 3, 1}, {std::log(2.0), std::log(6.0), 50}};
  const Array value{{1, 3, 2}, {1, 10, 2, 20, 4, 40}};
  const Array scores = attention_scores({}, query, key, {{}, {1}}, 1);
  const std::vector<Array> results = attend(scores, value, {true, 0, nullptr, false}, true);
  check_close(results[0].data, {1, 10, 0.25 * 1 + 0.75 * 2, 0.25 * 10 + 0.75 * 20});
  check_close(results[1].data, {1, 0, 0, 0.25, 0.75, 0});
}

TEST_CASE("heads are split and joined; several queries' heads share one of the keys") {
  const Array x{{1, 2, 4}, {1, 2, 3, 4, 5, 6, 7, 8}};
  const Array heads = split_heads(x, 2, 1);
  check_close(heads.data, {1, 2, 5, 6, 3, 4, 7, 8});
  check_close(join_heads(heads).data, x.data);
  check_close(split_heads({{1, 1, 2}, {1, 2}}, 2, 2).data, {1, 1, 2, 2});
}

TEST_CASE("an einsum of letters and of axes that are not named") {
  EinsumDense op{"ab,bc->ca", {2, 1}, false};
  check_close(evaluate_einsum(op, {{2, 2}, {1, 2, 3, 4}}, {{2, 1}, {10, 1}}).data, {12, 34});
  op.equation = "...x,xy->...y";
  check_close(evaluate_einsum(op, {{1, 2, 2}, {1, 2, 3, 4}}, {{2, 1}, {10, 1}}).data, {12, 34});
}
