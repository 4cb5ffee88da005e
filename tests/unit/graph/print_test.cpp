#include "graph/print.h"

#include <doctest/doctest.h>

using namespace tensorferry::graph;

TEST_CASE("a program as text says shapes, ops, layouts and parameters") {
  Program program;
  program.tensors.push_back({"conv/kernel", {}, {}, false, {}});
  program.modules.push_back({"conv", "", {{"kernel", 0, {"length", "in", "out"}, {}}}, false, {}});
  program.modules.back().compute_dtype = tensorferry::tensor::DType::Float32;

  Conv conv;
  conv.spatial_rank = 1;
  conv.in_channels = 3;
  conv.out_channels = 4;
  conv.kernel_size = {2};
  conv.strides = {1};
  conv.dilations = {1};
  conv.padding.pads = {{0, 1}};
  conv.channel_axis = 1;
  conv.bias = false;

  Graph graph;
  graph.name = "model";
  Value input;
  input.shape = {-1, 3, 7};
  input.layout.axes = {0, 2, 1};
  Value output = input;
  output.shape = {-1, 4, 7};
  output.dtype = tensorferry::tensor::DType::Float16;
  const ValueId x = add_value(graph, input);
  const ValueId y = add_value(graph, output);
  const ValueId z = add_value(graph, output);
  graph.nodes.push_back({Input{"x"}, {}, {x}, {}, "x", false});
  graph.nodes.push_back({conv, {x}, {y}, 0, "conv", false});
  graph.nodes.push_back({Unary{UnaryKind::Relu, 0, 0, 0}, {y}, {z}, {}, "conv", true});
  graph.outputs = {{"conv", z}};
  program.graphs.push_back(graph);

  CHECK(print(program) ==
        "graph 0 \"model\" root\n"
        "  %0 [?, 3, 7] order 0 2 1 = Input(\"x\")    # x\n"
        "  %1 [?, 4, 7] float16 order 0 2 1 = Conv(3 -> 4, kernel 2, strides 1, dilation 1, pads "
        "0+1, groups 1, channels at 1) %0    # conv (frozen): kernel(length in out) conv/kernel\n"
        "  %2 [?, 4, 7] float16 order 0 2 1 = Unary(relu, 0 0 0) %1    # conv (its activation)\n"
        "  return %2\n");
}
