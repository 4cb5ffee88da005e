#include <doctest/doctest.h>

#include <algorithm>

#include "passes/checked_layout.h"

namespace tensorferry::graph {
namespace {

using Axes = std::vector<std::size_t>;

template <class AnyOp>
std::size_t count(const Program& program) {
  std::size_t total = 0;
  for (const Graph& graph : program.graphs) {
    total += static_cast<std::size_t>(
        std::count_if(graph.nodes.begin(), graph.nodes.end(),
                      [](const Node& node) { return std::holds_alternative<AnyOp>(node.op); }));
  }
  return total;
}

std::size_t permutes(const Program& program) { return count<Permute>(program); }

std::size_t noted(const Program& program, const std::string& code) {
  return static_cast<std::size_t>(
      std::count_if(program.notes.begin(), program.notes.end(),
                    [&](const io::Note& note) { return note.code == code; }));
}

Axes input_axes(const Program& program, std::size_t i = 0) {
  const Graph& graph = program.graphs[program.root];
  return graph.values[graph.inputs[i].value].layout.axes;
}

Axes output_axes(const Program& program, std::size_t i = 0) {
  const Graph& graph = program.graphs[program.root];
  return graph.values[graph.outputs[i].value].layout.axes;
}

const Axes map_first{0, 3, 1, 2};

TEST_CASE("convolutions take and give channels first, without a permute") {
  ModelBuilder builder(1);
  const ValueId x = builder.input("x", {7, 6, 3});
  const ValueId y = builder.batch_norm(builder.conv(x, 4, {3, 2}), 3);
  builder.output("y", builder.conv(builder.relu(y), 5, {2, 3}));
  const Program after = checked_layout(builder);
  CHECK(permutes(after) == 0);
  CHECK(input_axes(after) == map_first);
  CHECK(output_axes(after) == map_first);
  CHECK(after.notes.empty());
}

TEST_CASE("channels_last_io permutes at the border") {
  ModelBuilder builder(2);
  const ValueId x = builder.input("x", {7, 6, 3});
  builder.output("y", builder.conv(x, 4, {3, 2}));
  const Program after = checked_layout(builder, {true});
  CHECK(permutes(after) == 2);
  CHECK(input_axes(after).empty());
  CHECK(output_axes(after).empty());
}

TEST_CASE("an input that is flattened or goes into a dense layer keeps Keras's layout") {
  ModelBuilder builder(3);
  const ValueId x = builder.input("x", {5, 6});
  builder.output("y", builder.dense(builder.flatten(x), 4));
  builder.output("z", builder.dense(x, 3));
  const Program after = checked_layout(builder);
  CHECK(permutes(after) == 0);
  CHECK(input_axes(after).empty());
}

TEST_CASE("an input with both kinds of consumers keeps Keras's layout and is noted") {
  ModelBuilder builder(4);
  const ValueId x = builder.input("x", {5, 4, 3});
  builder.output("y", builder.conv(x, 4, {3, 2}));
  builder.output("z", builder.dense(x, 3));
  const Program after = checked_layout(builder);
  CHECK(input_axes(after).empty());
  CHECK(noted(after, "mixed-layout") == 1);
  CHECK(permutes(after) == 1);
}

TEST_CASE("a flattened map is absorbed by Dense through elementwise ops and BatchNorm") {
  ModelBuilder builder(5);
  ValueId x = builder.conv(builder.input("x", {5, 4, 3}), 4, {3, 2});
  x = builder.batch_norm(builder.relu(builder.flatten(x)), 1);
  x = builder.prelu(builder.add(Dropout{}, {x}));
  builder.output("y", builder.dense(x, 6));
  const Program after = checked_layout(builder);
  CHECK(permutes(after) == 0);
  const Module& dense = after.modules.back();
  REQUIRE(dense.parameters[0].runs.size() == 1);
  CHECK(dense.parameters[0].runs[0].order == Axes{2, 0, 1});
  CHECK(dense.parameters[1].runs.empty());
}

TEST_CASE("Concatenate carries segments to Dense") {
  ModelBuilder builder(6);
  const ValueId x = builder.input("x", {5, 4, 3});
  const ValueId v = builder.input("v", {7});
  const ValueId a = builder.flatten(builder.conv(x, 2, {3, 2}));
  const ValueId b = builder.flatten(builder.conv(x, 3, {1, 2}));
  const ValueId joined = builder.add(Concatenate{1}, {a, v, b, builder.relu(a)});
  builder.output("y", builder.dense(builder.batch_norm(joined, 1), 6));
  const Program after = checked_layout(builder);
  CHECK(permutes(after) == 0);
  CHECK(after.modules.back().parameters[0].runs.size() == 4);
}

TEST_CASE("a flattened map is permuted first where nothing absorbs its order") {
  const auto permuted_for = [](const std::function<void(ModelBuilder&, ValueId)>& use) {
    ModelBuilder builder(7);
    const ValueId x = builder.conv(builder.input("x", {5, 4, 3}), 2, {3, 2});
    use(builder, builder.relu(builder.flatten(x)));
    const Program after = checked_layout(builder);
    CHECK(permutes(after) == 1);
    CHECK(noted(after, "permute-inserted") == 1);
  };
  permuted_for([](ModelBuilder& b, ValueId x) { b.output("y", x); });
  permuted_for([](ModelBuilder& b, ValueId x) {
    b.output("y", b.dense(b.add(Softmax{Softmax::Kind::Softmax, {1}}, {x}), 3));
  });
  permuted_for([](ModelBuilder& b, ValueId x) { b.output("y", b.dense(b.layer_norm(x, {1}), 3)); });
  permuted_for([](ModelBuilder& b, ValueId x) { b.output("y", b.add(Reshape{{4, 10}}, {x})); });
  permuted_for([](ModelBuilder& b, ValueId x) { b.output("y", b.add(RepeatVector{3}, {x})); });
  permuted_for([](ModelBuilder& b, ValueId x) {
    b.output("y", b.dense(x, 3));
    b.output("z", x);
  });
  permuted_for([](ModelBuilder& b, ValueId x) {
    b.output("y", b.dense(b.add(Merge{Merge::Kind::Add}, {x, b.dense(b.input("v", {40}), 40)}), 3));
  });
}

TEST_CASE("two flattened maps of one order are added without a permute") {
  ModelBuilder builder(8);
  const ValueId x = builder.input("x", {5, 4, 3});
  const ValueId a = builder.flatten(builder.conv(x, 2, {3, 2}));
  const ValueId b = builder.flatten(builder.conv(x, 2, {2, 2}));
  builder.output("y", builder.dense(builder.add(Merge{Merge::Kind::Multiply}, {a, b}), 6));
  CHECK(permutes(checked_layout(builder)) == 0);
}

TEST_CASE("a Dense shared by a flattened map and a plain vector absorbs no order") {
  ModelBuilder builder(9);
  const ValueId a = builder.flatten(builder.conv(builder.input("x", {5, 4, 3}), 2, {3, 2}));
  const ValueId v = builder.input("v", {40});
  const ModuleId shared = builder.dense_module(40, 3);
  builder.output("y", builder.dense(a, 3, shared));
  builder.output("z", builder.dense(v, 3, shared));
  const Program after = checked_layout(builder);
  CHECK(permutes(after) == 1);
  CHECK(after.modules[shared].parameters[0].runs.empty());
}

TEST_CASE("a BatchNorm shared by a flattened map and a plain vector absorbs no order") {
  ModelBuilder builder(10);
  const ValueId v = builder.input("v", {40});
  const ModuleId shared = builder.batch_norm_module(40);
  builder.output("z", builder.batch_norm(v, 1, shared));
  const ValueId a = builder.flatten(builder.conv(builder.input("x", {5, 4, 3}), 2, {3, 2}));
  builder.output("y", builder.dense(builder.batch_norm(a, 1, shared), 3));
  CHECK(permutes(checked_layout(builder)) == 1);
}

TEST_CASE("axes of BatchNorm and LayerNorm that are not the channels") {
  for (const std::size_t axis : {1u, 2u, 3u}) {
    ModelBuilder builder(11);
    ValueId x = builder.conv(builder.input("x", {5, 4, 3}), 2, {3, 2});
    x = builder.batch_norm(x, axis);
    builder.output("y", builder.conv(x, 3, {2, 2}));
    const Program after = checked_layout(builder);
    CHECK(permutes(after) == (axis == 3 ? 0 : 2));
    CHECK(output_axes(after) == map_first);
  }
  for (const Axes& axes :
       {Axes{1}, Axes{2}, Axes{3}, Axes{1, 2}, Axes{2, 3}, Axes{1, 3}, Axes{1, 2, 3}}) {
    ModelBuilder builder(12);
    ValueId x = builder.conv(builder.input("x", {5, 4, 3}), 2, {3, 2});
    x = builder.layer_norm(x, axes);
    builder.output("y", builder.conv(x, 3, {2, 2}));
    const Program after = checked_layout(builder);
    // Height and width lie last there, so do all three axes, in another order.
    const bool in_place = axes == Axes{1, 2, 3} || axes == Axes{1, 2} || axes == Axes{2};
    CHECK(permutes(after) == (in_place ? 0 : 2));
  }
}

TEST_CASE("a layer with weights of two axes that is shared between layouts") {
  ModelBuilder builder(13);
  const ValueId x = builder.input("x", {5, 4, 3});
  PRelu op{{5, 4, 3}};
  const ModuleId shared = builder.module({{"alpha", {"axis1", "axis2", "axis3"}, {5, 4, 3}}});
  const ValueId a = builder.add(op, {builder.conv(x, 3, {3, 2})}, shared);
  const ValueId b = builder.add(op, {builder.dense(x, 3)}, shared);
  builder.output("y", builder.conv(a, 2, {2, 2}));
  builder.output("z", builder.dense(b, 2));
  checked_layout(builder);
}

TEST_CASE("axes of reductions, Softmax, Concatenate, padding and PReLU follow the layout") {
  ModelBuilder builder(14);
  const ValueId x = builder.input("x", {5, 4, 3});
  const ValueId a = builder.conv(x, 4, {3, 2});
  builder.output("mean", builder.add(ReduceAxes{ReduceAxes::Kind::Mean, {1, 2}, false}, {a}));
  builder.output("max", builder.add(ReduceAxes{ReduceAxes::Kind::Max, {1}, false}, {a}));
  builder.output("sum", builder.add(ReduceAxes{ReduceAxes::Kind::Sum, {2, 3}, true}, {a}));
  builder.output("softmax", builder.add(Softmax{Softmax::Kind::Softmax, {3}}, {a}));
  builder.output("two", builder.add(Softmax{Softmax::Kind::Softmax, {1, 3}}, {a}));
  builder.output("glu", builder.add(Glu{3}, {a}));
  builder.output("prelu", builder.prelu(a));
  builder.output("pad", builder.add(PadAxes{{{0, 0}, {1, 2}, {0, -1}, {0, 3}}, 0.5}, {a}));
  builder.output("join", builder.add(Concatenate{3}, {a, builder.relu(a)}));
  builder.output("rows", builder.add(Concatenate{1}, {a, a}));
  const Program after = checked_layout(builder);
  CHECK(permutes(after) == 0);
}

TEST_CASE("Dot on maps needs no permute where the other axes keep their order") {
  ModelBuilder builder(15);
  const ValueId x = builder.input("x", {5, 4, 3});
  const ValueId a = builder.conv(x, 2, {3, 2});
  const ValueId b = builder.conv(x, 2, {2, 2});
  builder.output("y", builder.add(Dot{3, 3, false}, {a, b}));
  builder.output("z", builder.add(Dot{1, 1, true}, {a, b}));
  CHECK(permutes(checked_layout(builder)) == 2);
}

TEST_CASE("a vector reshaped to one pixel becomes channels first at once") {
  ModelBuilder builder(16);
  const ValueId a = builder.conv(builder.input("x", {5, 4, 3}), 4, {3, 2});
  ValueId gate = builder.add(ReduceAxes{ReduceAxes::Kind::Mean, {1, 2}, false}, {a});
  gate = builder.conv(builder.add(Reshape{{1, 1, 4}}, {gate}), 4, {1, 1});
  builder.output("y",
                 builder.conv(builder.add(Merge{Merge::Kind::Multiply}, {a, gate}), 2, {1, 1}));
  CHECK(permutes(checked_layout(builder)) == 0);
}

TEST_CASE("Keras's own Permute goes to the wanted layout, and before a Flatten it is none") {
  ModelBuilder builder(17);
  const ValueId x = builder.input("x", {5, 4, 3});
  const ValueId a = builder.conv(x, 2, {3, 2});
  builder.output("y", builder.conv(builder.add(Permute{{0, 2, 1, 3}}, {a}), 3, {2, 2}));
  builder.output("z", builder.dense(builder.flatten(builder.add(Permute{{0, 3, 1, 2}}, {a})), 3));
  builder.output("w", builder.add(Permute{{0, 3, 1, 2}}, {a}));
  const Program after = checked_layout(builder);
  CHECK(permutes(after) == 1);
  CHECK(noted(after, "permute-inserted") == 0);
}

TEST_CASE("a channels-first Keras model keeps its layout") {
  ModelBuilder builder(18);
  const ValueId x = builder.input("x", {3, 5, 4});
  Conv op;
  op.in_channels = 3;
  op.out_channels = 2;
  op.kernel_size = {3, 2};
  op.strides = {1, 1};
  op.dilations = {1, 1};
  op.padding.pads = {{1, 1}, {0, 1}};
  op.channel_axis = 1;
  const ModuleId module = builder.module(
      {{"kernel", {"height", "width", "in", "out"}, {3, 2, 3, 2}}, {"bias", {"out"}, {2}}});
  const ValueId a = builder.batch_norm(builder.add(op, {x}, module), 1);
  // Keras's Flatten of such a model goes through channels last.
  const ValueId last = builder.add(Permute{{0, 2, 3, 1}}, {a});
  builder.output("y", builder.dense(builder.flatten(last), 3));
  builder.output("z", a);
  const Program after = checked_layout(builder);
  CHECK(permutes(after) == 0);
  CHECK(input_axes(after).empty());
  CHECK(output_axes(after, 1).empty());
}

TEST_CASE("a nested model's boundary is fixed, and callers permute") {
  ModelBuilder builder(19);
  const ValueId inner = builder.input("inner_x", {5, 4, 3});
  builder.output("inner_y", builder.conv(inner, 3, {3, 2}));
  builder.nest();
  const ValueId x = builder.input("x", {5, 4, 3});
  const ValueId a = builder.add(CallGraph{0}, {x});
  const ValueId d = builder.dense(a, 3);
  const ValueId b = builder.add(CallGraph{0}, {d});
  builder.output("y", builder.dense(builder.flatten(b), 2));
  const Program after = checked_layout(builder);
  CHECK(input_axes(after) == map_first);
  CHECK(permutes(after) == 2);
}

TEST_CASE("sequences and volumes") {
  ModelBuilder builder(20);
  const ValueId tokens = builder.input("tokens", {6});
  Embedding embedding{9, 4};
  const ModuleId table = builder.module({{"embeddings", {"in", "out"}, {9, 4}, -1, 1}});
  // Indices are the whole part of random numbers; keep them inside the table.
  const ValueId positions = builder.add(Unary{UnaryKind::Abs, 0, 0, 0}, {tokens});
  const ValueId e = builder.add(embedding, {positions}, table);
  builder.output("y", builder.dense(builder.flatten(builder.conv(e, 3, {3})), 2));
  const ValueId volume = builder.input("volume", {3, 4, 2, 3});
  builder.output("z", builder.dense(builder.flatten(builder.conv(volume, 2, {2, 3, 2})), 2));
  const Program after = checked_layout(builder);
  CHECK(permutes(after) == 1);
  CHECK(input_axes(after, 1) == Axes{0, 4, 1, 2, 3});
}

}  // namespace
}  // namespace tensorferry::graph
