#include "tfjs/lower_model.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>

#include "io/error.h"
#include "models.h"
#include "tensor/bundle.h"
#include "tensor/produce.h"

namespace tensorferry::tfjs {
namespace {

const NetworkLayer& named(const Network& network, const std::string& name) {
  const auto found = std::find_if(network.layers.begin(), network.layers.end(),
                                  [&](const NetworkLayer& layer) { return layer.name == name; });
  REQUIRE(found != network.layers.end());
  return *found;
}

std::vector<std::string> classes_of(const Network& network) {
  std::vector<std::string> classes;
  for (const NetworkLayer& layer : network.layers) {
    classes.push_back(layer.class_name);
  }
  return classes;
}

using Classes = std::vector<std::string>;

keras::Model causal_convolution() {
  keras::Model model;
  model.layers.push_back(input_layer("x", {nullptr, nullptr, 3}));
  model.layers.push_back(layer_of("Conv1D", "conv",
                                  {{"filters", 4},
                                   {"kernel_size", {3}},
                                   {"padding", "causal"},
                                   {"dilation_rate", {2}},
                                   {"kernel_initializer", "zeros"},
                                   {"activation", "relu"}},
                                  {0}));
  add_weight(model, model.layers[1], "kernel", {3, 3, 4}, 1000);
  add_weight(model, model.layers[1], "bias", {4}, 1144);
  close_model(model);
  return model;
}

keras::Model default_gru(bool return_state) {
  keras::Model model;
  model.layers.push_back(input_layer("x", {nullptr, nullptr, 2}));
  model.layers.push_back(layer_of("GRU", "gru",
                                  {{"units", 1},
                                   {"activation", "tanh"},
                                   {"recurrent_activation", "sigmoid"},
                                   {"return_sequences", true},
                                   {"return_state", return_state},
                                   {"reset_after", true}},
                                  {0}));
  const auto add = [&](const std::string& role, tensor::Shape shape, std::vector<float> values) {
    add_weight(model, model.layers[1], role, std::move(shape), 0);
    std::vector<std::byte> bytes(values.size() * sizeof(float));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    model.tensors.back().storage = tensor::Inline{std::move(bytes)};
  };
  add("kernel", {2, 3}, {1, 2, 3, 4, 5, 6});
  add("recurrent_kernel", {1, 3}, {7, 8, 9});
  add("bias", {2, 3}, {10, 11, 12, 13, 14, 15});
  close_model(model);
  return model;
}

std::vector<float> values_of(const LayerWeight& weight) {
  tensor::Bundle bundle;
  bundle.computations.push_back(weight.value);
  std::vector<float> values(tensor::element_count(weight.value.shape));
  const std::span<std::byte> bytes = std::as_writable_bytes(std::span(values));
  tensor::produce(bundle, tensor::ComputedPart{0, 0, bytes.size()}, 0, {}, {}, {}, bytes);
  return values;
}

}  // namespace

TEST_CASE("a GRU whose reset gate acts behind the matrix is an LSTM of three steps") {
  const LoweredModel lowered = lower_model(default_gru(false));
  const NetworkLayer& steps = named(*lowered.network, "gru_steps");
  // Of each step: the gate r or h, the gate z, whether h stays.
  CHECK(values_of(steps.weights.at(0)) ==
        std::vector<float>{2, 0, 0, 3, 0, 0, 0, 1, 0, 5, 0, 0, 6, 0, 0, 0, 4, 0});
  CHECK(values_of(steps.weights.at(1)) == std::vector<float>{11, 0, 1, 12, 0, 1, 0, 10, 0});
  const NetworkLayer& lstm = named(*lowered.network, "gru");
  CHECK(lstm.class_name == "LSTM");
  // The gates i, f, c, o of p, q + 1 and h.
  CHECK(values_of(lstm.weights.at(0)) ==
        std::vector<float>{1, 2, 0,      0, 0, 0,     0, 0, 0, 0, 0, 0,  //
                           0, 0, -1,     0, 0, 1,     0, 0, 0, 0, 0, 0,  //
                           0, 0, -30000, 0, 0, 30000, 0, 0, 0, 0, 0, 0});
  CHECK(values_of(lstm.weights.at(1)) == std::vector<float>{0, 2, 0,  0, 0, 0, 0, 0, 0, 0, 0, 0,  //
                                                            0, 0, 0,  0, 0, 0, 0, 0, 1, 0, 0, 0,  //
                                                            8, 0, -7, 0, 0, 7, 9, 0, 0, 0, 0, 0});
  CHECK(values_of(lstm.weights.at(2)) ==
        std::vector<float>{14, 0, -13, -30000, -30000, 13, 15, 2, -1, 30000, 30000, 30000});
  CHECK(std::count_if(lowered.notes.begin(), lowered.notes.end(),
                      [](const io::Note& note) { return note.code == "gru-as-lstm"; }) == 1);
}

namespace {

/// An Embedding with a mask, `between`, and an LSTM of one unit.
keras::Model masked_lstm(keras::Generation generation, keras::Layer between) {
  keras::Model model;
  model.generation = generation;
  model.layers.push_back(input_layer("x", {nullptr, 7}));
  model.layers.push_back(layer_of("Embedding", "embedding",
                                  {{"input_dim", 9}, {"output_dim", 2}, {"mask_zero", true}}, {0}));
  add_weight(model, model.layers[1], "embeddings", {9, 2}, 0);
  model.layers.push_back(std::move(between));
  model.layers.push_back(
      layer_of("LSTM", "lstm", {{"units", 1}, {"recurrent_activation", "sigmoid"}}, {2}));
  add_weight(model, model.layers[3], "kernel", {2, 4}, 100);
  add_weight(model, model.layers[3], "recurrent_kernel", {1, 4}, 200);
  close_model(model);
  return model;
}

}  // namespace

TEST_CASE("a mask goes through what passes it on, and a Masking stands before who reads it") {
  const keras::Json rescaling = {{"scale", 2.0}, {"offset", 0.0}};
  const auto classes = [&](keras::Generation generation) {
    return classes_of(
        *lower_model(masked_lstm(generation, layer_of("Rescaling", "rescaling", rescaling, {1})))
             .network);
  };
  CHECK(classes(keras::Generation::Keras3) == Classes{"InputLayer", "Embedding", "Rescaling",
                                                      "Embedding", "Multiply", "Concatenate",
                                                      "Masking", "LSTM"});
  // tf_keras/src/layers/preprocessing/image_preprocessing.py: Rescaling supports no masks.
  CHECK(classes(keras::Generation::Keras2) ==
        Classes{"InputLayer", "Embedding", "Rescaling", "LSTM"});
}

TEST_CASE("beside a mask a layer without one has one that is on everywhere") {
  keras::Model model =
      masked_lstm(keras::Generation::Keras2, layer_of("Dropout", "dropout", {{"rate", 0.5}}, {1}));
  model.layers.push_back(layer_of("RepeatVector", "repeat", {{"n", 3}}, {3}));
  model.layers.push_back(
      layer_of("SimpleRNN", "rnn", {{"units", 1}, {"return_sequences", true}}, {4}));
  add_weight(model, model.layers[5], "kernel", {1, 1}, 300);
  add_weight(model, model.layers[5], "recurrent_kernel", {1, 1}, 400);
  close_model(model);
  const LoweredModel lowered = lower_model(model);
  const Network& network = *lowered.network;
  CHECK(named(network, "rnn_no_mask").class_name == "Masking");
  const std::uint32_t given = named(network, "rnn").calls.at(0).at(0).layer;
  CHECK(network.layers[given].name == "rnn_no_mask");
  // The mask ends behind it.
  CHECK(network.layers[network.outputs.at(0).layer].class_name == "Reshape");
}

TEST_CASE("weights of layers that no output needs are left out") {
  keras::Model model = default_gru(true);
  model.layers.push_back(layer_of("Dense", "unused", {{"units", 1}, {"use_bias", false}}, {1}));
  add_weight(model, model.layers[2], "kernel", {1, 1}, 0);
  close_model(model);
  model.outputs = {{{1, 0, 1}, "gru"}};  // the state
  const LoweredModel lowered = lower_model(model);
  for (const NetworkLayer& layer : lowered.network->layers) {
    CHECK((layer.name == "gru" || layer.name == "gru_steps") == !layer.weights.empty());
  }
}

TEST_CASE("a causal convolution is padded before") {
  const LoweredModel lowered = lower_model(causal_convolution());
  const Network& network = *lowered.network;
  CHECK(classes_of(network) ==
        Classes{"InputLayer", "Reshape", "ZeroPadding2D", "Reshape", "Conv1D", "Activation"});
  CHECK(named(network, "conv_causal_padding").config["padding"] == Json{{4, 0}, {0, 0}});
  CHECK(named(network, "conv").config["padding"] == "valid");
  CHECK(named(network, "conv").weights.size() == 2);
  CHECK(network.outputs[0].shape == Shape{unknown, unknown, 4});
  REQUIRE(lowered.layers.size() == 2);
  CHECK(lowered.layers[1].becomes == "lowered: Reshape × 2 + ZeroPadding2D + Conv1D + Activation");
  CHECK(std::count_if(lowered.notes.begin(), lowered.notes.end(), [](const io::Note& note) {
          return note.code == "layer-lowered" && note.layer == "conv";
        }) == 1);
}

TEST_CASE("all refused layers are named at once, also those behind another") {
  keras::Model model;
  model.layers.push_back(input_layer("x", {nullptr, 8}));
  model.layers.push_back(layer_of("Mystery", "first", keras::Json::object(), {0}));
  model.layers.push_back(layer_of("Activation", "second", {{"activation", "exponential"}}, {1}));
  model.layers.push_back(layer_of("Dropout", "fine", {{"rate", 0.5}}, {2}));
  model.layers.push_back(layer_of("Dropout", "third", {{"rate", 0.5}, {"sharpness", 2}}, {3}));
  close_model(model);
  try {
    lower_model(model);
    FAIL("nothing was refused");
  } catch (const io::Error& error) {
    CHECK(error.code() == io::ErrorCode::LayerUnsupported);
    REQUIRE(error.notes().size() == 3);
    CHECK(error.notes()[0].layer == "first");
    CHECK(error.notes()[1].layer == "second");
    CHECK(error.notes()[2].layer == "third");
    CHECK(error.notes()[2].text.find("sharpness") != std::string::npos);
    CHECK(std::string(error.what()).find("\"second\"") != std::string::npos);
  }
}

TEST_CASE("a call in training mode is refused, one without a mask is not") {
  keras::Model model;
  model.layers.push_back(input_layer("x", {nullptr, 8}));
  model.layers.push_back(layer_of("Dropout", "drop", {{"rate", 0.5}}, {0}));
  close_model(model);
  model.layers[1].calls[0].keywords = {{"mask", {keras::Json(nullptr)}},
                                       {"training", {keras::Json(false)}}};
  CHECK_NOTHROW(lower_model(model));
  model.layers[1].calls[0].keywords = {{"training", {keras::Json(true)}}};
  CHECK_THROWS_AS(lower_model(model), io::Error);
}

TEST_CASE("a mask that Keras would use is refused where TF.js cannot have it") {
  keras::Model model;
  model.layers.push_back(input_layer("x", {nullptr, nullptr}));
  model.layers.push_back(layer_of("Embedding", "words",
                                  {{"input_dim", 5}, {"output_dim", 3}, {"mask_zero", true}}, {0}));
  add_weight(model, model.layers[1], "embeddings", {5, 3}, 0);
  model.layers.push_back(layer_of("GlobalAveragePooling1D", "mean", keras::Json::object(), {1}));
  close_model(model);
  CHECK_THROWS_AS(lower_model(model), io::Error);
  model.layers[0].config["batch_shape"] = {nullptr, 8};
  CHECK_NOTHROW(lower_model(model));
  model.layers[2].class_name = "Softmax";
  CHECK_THROWS_AS(lower_model(model), io::Error);
  model.layers[2].class_name = "GlobalMaxPooling1D";
  CHECK_NOTHROW(lower_model(model));
}

TEST_CASE("weights have names of their own in nested models") {
  keras::Model root;
  const auto inner = std::make_shared<keras::Model>();
  root.layers.push_back(input_layer("x", {nullptr, 4}));
  root.layers.push_back(layer_of("Functional", "inner", keras::Json::object(), {0}));
  root.layers.push_back(layer_of("Dense", "dense", {{"units", 4}}, {1}));
  inner->layers.push_back(input_layer("x", {nullptr, 4}));
  inner->layers.push_back(layer_of("Dense", "dense", {{"units", 4}}, {0}));
  for (keras::Layer* layer : {&inner->layers[1], &root.layers[2]}) {
    add_weight(root, *layer, "kernel", {4, 4}, 0);
    add_weight(root, *layer, "bias", {4}, 64);
  }
  close_model(*inner);
  root.layers[1].model = inner;
  close_model(root);
  const LoweredModel lowered = lower_model(root);
  CHECK(named(*lowered.network, "dense").weights.size() == 2);
  const NetworkLayer& nested = named(*lowered.network, "inner");
  REQUIRE(nested.network != nullptr);
  CHECK(nested.network->layers[0].name == "x_1");
  CHECK(nested.network->layers[1].name == "dense_1");
}

TEST_CASE("a chain of a Sequential stays one") {
  keras::Model model;
  model.kind = keras::ModelKind::Sequential;
  model.layers.push_back(input_layer("x", {nullptr, 6, 4}));
  model.layers.push_back(layer_of("Flatten", "flat", keras::Json::object(), {0}));
  close_model(model);
  CHECK(lower_model(model).network->sequential);
  // Two branches are not a chain.
  model.layers[1] = layer_of("ReLU", "relu", {{"negative_slope", 0.1}, {"max_value", 2.0}}, {0});
  CHECK_FALSE(lower_model(model).network->sequential);
}

TEST_CASE("groups are convolutions of their own channels, their kernels slices of the filters") {
  keras::Model model;
  model.layers.push_back(input_layer("x", {nullptr, 7, 5, 4}));
  model.layers.push_back(
      layer_of("Conv2D", "conv",
               {{"filters", 6}, {"kernel_size", {3, 2}}, {"groups", 2}, {"use_bias", false}}, {0}));
  add_weight(model, model.layers[1], "kernel", {3, 2, 2, 6}, 0);
  close_model(model);
  const LoweredModel lowered = lower_model(model);
  const NetworkLayer& second = named(*lowered.network, "conv_group2");
  const tensor::Computation& kernel = second.weights[0].value;
  CHECK(kernel.shape == tensor::Shape{3, 2, 2, 3});
  CHECK(kernel.views[0].offset == 3);
  CHECK(named(*lowered.network, "conv_group2_channels").config["cropping"] == Json{{0, 0}, {2, 0}});
}

TEST_CASE("as many groups as channels are a depthwise convolution on the bytes as they lie") {
  keras::Model model;
  model.layers.push_back(input_layer("x", {nullptr, 7, 5, 4}));
  model.layers.push_back(
      layer_of("Conv2D", "conv",
               {{"filters", 8}, {"kernel_size", {3, 2}}, {"groups", 4}, {"use_bias", false}}, {0}));
  add_weight(model, model.layers[1], "kernel", {3, 2, 1, 8}, 0);
  close_model(model);
  const LoweredModel lowered = lower_model(model);
  const NetworkLayer& conv = named(*lowered.network, "conv");
  CHECK(conv.class_name == "DepthwiseConv2D");
  CHECK(conv.weights[0].value.shape == tensor::Shape{3, 2, 4, 2});
  CHECK(tensor::is_plain_copy(conv.weights[0].value));
}

TEST_CASE("TF.js ignores the dilation of DepthwiseConv2D, so it is a SeparableConv2D") {
  keras::Model model;
  model.layers.push_back(input_layer("x", {nullptr, 9, 9, 3}));
  model.layers.push_back(
      layer_of("DepthwiseConv2D", "conv",
               {{"kernel_size", {3, 3}}, {"dilation_rate", {2, 2}}, {"use_bias", false}}, {0}));
  add_weight(model, model.layers[1], "depthwise_kernel", {3, 3, 3, 1}, 0);
  close_model(model);
  const LoweredModel lowered = lower_model(model);
  const NetworkLayer& conv = named(*lowered.network, "conv");
  CHECK(conv.class_name == "SeparableConv2D");
  REQUIRE(conv.weights.size() == 2);
  CHECK(conv.weights[1].role == "pointwise_kernel");
  CHECK(lowered.network->outputs[0].shape == Shape{unknown, 5, 5, 3});
}

}  // namespace tensorferry::tfjs
