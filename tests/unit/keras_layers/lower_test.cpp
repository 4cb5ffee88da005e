#include "keras/lower.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "graph/functions.h"
#include "graph/print.h"
#include "io/error.h"
#include "keras/layers/table.h"
#include "keras_layers/model_builder.h"

using namespace tensorferry;
using keras::Generation;
using keras::TensorHandle;
using test::ModelBuilder;
using test::single_layer;

namespace {

/// The op of the node behind the input.
template <class Op>
Op only_op(const keras::Model& model) {
  const graph::Program program = keras::lower(model);
  const graph::Graph& graph = program.graphs.at(program.root);
  REQUIRE(graph.nodes.size() == 2);
  CAPTURE(graph::print(graph.nodes[1].op));
  REQUIRE(std::holds_alternative<Op>(graph.nodes[1].op));
  return std::get<Op>(graph.nodes[1].op);
}

std::vector<graph::Pad> conv_pads(const std::string& config, const std::string& batch_shape,
                                  const tensor::Shape& kernel) {
  return only_op<graph::Conv>(
             single_layer("Conv2D", config, batch_shape, {{"kernel", kernel}, {"bias", {4}}}))
      .padding.pads;
}

graph::Pad transposed_cut(const std::string& arguments, std::uint64_t size) {
  const std::string config =
      R"({"filters": 4, "kernel_size": [)" + std::to_string(size) + "], " + arguments + "}";
  return only_op<graph::Conv>(single_layer("Conv1DTranspose", config, "[null, 7, 3]",
                                           {{"kernel", {size, 4, 3}}, {"bias", {4}}}))
      .padding.pads.at(0);
}

io::ErrorCode error_of(const keras::Model& model) {
  try {
    keras::lower(model);
  } catch (const io::Error& error) {
    return error.code();
  }
  return io::ErrorCode::Internal;
}

bool has_note(const graph::Program& program, std::string_view code, std::string_view text) {
  return std::any_of(program.notes.begin(), program.notes.end(), [&](const io::Note& note) {
    return note.code == code && note.text.find(text) != std::string::npos;
  });
}

}  // namespace

TEST_CASE("the table is in alphabetical order") {
  const auto rows = keras::layer_table();
  CHECK(std::is_sorted(rows.begin(), rows.end(),
                       [](const auto& a, const auto& b) { return a.class_name < b.class_name; }));
  for (const keras::LayerRow& row : rows) CHECK(keras::find_layer_kind(row.class_name) == row.kind);
  CHECK(keras::find_layer_kind("Lambda") == nullptr);
}

TEST_CASE("same padding is TensorFlow's, and stays open where a size is") {
  const std::string config =
      R"({"filters": 4, "kernel_size": [3, 2], "strides": [2, 2], "padding": "same"})";
  CHECK(conv_pads(config, "[null, 8, 7, 3]", {3, 2, 3, 4}) ==
        std::vector<graph::Pad>{{0, 1}, {0, 1}});
  const auto open = only_op<graph::Conv>(single_layer("Conv2D", config, "[null, null, 7, 3]",
                                                      {{"kernel", {3, 2, 3, 4}}, {"bias", {4}}}));
  CHECK(open.padding.kind == graph::SpatialPadding::Kind::Same);
  const std::string unit = R"({"filters": 4, "kernel_size": [4, 2], "padding": "same"})";
  CHECK(conv_pads(unit, "[null, null, null, 3]", {4, 2, 3, 4}) ==
        std::vector<graph::Pad>{{1, 2}, {0, 1}});
}

TEST_CASE("a transposed convolution is cut as TensorFlow cuts it") {
  CHECK(transposed_cut(R"("padding": "valid")", 4) == graph::Pad{0, 0});
  CHECK(transposed_cut(R"("padding": "valid", "strides": 3)", 2) == graph::Pad{0, -1});
  CHECK(transposed_cut(R"("padding": "valid", "strides": 3, "output_padding": 2)", 4) ==
        graph::Pad{0, -2});
  CHECK(transposed_cut(R"("padding": "same", "strides": 2)", 5) == graph::Pad{1, 2});
  CHECK(transposed_cut(R"("padding": "same", "strides": 3)", 1) == graph::Pad{0, -2});
  CHECK(transposed_cut(R"("padding": "same", "strides": 3, "output_padding": 1)", 4) ==
        graph::Pad{1, 2});
  CHECK(transposed_cut(R"("padding": "same", "dilation_rate": 2)", 3) == graph::Pad{2, 2});
}

TEST_CASE("hard_sigmoid and default slopes follow the generation and the spelling") {
  const auto unary = [](const std::string& class_name, const std::string& config,
                        Generation generation) {
    return only_op<graph::Unary>(single_layer(class_name, config, "[null, 5]", {}, generation));
  };
  using Kind = graph::UnaryKind;
  const std::string hard = R"({"activation": "hard_sigmoid"})";
  CHECK(unary("Activation", hard, Generation::Keras2).kind == Kind::HardSigmoid2);
  CHECK(unary("Activation", hard, Generation::Keras3).kind == Kind::HardSigmoid3);
  CHECK(unary("LeakyReLU", "{}", Generation::Keras3).alpha == 0.3);
  CHECK(unary("LeakyReLU", R"({"alpha": 0.30000001192092896})", Generation::Keras2).alpha == 0.3);
  CHECK(unary("LeakyReLU", R"({"negative_slope": 0.07})", Generation::Keras3).alpha == 0.07);
  CHECK(unary("Activation", R"({"activation": "leaky_relu"})", Generation::Keras3).alpha == 0.2);
  CHECK(unary("ReLU", R"({"max_value": 6.0})", Generation::Keras3).kind == Kind::Relu6);
  CHECK(unary("ReLU", R"({"max_value": 6.0, "threshold": 0.5})", Generation::Keras3) ==
        graph::Unary{Kind::ReluGeneral, 0, 6, 0.5});
}

TEST_CASE("an activation given as an object is an op of its own behind the layer") {
  const graph::Program program = keras::lower(single_layer(
      "Dense",
      R"({"units": 2, "activation": {"class_name": "LeakyReLU", "config": {"alpha": 0.07}}})",
      "[null, 3]", {{"kernel", {3, 2}}, {"bias", {2}}}));
  const graph::Node& node = program.graphs[0].nodes.back();
  CHECK(std::get<graph::Unary>(node.op).alpha == 0.07);
  CHECK(node.fused);
  CHECK_FALSE(node.module.has_value());
}

TEST_CASE("an epsilon that TensorFlow raised before 2.12 is told") {
  const auto notes = [](const std::string& config, const std::string& shape,
                        const std::string& version) {
    keras::Model model = single_layer(
        "BatchNormalization", config, shape,
        {{"gamma", {3}}, {"beta", {3}}, {"moving_mean", {3}}, {"moving_variance", {3}}},
        Generation::Keras2);
    model.keras_version = version;
    const graph::Program program = keras::lower(model);
    std::vector<std::string> codes;
    for (const io::Note& note : program.notes) codes.push_back(note.code);
    return codes;
  };
  const std::string tiny = R"({"axis": -1, "epsilon": 1e-7})";
  const std::string map = "[null, 4, 5, 3]";
  const std::vector<std::string> told{"fused-epsilon"};
  const std::vector<std::string> none;
  CHECK(notes(tiny, map, "2.11.0") == told);
  CHECK(notes(tiny, map, "2.2.4-tf") == told);
  CHECK(notes(tiny, map, "2.12.0") == none);
  CHECK(notes(tiny, "[null, 4, 3]", "2.11.0") == none);
  CHECK(notes(R"({"axis": 2, "epsilon": 1e-7})", "[null, 4, 3, 5]", "2.11.0") == none);
  CHECK(notes(R"({"axis": -1, "epsilon": 1e-7, "fused": false})", map, "2.11.0") == none);
  CHECK(notes(R"({"axis": -1, "epsilon": 1e-5})", map, "2.11.0") == none);
}

TEST_CASE("channels-first Flatten turns the axes first, as Keras does") {
  const graph::Program program = keras::lower(
      single_layer("Flatten", R"({"data_format": "channels_first"})", "[null, 3, 4, 5]"));
  CHECK(std::get<graph::Permute>(program.graphs[0].nodes[1].op).axes ==
        std::vector<std::size_t>{0, 2, 3, 1});
  CHECK(program.graphs[0].values.back().shape == std::vector<graph::Extent>{-1, 60});
}

TEST_CASE("a merge of different ranks gets axes of one behind the batch") {
  ModelBuilder builder;
  const TensorHandle map = builder.input("map", "[null, 4, null, 5]");
  const TensorHandle vector = builder.input("vector", "[null, 5]");
  const graph::Program program =
      keras::lower(builder.finish({builder.layer("Multiply", "multiply", "{}", {map, vector})}));
  CHECK(std::get<graph::Reshape>(program.graphs[0].nodes[2].op).shape ==
        std::vector<std::int64_t>{1, 1, 5});
  CHECK(program.graphs[0].values.back().shape == std::vector<graph::Extent>{-1, 4, -1, 5});
}

TEST_CASE("what is not known is refused with its weights, and the rest goes on") {
  ModelBuilder builder;
  const TensorHandle x = builder.input("x", "[null, 5]");
  const TensorHandle odd =
      builder.layer("Dense", "odd", R"({"units": 2, "lora_rank": 4})", {x}, {{"kernel", {5, 2}}});
  const TensorHandle y = builder.layer("Dense", "after", R"({"units": 3, "use_bias": false})",
                                       {odd}, {{"kernel", {2, 3}}});
  const graph::Program program = keras::lower(builder.finish({y}));
  const graph::Node& refused = program.graphs[0].nodes[1];
  CHECK(std::get<graph::Unsupported>(refused.op).class_name == "Dense");
  CHECK(program.modules[refused.module.value()].parameters.at(0).role == "kernel");
  CHECK(has_note(program, "layer-unsupported", "lora_rank"));
  CHECK(std::get<graph::Dense>(program.graphs[0].nodes[2].op).in_features == 2);
}

TEST_CASE("an argument of a later Keras is never ignored") {
  const graph::Program program = keras::lower(
      single_layer("MaxPooling2D", R"({"pool_size": [2, 2], "wrap": true})", "[null, 4, 4, 3]"));
  CHECK(has_note(program, "layer-unsupported", "wrap"));
  const graph::Program harmless = keras::lower(
      single_layer("MaxPooling2D", R"({"pool_size": [2, 2], "wrap": null})", "[null, 4, 4, 3]"));
  CHECK(harmless.notes.empty());
}

TEST_CASE("a mask is taken or refused where the numbers depend on it, and passes elsewhere") {
  const auto lowered = [](const std::string& last) {
    ModelBuilder builder;
    const TensorHandle x = builder.input("x", "[null, 6]");
    const TensorHandle rows = builder.layer(
        "Embedding", "rows", R"({"input_dim": 9, "output_dim": 4, "mask_zero": true})", {x},
        {{"embeddings", {9, 4}}});
    const TensorHandle kept = builder.layer("Dropout", "kept", R"({"rate": 0.5})", {rows});
    return keras::lower(builder.finish({builder.layer(last, "last", "{}", {kept})}));
  };
  CHECK(has_note(lowered("Softmax"), "layer-unsupported", "mask"));
  const graph::Program mean = lowered("GlobalAveragePooling1D");
  CHECK(std::holds_alternative<graph::MaskedMean>(mean.graphs[0].nodes.back().op));
  CHECK(mean.notes.empty());
  CHECK(lowered("GlobalMaxPooling1D").notes.empty());
}

TEST_CASE("a layer called in training mode is refused") {
  ModelBuilder builder;
  const TensorHandle x = builder.input("x", "[null, 6]");
  const TensorHandle y = builder.layer("Dropout", "always", R"({"rate": 0.5})", {x});
  builder.back().calls[0].keywords.push_back({"training", {keras::Json(true)}});
  CHECK(has_note(keras::lower(builder.finish({y})), "layer-unsupported", "training"));
}

TEST_CASE("a shared layer has one module, a nested model one graph") {
  ModelBuilder inner_builder;
  const TensorHandle inner_x = inner_builder.input("inner_x", "[null, null, 3]");
  const TensorHandle inner_y = inner_builder.layer(
      "Conv1D", "conv", R"({"filters": 3, "kernel_size": [2], "use_bias": false})", {inner_x});
  inner_builder.back().weights.push_back({"kernel", 0});
  const auto inner = std::make_shared<keras::Model>(inner_builder.finish({inner_y}));

  ModelBuilder builder;
  const TensorHandle x = builder.input("x", "[null, 9, 3]");
  const TensorHandle first =
      builder.layer("Functional", "inner", "{}", {x}, {{"kernel", {2, 3, 3}}});
  builder.back().weights.clear();
  builder.back().model = inner;
  const TensorHandle again = builder.call(first.layer, {first});
  const graph::Program program = keras::lower(builder.finish({again}));
  REQUIRE(program.graphs.size() == 2);
  CHECK(program.root == 1);
  CHECK(program.modules.size() == 1);
  CHECK(std::get<graph::CallGraph>(program.graphs[1].nodes[1].op).graph == 0);
  CHECK(program.graphs[1].values.back().shape == std::vector<graph::Extent>{-1, 7, 3});
}

TEST_CASE("nodes stand in the order of the config where it permits") {
  ModelBuilder builder;
  const TensorHandle x = builder.input("x", "[null, 6]");
  const TensorHandle a = builder.layer("Dropout", "a", R"({"rate": 0.5})", {x});
  const TensorHandle b = builder.layer("Dropout", "b", R"({"rate": 0.5})", {x});
  const graph::Program program = keras::lower(builder.finish({b, a}));
  CHECK(program.graphs[0].nodes[1].layer == "a");
  CHECK(program.graphs[0].nodes[2].layer == "b");
  CHECK(program.graphs[0].outputs[0].name == "b");
}

TEST_CASE("values are cast where a layer computes in another dtype") {
  ModelBuilder builder;
  const TensorHandle x = builder.input("x", "[null, 6]");
  const TensorHandle y = builder.layer("ReLU", "wide", "{}", {x});
  builder.back().dtype = builder.back().compute_dtype = "float64";
  const graph::Program program = keras::lower(builder.finish({y}));
  CHECK(std::get<graph::Cast>(program.graphs[0].nodes[1].op).to == tensor::DType::Float64);
  CHECK(program.graphs[0].values.back().dtype == tensor::DType::Float64);
}

TEST_CASE("a mixed policy computes in the dtype of its variables and says so") {
  ModelBuilder builder;
  const TensorHandle x = builder.input("x", "[null, 6]");
  const TensorHandle y = builder.layer("ReLU", "mixed", "{}", {x});
  builder.back().compute_dtype = "float16";
  const graph::Program program = keras::lower(builder.finish({y}));
  CHECK(program.graphs[0].nodes.size() == 2);
  CHECK(has_note(program, "mixed-precision", "float16"));
}

TEST_CASE("broken models are errors that name the layer") {
  ModelBuilder builder;
  const TensorHandle x = builder.input("x", "[null, 6]");
  const TensorHandle a = builder.layer("Add", "a", "{}", {x});
  const TensorHandle b = builder.layer("Add", "b", "{}", {a});
  keras::Model cyclic = builder.finish({b});
  cyclic.layers[a.layer].calls[0].arguments.push_back({b});
  CHECK(error_of(cyclic) == io::ErrorCode::GraphCycle);

  const std::string dense = R"({"units": 2, "use_bias": false})";
  CHECK(error_of(single_layer("Dense", dense, "[null, 3]", {{"kernel", {4, 2}}})) ==
        io::ErrorCode::WeightShape);
  CHECK(error_of(single_layer("Dense", dense, "[null, 3]")) == io::ErrorCode::WeightMissing);
  CHECK(error_of(single_layer("MaxPooling2D", R"({"strides": [0, 1]})", "[null, 4, 4, 3]")) ==
        io::ErrorCode::ConfigInvalid);
  CHECK(error_of(single_layer("MaxPooling2D", R"({"padding": "sideways"})", "[null, 4, 4, 3]")) ==
        io::ErrorCode::ConfigInvalid);
  CHECK(error_of(single_layer("Permute", R"({"dims": [1, 1]})", "[null, 4, 4]")) ==
        io::ErrorCode::ConfigInvalid);
  CHECK(error_of(single_layer("Concatenate", R"({"axis": 5})", "[null, 4, 4]")) ==
        io::ErrorCode::ConfigInvalid);
}

TEST_CASE("operators with a number are functions that hold it, on either side") {
  const auto operands = [](const std::string& class_name, bool number_first) {
    ModelBuilder builder;
    const TensorHandle x = builder.input("x", "[null, 6]");
    const TensorHandle y = builder.layer(class_name, "operation", "{}", {x});
    std::vector<keras::Argument>& arguments = builder.back().calls[0].arguments;
    arguments.insert(number_first ? arguments.begin() : arguments.end(), {keras::Json(4.0)});
    const graph::Program program = keras::lower(builder.finish({y}));
    const auto op = std::get<graph::Function>(program.graphs[0].nodes.back().op);
    CHECK(!op.operands.at(number_first ? 1 : 0).has_value());
    CHECK(op.operands.at(number_first ? 0 : 1) == graph::Scalar{4.0, false});
    return op.kind->name;
  };
  CHECK(operands("ops.Add", true) == "add");
  CHECK(operands("ops.Subtract", false) == "subtract");
  CHECK(operands("ops.Divide", true) == "divide");
}

TEST_CASE("an argument of an operation that nobody asks for is refused") {
  ModelBuilder builder;
  const TensorHandle x = builder.input("x", "[null, 6]");
  const TensorHandle y = builder.layer("ops.Log1p", "y", R"({"base": 2})", {x});
  const graph::Program program = keras::lower(builder.finish({y}));
  CHECK(has_note(program, "layer-unsupported", "\"base\" is not known"));
}

TEST_CASE("behind a refused layer ranks are taken from what follows") {
  ModelBuilder builder;
  const TensorHandle x = builder.input("x", "[null, 7, 6, 3]");
  const TensorHandle odd = builder.layer("Lambda", "odd", "{}", {x});
  const TensorHandle vector = builder.input("vector", "[null, 5]");
  const TensorHandle joined =
      builder.layer("Concatenate", "joined", R"({"axis": -1})", {odd, vector});
  const TensorHandle volume = builder.layer(
      "Conv3D", "volume", R"({"filters": 2, "kernel_size": [1, 2, 2], "use_bias": false})", {odd},
      {{"kernel", {1, 2, 2, 4, 2}}});
  const graph::Program program = keras::lower(builder.finish({joined, volume}));
  const graph::Graph& graph = program.graphs[0];
  CHECK(graph.values[graph.outputs[0].value].shape.size() == 2);
  CHECK(graph.values[graph.outputs[1].value].shape ==
        std::vector<graph::Extent>{-1, -1, -1, -1, 2});
  CHECK(std::get<graph::Conv>(graph.nodes.back().op).in_channels == 4);
}
