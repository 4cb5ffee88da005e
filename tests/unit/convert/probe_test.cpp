#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <set>

#include "convert/probe.h"
#include "convert/probe_file.h"
#include "convert/probe_inputs.h"
#include "convert/probe_random.h"
#include "io/error.h"

using namespace tensorferry;
using convert::InputUse;
using convert::Random;

namespace {

using Shape = std::vector<graph::Extent>;

graph::Value value_of(Shape shape, tensor::DType dtype = tensor::DType::Float32) {
  graph::Value value;
  value.shape = std::move(shape);
  value.dtype = dtype;
  return value;
}

graph::Node node_of(graph::Op op, std::vector<graph::ValueId> inputs, graph::ValueId output) {
  return {std::move(op), std::move(inputs), {output}, std::nullopt, "layer"};
}

/// A program of inputs, and ops that take them all.
graph::Program program_of(const std::vector<graph::Value>& inputs, graph::Op op) {
  graph::Graph graph;
  std::vector<graph::ValueId> values;
  for (const graph::Value& input : inputs) {
    values.push_back(graph::add_value(graph, input));
    graph.inputs.push_back({"x" + std::to_string(values.back()), values.back()});
  }
  const graph::ValueId output = graph::add_value(graph, inputs.at(0));
  graph.outputs.push_back({"y", output});
  graph.nodes.push_back(node_of(std::move(op), values, output));
  graph::Program program;
  program.graphs.push_back(std::move(graph));
  return program;
}

std::vector<Shape> shapes_of(const graph::Program& program,
                             const convert::ProbeLimits& limits = {}) {
  std::string reason;
  const auto shapes = convert::probe_shapes(program, limits, reason);
  return shapes ? shapes->inputs : std::vector<Shape>{};
}

graph::Array input_of(const graph::Value& value, const Shape& shape, const InputUse& use) {
  Random random(5);
  return convert::probe_input(value, shape, use, false, random);
}

}  // namespace

TEST_CASE("splitmix64, with the numbers of its authors' program") {
  Random random(1234567);
  CHECK(random.next() == 6457827717110365317u);
  CHECK(random.next() == 3203168211198807973u);
  CHECK(random.next() == 9817491932198370423u);
}

TEST_CASE("normal numbers have mean 0 and variance 1, uniform ones are in [0, 1)") {
  Random random(1);
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < 20000; ++i) {
    const double x = random.normal();
    sum += x;
    squares += x * x;
    const double u = random.uniform();
    CHECK((u >= 0 && u < 1));
  }
  CHECK(std::abs(sum / 20000) < 0.03);
  CHECK(std::abs(squares / 20000 - 1) < 0.05);
}

TEST_CASE("open extents: odd and unequal, the same where inputs must agree") {
  const auto unknown = graph::unknown_extent;
  const auto map = value_of({unknown, unknown, unknown, 3});
  CHECK(shapes_of(program_of({map}, graph::Unary{})) == std::vector<Shape>{{3, 33, 35, 3}});
  const auto fixed = value_of({4, unknown, 6});
  CHECK(shapes_of(program_of({fixed}, graph::Unary{})) == std::vector<Shape>{{4, 11, 6}});
  CHECK(shapes_of(program_of({map, map}, graph::Merge{})) ==
        std::vector<Shape>{{3, 33, 35, 3}, {3, 33, 35, 3}});
}

TEST_CASE(
    "open extents: others where the model cannot take the first, small ones where the work "
    "is too much") {
  const auto unknown = graph::unknown_extent;
  // 33 times 35 is no multiple of 8.
  const auto map = value_of({unknown, unknown, unknown, 1});
  const auto halved = program_of({map}, graph::Reshape{{-1, 8}});
  CHECK(shapes_of(halved) == std::vector<Shape>{{3, 32, 64, 1}});
  const auto free = program_of({map}, graph::Unary{});
  CHECK(shapes_of(free, {30000, 1e9}) == std::vector<Shape>{{1, 33, 35, 1}});
  CHECK(shapes_of(free, {5000, 1e9}) == std::vector<Shape>{{3, 7, 9, 1}});
  std::string reason;
  CHECK_FALSE(convert::probe_shapes(free, {10, 1e9}, reason));
  CHECK(reason.find("multiply-adds") != std::string::npos);
  CHECK_FALSE(convert::probe_shapes(free, {1e9, 10}, reason));
  CHECK(reason.find("GB") != std::string::npos);
}

TEST_CASE("what an input is used for, through a cast and arithmetic") {
  graph::Program program = program_of({value_of({2, 5})}, graph::Cast{tensor::DType::Int32});
  graph::Graph& graph = program.graphs[0];
  const graph::ValueId rows = graph::add_value(graph, value_of({2, 5, 3}));
  graph.nodes.push_back(node_of(graph::Embedding{7, 3}, graph.nodes[0].outputs, rows));
  const graph::ValueId mask = graph::add_value(graph, value_of({2, 5}, tensor::DType::Bool));
  graph.nodes.push_back(node_of(graph::NotEqualTo{0, false}, {graph.inputs[0].value}, mask));
  const convert::Walk walk = convert::walk(program, {{2, 5}});
  CHECK(walk.uses.at(0).below == 7);
  CHECK(walk.uses.at(0).masked_by == 0.0);
  CHECK_FALSE(walk.uses.at(0).is_mask);
}

TEST_CASE("indices are in range, and the end of the last sample is masked") {
  InputUse use;
  use.below = 3;
  use.masked_by = 0;
  const graph::Array tokens = input_of(value_of({2, 9}), {2, 9}, use);
  REQUIRE(tokens.data.size() == 18);
  for (std::size_t i = 0; i < 15; ++i) CHECK((tokens.data[i] == 1 || tokens.data[i] == 2));
  for (std::size_t i = 15; i < 18; ++i) CHECK(tokens.data[i] == 0);
}

TEST_CASE("a Masking's number fills whole times") {
  InputUse use;
  use.masked_by = -1;
  use.any_of_last = true;
  const graph::Array x = input_of(value_of({2, 3, 4}), {2, 3, 4}, use);
  for (std::size_t i = 0; i < 24; ++i) CHECK((x.data[i] == -1) == (i >= 20));
}

TEST_CASE("masks and truth values: both, the first of a row true") {
  InputUse use;
  use.is_mask = true;
  for (const graph::Array& mask : {input_of(value_of({2, 20}), {2, 20}, use),
                                   input_of(value_of({2, 20}, tensor::DType::Bool), {2, 20}, {})}) {
    double sum = 0;
    for (const double value : mask.data) {
      CHECK((value == 0 || value == 1));
      sum += value;
    }
    CHECK(mask.data[0] == 1);
    CHECK(mask.data[20] == 1);
    CHECK((sum > 5 && sum < 35));
  }
}

TEST_CASE("numbers are exact in the input's dtype") {
  const graph::Array x = input_of(value_of({1, 50}, tensor::DType::BFloat16), {1, 50}, {});
  for (const double value : x.data) {
    int exponent = 0;
    const double mantissa = std::frexp(value, &exponent) * 256;
    CHECK(mantissa == std::round(mantissa));
  }
  const graph::Array y = input_of(value_of({1, 50}), {1, 50}, {});
  for (const double value : y.data) CHECK(value == static_cast<double>(static_cast<float>(value)));
}

TEST_CASE("the probe's tensors lie as the target's model takes and gives them") {
  const graph::Program program = program_of({value_of({2, 3, 4, 5})}, graph::Identity{});
  torch::Output output;
  output.class_name = "Net";
  output.inputs.push_back({"x", tensor::DType::Float32, {2, 3, 4, 5}, {2, 5, 3, 4}, {0, 3, 1, 2}});
  output.outputs.push_back({"y", tensor::DType::Float32, {2, 3, 4, 5}, {2, 3, 4, 5}, {}});
  REQUIRE(convert::add_probe(output, {}, program, {}, {}, {}));
  REQUIRE(output.bundle.files.size() == 2);
  CHECK(output.bundle.files[0].path == "probe.safetensors");
  CHECK(output.bundle.files[1].path == "verify.py");
  const auto& text = std::get<tensor::InlinePart>(output.bundle.files[0].parts.at(0)).bytes;
  CHECK(text.find(R"("input.x":{"dtype":"F32","shape":[2,5,3,4])") != std::string::npos);
  CHECK(text.find(R"("output.y":{"dtype":"F32","shape":[2,3,4,5])") != std::string::npos);
  const auto* floats = reinterpret_cast<const float*>(text.data() + text.size() - 960);
  for (int channel = 0; channel < 5; ++channel) {
    for (int place = 0; place < 12; ++place) {
      CHECK(floats[channel * 12 + place] == floats[120 + place * 5 + channel]);
    }
  }
}

TEST_CASE("a run that was made elsewhere is taken where it is one of the model") {
  graph::Program program = program_of({value_of({2, 3})}, graph::Identity{});
  graph::Graph& root = program.graphs.at(program.root);
  root.values.at(root.outputs.at(0).value).shape = {2, 3};
  const graph::Array six{{2, 3}, {1, 2, 3, 4, 5, 6}};
  const auto added = [&](const convert::ProbeRun& run) {
    torch::Output output;
    output.class_name = "Net";
    output.inputs.push_back({"x", tensor::DType::Float32, {2, 3}, {2, 3}, {}});
    output.outputs.push_back({"y", tensor::DType::Float32, {2, 3}, {2, 3}, {}});
    convert::add_probe(output, {}, program, {}, {}, run);
    return std::get<tensor::InlinePart>(output.bundle.files.at(1).parts.at(0)).bytes;
  };
  const std::string text = added({"TensorFlow.js 4.22.0", {six}, {six}, {}});
  CHECK(text.find("TensorFlow.js 4.22.0 computed") != std::string::npos);
  CHECK(text.find("reference evaluator") == std::string::npos);
  CHECK(added({"", {six}, {six}, {}}).find("reference evaluator") != std::string::npos);

  const graph::Array flat{{6}, {1, 2, 3, 4, 5, 6}};
  const graph::Array infinite{{2, 1}, {1, std::numeric_limits<double>::infinity()}};
  CHECK_THROWS_AS(added({"", {six}, {flat}, {}}), io::Error);
  CHECK_THROWS_AS(added({"", {six}, {infinite}, {}}), io::Error);
  CHECK_THROWS_AS(added({"", {six}, {}, {}}), io::Error);
  CHECK_THROWS_AS(added({"\"\"\"\nimport os #", {six}, {six}, {}}), io::Error);
}

TEST_CASE("samples are of the first call, from all over what it gave") {
  std::vector<convert::ModuleSample> samples;
  graph::Node node = node_of(graph::Identity{}, {0}, 1);
  graph::Array large{{64, 64}, {}};
  for (int i = 0; i < 64 * 64; ++i) large.data.push_back(i % 64);
  convert::take_sample(node, {large}, samples);
  CHECK(samples.empty());
  node.module = 7;
  convert::take_sample(node, {large}, samples);
  convert::take_sample(node, {graph::Array{{1}, {3}}}, samples);
  REQUIRE(samples.size() == 1);
  CHECK(samples[0].module == 7);
  CHECK(samples[0].values.shape == large.shape);
  CHECK(samples[0].values.data.size() == 512);
  const std::set<double> channels(samples[0].values.data.begin(), samples[0].values.data.end());
  CHECK(channels.size() == 64);
}

TEST_CASE("a layer that cannot be computed, and weights alone: a note") {
  const graph::Program program =
      program_of({value_of({2, 3})}, graph::Unsupported{"Mystery", "it is unknown"});
  for (const std::optional<graph::Program>& given : {std::optional(program), {}}) {
    torch::Output output;
    CHECK_FALSE(convert::add_probe(output, {}, given, {}, {}, {}));
    CHECK(output.bundle.files.empty());
    REQUIRE(output.notes.size() == 1);
    CHECK(output.notes[0].code == "probe-unavailable");
  }
}
