#include "keras/architecture.h"

#include <doctest/doctest.h>

#include <string>

#include "io/error.h"
#include "keras/config.h"
#include "keras/json_text.h"

using namespace tensorferry;
using keras::Generation;
using keras::Json;
using keras::Model;

namespace {

Model read(const std::string& text, Generation generation) {
  return keras::read_architecture(keras::parse_json(text, "test"), generation);
}

std::string layer2(const std::string& name, const std::string& class_name,
                   const std::string& nodes) {
  return "{\"class_name\": \"" + class_name + "\", \"name\": \"" + name +
         "\", \"config\": {\"name\": \"" + name +
         "\", \"trainable\": true}, \"inbound_nodes\": " + nodes + "}";
}

std::string functional(const std::string& layers, const std::string& inputs,
                       const std::string& outputs) {
  return "{\"class_name\": \"Functional\", \"config\": {\"name\": \"m\", \"layers\": [" + layers +
         "], \"input_layers\": " + inputs + ", \"output_layers\": " + outputs + "}}";
}

}  // namespace

TEST_CASE("calls of other models on a shared layer are dropped, and the rest count anew") {
  // As Keras 2.2.4 wrote it: the first call of `d` belongs to another model.
  const Model model = read(
      functional(layer2("x", "InputLayer", "[]") + "," +
                     layer2("d", "Dense", "[[[\"stranger\", 0, 0, {}]], [[\"x\", 0, 0, {}]]]") +
                     "," + layer2("a", "Activation", "[[[\"d\", 1, 0, {}]]]"),
                 "[[\"x\", 0, 0]]", "[[\"a\", 0, 0]]"),
      Generation::Keras2);
  CHECK(model.layers[1].calls.size() == 1);
  CHECK(keras::tensors_of(model.layers[2].calls[0]).front() == keras::TensorHandle{1, 0, 0});
}

TEST_CASE(
    "inputs and outputs as one tensor, a flat list, a list of lists, a dict in sorted order") {
  const std::string layers = layer2("x", "InputLayer", "[]") + "," +
                             layer2("a", "Activation", "[[[\"x\", 0, 0, {}]]]") + "," +
                             layer2("b", "Activation", "[[[\"x\", 0, 0, {}]]]");
  CHECK(read(functional(layers, "[\"x\", 0, 0]", "[\"a\", 0, 0]"), Generation::Keras3)
            .outputs.size() == 1);
  CHECK(read(functional(layers, "[[\"x\", 0, 0]]", "[[\"a\", 0, 0], [\"b\", 0, 0]]"),
             Generation::Keras2)
            .outputs.size() == 2);
  const Model dict =
      read(functional(layers, "[[\"x\", 0, 0]]", "{\"z\": [\"a\", 0, 0], \"y\": [\"b\", 0, 0]}"),
           Generation::Keras3);
  CHECK(dict.outputs[0].name == "y");
  CHECK(dict.outputs[0].tensor.layer == 2);
  CHECK(dict.outputs[1].name == "z");
}

TEST_CASE("Keras 2: tensors in keywords, constants, operations without a bracket") {
  const Model model = read(
      functional(layer2("x", "InputLayer", "[]") + "," + layer2("y", "InputLayer", "[]") + "," +
                     layer2("op", "TFOpLambda",
                            "[[\"x\", 0, 0, {\"y\": [\"y\", 0, 0], \"name\": null}]]") +
                     "," + layer2("half", "TFOpLambda", "[[\"op\", 0, 0, {\"y\": 0.5}]]") + "," +
                     layer2("pair", "TFOpLambda", "[[\"half\", 0, 0, {\"axis\": [\"q\", 1, 2]}]]"),
                 "[[\"x\", 0, 0], [\"y\", 0, 0]]", "[[\"pair\", 0, 0]]"),
      Generation::Keras2);
  CHECK(keras::tensors_of(model.layers[2].calls[0]).size() == 2);
  const keras::Call& half = model.layers[3].calls[0];
  CHECK(half.keywords[0].first == "y");
  CHECK(std::get<Json>(half.keywords[0].second.value) == 0.5);
  // A list that only looks like a tensor is a constant, as no layer is called `q`.
  CHECK(keras::tensors_of(model.layers[4].calls[0]).size() == 1);
}

TEST_CASE("Keras 3: nested arguments, keywords, and an operation that is called like a layer") {
  const std::string tensor =
      "{\"class_name\": \"__keras_tensor__\", \"config\": {\"shape\": [null, 2], \"dtype\": "
      "\"float32\", "
      "\"keras_history\": [\"x\", 0, 0]}}";
  const std::string op =
      "{\"class_name\": \"Add\", \"name\": \"add\", \"config\": {\"name\": \"add\"}, "
      "\"inbound_nodes\": [{\"args\": [" +
      tensor + ", 2.0], \"kwargs\": {}}]}";
  const std::string layer =
      "{\"class_name\": \"Add\", \"name\": \"sum\", \"config\": {\"name\": \"sum\", "
      "\"trainable\": true, \"dtype\": \"float32\"}, \"inbound_nodes\": [{\"args\": [[" +
      tensor +
      ", {\"class_name\": \"__keras_tensor__\", \"config\": "
      "{\"keras_history\": [\"add\", 0, 0]}}]], \"kwargs\": {\"mask\": null}}]}";
  const Model model = read(functional(layer2("x", "InputLayer", "[]") + "," + op + "," + layer,
                                      "[\"x\", 0, 0]", "[\"sum\", 0, 0]"),
                           Generation::Keras3);
  CHECK(model.layers[1].class_name == "ops.Add");
  CHECK(std::get<Json>(model.layers[1].calls[0].arguments[1].value) == 2.0);
  CHECK(model.layers[2].class_name == "Add");
  CHECK(model.layers[2].calls[0].arguments.size() == 1);
  CHECK(keras::tensors_of(model.layers[2].calls[0]).size() == 2);
}

TEST_CASE("a long chain is no deep recursion") {
  std::string layers = layer2("l0", "InputLayer", "[]");
  constexpr int count = 5000;
  for (int i = 1; i < count; ++i) {
    layers += "," + layer2("l" + std::to_string(i), "Activation",
                           "[[[\"l" + std::to_string(i - 1) + "\", 0, 0, {}]]]");
  }
  const Model model =
      read(functional(layers, "[[\"l0\", 0, 0]]", "[[\"l4999\", 0, 0]]"), Generation::Keras2);
  CHECK(model.layers.back().calls.size() == 1);
}

TEST_CASE("configs in one spelling") {
  const auto simple = [](const char* text) {
    return keras::simplified(keras::parse_json(text, "test"));
  };
  CHECK(
      simple(
          R"({"module": "keras", "class_name": "DTypePolicy", "config": {"name": "mixed_float16"}})") ==
      "mixed_float16");
  CHECK(simple(R"({"class_name": "Policy", "config": {"name": "float32"}})") == "float32");
  CHECK(simple(R"({"module": "keras.activations", "class_name": "function", "config": "relu"})") ==
        "relu");
  // A function of the user's own may have a built-in one's name.
  CHECK(
      simple(
          R"({"module": "builtins", "class_name": "function", "config": "relu", "registered_name": "function"})") ==
      "Custom>relu");
  CHECK(simple(R"({"class_name": "TensorShape", "items": [null, 6]})") ==
        Json::array({nullptr, 6}));
  CHECK(
      simple(
          R"({"module": "keras.layers", "class_name": "LeakyReLU", "config": {"alpha": 0.5}, "registered_name": null})") ==
      Json{{"class_name", "LeakyReLU"}, {"config", {{"alpha", 0.5}}}});
  CHECK(simple(R"([NaN, -Infinity, "NaN, \" Infinity"])") ==
        Json::array({"NaN", "-Infinity", "NaN, \" Infinity"}));
  const auto name = [](const char* text) {
    return keras::public_class_name(keras::parse_json(text, "test"));
  };
  CHECK(name(R"({"class_name": "Custom>Dense"})") == "Custom>Dense");
  CHECK(name(R"({"class_name": "Dense", "registered_name": "mine>Dense"})") == "mine>Dense");
  CHECK(name(R"({"class_name": "Dense", "module": "__main__"})") == "Custom>Dense");
  CHECK(name(R"({"class_name": "Custom>CustomScaleLayer"})") == "CustomScaleLayer");
  CHECK(name(R"({"class_name": "BatchNormalizationV1"})") == "BatchNormalization");
  CHECK(name(R"({"class_name": "UnifiedLSTM"})") == "LSTM");
  CHECK(name(R"({"class_name": "UnifiedGRU"})") == "GRU");
  CHECK(keras::layer_config("BatchNormalization", Json{{"axis", {3}}})["axis"] == 3);
}
