#include "torch/target.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

#include "passes/model_builder.h"

namespace tensorferry::torch {
namespace {

using graph::ModelBuilder;
using graph::ValueId;

std::string text_of(const Output& output) {
  return std::get<tensor::InlinePart>(output.bundle.files.at(0).parts.at(0)).bytes;
}

std::vector<std::string> keys(const Output& output) {
  std::vector<std::string> result;
  for (const WeightRow& row : output.weights) result.push_back(row.key);
  return result;
}

bool has_text(const std::string& text, const std::string& piece) {
  return text.find(piece) != std::string::npos;
}

TEST_CASE("a small network reads as one would write it") {
  ModelBuilder builder(1);
  const ValueId x = builder.input("image", {9, 6, 3});
  const ValueId a = builder.relu(builder.batch_norm(builder.conv(x, 4, {3, 3}), 3));
  const ValueId b = builder.conv(builder.relu(builder.conv(a, 4, {3, 2})), 4, {1, 1});
  const ValueId y = builder.relu(builder.add(graph::Merge{graph::Merge::Kind::Add}, {a, b}));
  builder.output("scores", builder.dense(builder.flatten(y), 5));
  const Output output = write(builder.program(), {});
  CHECK(text_of(output) == R"(import torch
import torch.nn.functional as F
from torch import nn


class Model(nn.Module):
    """A Keras model.

    Takes x: (N, 3, 9, 6), channels first.
    Gives scores: (N, 5).
    """

    def __init__(self):
        super().__init__()
        self.layer0 = nn.Conv2d(3, 4, kernel_size=3, padding=1)
        self.layer1 = nn.BatchNorm2d(4, eps=0.001, momentum=0.01)
        self.layer2 = nn.Conv2d(4, 4, kernel_size=(3, 2))
        self.layer3 = nn.Conv2d(4, 4, kernel_size=1)
        self.layer4 = nn.Linear(216, 5)

    def forward(self, x):
        x = self.layer0(x)
        x = F.relu(self.layer1(x))
        residual = F.pad(x, (0, 1, 1, 1))
        residual = F.relu(self.layer2(residual))
        residual = self.layer3(residual)
        x = F.relu(x + residual)
        x = torch.flatten(x, start_dim=1)
        x = self.layer4(x)
        return x
)");
  CHECK(output.inputs[0].permute == std::vector<std::size_t>{0, 3, 1, 2});
  CHECK(output.inputs[0].keras_shape == std::vector<graph::Extent>{-1, 9, 6, 3});
  CHECK(output.inputs[0].shape == std::vector<graph::Extent>{-1, 3, 9, 6});
  CHECK(output.outputs[0].permute.empty());
  CHECK(output.weights.back().key == "layer4.bias");
  const WeightRow& dense = output.weights[output.weights.size() - 2];
  CHECK(dense.transform == "rows(c,h,w) > permute(1,0)");
  CHECK_FALSE(output.incomplete);
}

/// "layer: text / text", for each entry the lines that it names, without their indentation.
std::vector<std::string> named_lines(const Output& output) {
  std::vector<std::string> lines{""};
  std::istringstream text(text_of(output));
  for (std::string line; std::getline(text, line);) {
    lines.push_back(line.substr(std::min(line.find_first_not_of(' '), line.size())));
  }
  std::vector<std::string> result;
  for (const LinesOfLayer& found : output.lines) {
    std::string entry = found.layer + ":";
    for (std::size_t i = found.first; i <= found.last; ++i) entry += " " + lines.at(i);
    result.push_back(entry);
  }
  return result;
}

TEST_CASE("each layer's lines of the source are known") {
  ModelBuilder builder(1);
  const ValueId x = builder.input("image", {9, 6, 3});
  const ValueId a = builder.relu(builder.batch_norm(builder.conv(x, 4, {3, 3}), 3));
  const ValueId b = builder.conv(a, 4, {3, 2});
  builder.output("scores", builder.dense(builder.flatten(b), 5));
  const graph::Program program = builder.program();
  const std::vector<graph::Node>& nodes = program.graphs[0].nodes;
  std::vector<std::string> layers;
  for (const graph::Node& node : nodes) layers.push_back(node.layer);
  const std::vector<std::string> found = named_lines(write(program, {}));
  CHECK(found == std::vector<std::string>{
                     layers[1] + ": self.layer0 = nn.Conv2d(3, 4, kernel_size=3, padding=1)",
                     layers[2] + ": self.layer1 = nn.BatchNorm2d(4, eps=0.001, momentum=0.01)",
                     layers[4] + ": self.layer2 = nn.Conv2d(4, 4, kernel_size=(3, 2))",
                     layers[6] + ": self.layer3 = nn.Linear(216, 5)",
                     layers[1] + ": x = self.layer0(x)",
                     layers[3] + ": x = F.relu(self.layer1(x))",
                     layers[2] + ": x = F.relu(self.layer1(x))",
                     layers[4] + ": x = F.pad(x, (0, 1, 1, 1)) x = self.layer2(x)",
                     layers[5] + ": x = torch.flatten(x, start_dim=1)",
                     layers[6] + ": x = self.layer3(x)",
                 });
}

TEST_CASE("the lines of a sequence's steps are known where they are broken, and where not") {
  ModelBuilder builder(1);
  const ValueId x = builder.input("x", {6});
  builder.output("y", builder.dense(builder.relu(builder.dense(x, 7)), 5));
  graph::Program program = builder.program();
  program.graphs[0].sequential = true;
  const Output output = write(program, {});
  REQUIRE(has_text(text_of(output), "nn.Sequential"));
  const std::vector<graph::Node>& nodes = program.graphs[0].nodes;
  const std::vector<std::string> found = named_lines(output);
  REQUIRE(found.size() == 3);
  CHECK(found[0] == nodes[1].layer + ": (\"layer0\", nn.Linear(6, 7)),");
  CHECK(found[2] == nodes[3].layer + ": (\"layer1\", nn.Linear(7, 5)),");
}

TEST_CASE("a layer at two depths is one module with two keys") {
  ModelBuilder builder(2);
  const ValueId inner = builder.input("inner_x", {4});
  const graph::ModuleId shared = builder.dense_module(4, 4);
  builder.output("inner_y", builder.dense(inner, 4, shared));
  builder.nest();
  const ValueId x = builder.input("x", {4});
  const ValueId y = builder.add(graph::CallGraph{0}, {x});
  builder.output("y", builder.dense(y, 4, shared));
  const Output output = write(builder.program(), {});
  CHECK(keys(output) == std::vector<std::string>{"node1.layer0.weight", "node1.layer0.bias",
                                                 "layer0.weight", "layer0.bias"});
  CHECK(has_text(text_of(output), "        self.layer0 = self.node1.layer0\n"));
}

TEST_CASE("names from the model are identifiers or escaped") {
  graph::Program program;
  program.graphs.emplace_back();
  graph::Graph& graph = program.graphs[0];
  graph.name = "x\"\"\"\nimport os\n";
  graph::Value value;
  value.shape = {graph::unknown_extent, 3};
  const ValueId x = add_value(graph, value);
  const ValueId y = add_value(graph, value);
  graph.inputs = {{"x", x}};
  graph.outputs = {{"\"\"\"\nimport os\n", y}};
  graph.nodes.push_back({graph::Input{"x"}, {}, {x}, std::nullopt, "x", false});
  graph.nodes.push_back({graph::Unsupported{"Lambda\n", "it is code"},
                         {x},
                         {y},
                         std::nullopt,
                         "\"); import os #\n",
                         false});
  const Output output = write(program, {});
  const std::string text = text_of(output);
  CHECK(output.incomplete);
  CHECK_FALSE(has_text(text, "\nimport os"));
  CHECK(has_text(text, "\"layer \\x22); import os #\\x0a (Lambda\\x0a) was not converted\""));
  CHECK(has_text(text, "self.layer_____import_os___ = NotConverted("));
}

TEST_CASE("weights without an architecture keep Keras's names") {
  const tensor::TensorRef kernel{
      "d/kernel:0", tensor::DType::Float32, {2, 3}, false, tensor::Contiguous{0, 64}};
  const Output plain = write_weights_only({{"d/kernel:0", kernel}}, {});
  CHECK(plain.weights[0].key == "d/kernel:0");
  CHECK(plain.weights[0].transform == "identity");
  CHECK(plain.incomplete);
  Options options;
  options.assume_kinds = true;
  const Output assumed = write_weights_only({{"d/kernel:0", kernel}}, options);
  CHECK(assumed.weights[0].transform == "permute(1,0)");
  CHECK(assumed.weights[0].shape == tensor::Shape{3, 2});
  CHECK(assumed.notes.at(0).code == "assumed-kind");
}

TEST_CASE("a dtype for the whole model") {
  ModelBuilder builder(3);
  const ValueId x = builder.input("x", {4});
  builder.output("y", builder.dense(builder.batch_norm(x, 1), 2));
  Options options;
  options.dtype = "float16";
  const Output output = write(builder.program(), options);
  CHECK(has_text(text_of(output), "        self.to(torch.float16)\n"));
  CHECK(output.inputs[0].dtype == tensor::DType::Float16);
  for (const WeightRow& row : output.weights) {
    const bool counter = row.key.ends_with("num_batches_tracked");
    CHECK(row.dtype == (counter ? tensor::DType::Int64 : tensor::DType::Float16));
  }
}

}  // namespace
}  // namespace tensorferry::torch
