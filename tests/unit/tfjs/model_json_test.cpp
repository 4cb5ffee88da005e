#include "tfjs/target.h"

#include <doctest/doctest.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "io/error.h"
#include "models.h"

namespace tensorferry::tfjs {
namespace {

using Json = nlohmann::ordered_json;

std::string inline_text(const tensor::OutputFile& file) {
  std::string text;
  for (const tensor::Part& part : file.parts) {
    text += std::get<tensor::InlinePart>(part).bytes;
  }
  return text;
}

/// A shared Dense (called on the input, then on its own output) before a nested model that is
/// called twice.
keras::Model shared_and_nested() {
  keras::Model model;
  model.keras_version = "3.15.1";
  model.backend = "tensorflow";
  model.name = "a \"model\"";
  const auto inner = std::make_shared<keras::Model>();
  inner->layers.push_back(input_layer("inner_x", {nullptr, 4}));
  inner->layers.push_back(layer_of("ReLU", "relu", Json::object(), {0}));
  close_model(*inner);
  model.layers.push_back(input_layer("x", {nullptr, 4}));
  model.layers.push_back(layer_of("Dense", "dense", {{"units", 4}}, {0}));
  model.layers[1].calls.push_back({{tensor_of(1, 0)}, {}});
  model.layers.push_back(layer_of("Functional", "inner", Json::object(), {}));
  model.layers[2].calls = {{{tensor_of(1, 0)}, {}}, {{tensor_of(1, 1)}, {}}};
  model.layers[2].model = inner;
  model.layers.push_back(layer_of("Add", "add", Json::object(), {}));
  model.layers[3].calls = {
      {{{std::vector<keras::Argument>{tensor_of(2, 0), tensor_of(2, 1)}}}, {}}};
  add_weight(model, model.layers[1], "kernel", {4, 4}, 4096);
  add_weight(model, model.layers[1], "bias", {4}, 8192);
  close_model(model);
  return model;
}

}  // namespace

TEST_CASE("model.json is in the dialect that TF.js reads") {
  const Output output = write(shared_and_nested(), {});
  REQUIRE(output.bundle.files.size() == 2);
  CHECK(output.bundle.files[0].path == "model.json");
  const Json json = Json::parse(inline_text(output.bundle.files[0]));
  CHECK(json["format"] == "layers-model");
  CHECK(json["generatedBy"] == "keras v3.15.1");
  const Json& config = json["modelTopology"]["model_config"]["config"];
  CHECK(json["modelTopology"]["model_config"]["class_name"] == "Functional");
  CHECK(config["layers"][0]["config"]["batch_input_shape"] == Json{nullptr, 4});
  CHECK(config["layers"][1]["inbound_nodes"] ==
        Json::parse(R"([[["x",0,0,{}]],[["dense",0,0,{}]]])"));
  CHECK(config["layers"][2]["class_name"] == "Functional");
  CHECK(config["layers"][2]["inbound_nodes"] ==
        Json::parse(R"([[["dense",0,0,{}]],[["dense",1,0,{}]]])"));
  // The calls of a nested model count from 1.
  CHECK(config["layers"][3]["inbound_nodes"] ==
        Json::parse(R"([[["inner",1,0,{}],["inner",2,0,{}]]])"));
  CHECK(config["output_layers"] == Json::parse(R"([["add",0,0]])"));
  CHECK(json["weightsManifest"] == Json::parse(R"([{"weights":[
    {"name":"dense/kernel","shape":[4,4],"dtype":"float32"},
    {"name":"dense/bias","shape":[4],"dtype":"float32"}],"paths":["group1-shard1of1.bin"]}])"));
}

TEST_CASE("weights are slices of the file as they lie") {
  const Output output = write(shared_and_nested(), {});
  CHECK(output.bundle.files[1] ==
        tensor::OutputFile{"group1-shard1of1.bin",
                           {tensor::SlicePart{0, 4096, 64}, tensor::SlicePart{0, 8192, 16}}});
  CHECK(output.bundle.computations.empty());
  REQUIRE(output.weights.size() == 2);
  CHECK(output.weights[0].key == "dense/kernel");
  CHECK(output.weights[0].transform == "identity");
  CHECK(output.weights[0].sources == std::vector<std::string>{"dense/kernel"});
}

TEST_CASE("quantized weights are computed, and their range is text that is known late") {
  Options options;
  options.quantization = {{tensor::DType::UInt8, "*/kernel"}};
  const Output output = write(shared_and_nested(), options);
  REQUIRE(output.bundle.computations.size() == 1);
  REQUIRE(output.bundle.reduces.size() == 2);
  CHECK(output.bundle.computations[0].values ==
        std::vector<tensor::ValueOp>{tensor::Quantize{tensor::DType::UInt8, 0, 1}});
  CHECK(output.bundle.files[1].parts ==
        std::vector<tensor::Part>{tensor::ComputedPart{0, 0, 16}, tensor::SlicePart{0, 8192, 16}});
  const auto& deferred = std::get<tensor::DeferredPart>(output.bundle.files[0].parts.back());
  const auto& text = std::get<tensor::NumberText>(deferred.content);
  REQUIRE(text.slots.size() == 2);
  CHECK(text.slots[0].number == tensor::NumberText::Number::Minimum);
  CHECK(text.slots[1].number == tensor::NumberText::Number::Scale);
  const std::string whole =
      "{\"a\":" + text.pieces[0] + "-1" + text.pieces[1] + "2" + text.pieces[2];
  const Json quantization = Json::parse(whole)["a"][0]["weights"][0]["quantization"];
  CHECK(quantization ==
        Json::parse(R"({"dtype":"uint8","min":-1,"scale":2,"original_dtype":"float32"})"));
}

TEST_CASE("metadata is JSON, or refused") {
  Options options;
  options.metadata = {{"labels", "[\"a\"]"}};
  const Json json = Json::parse(inline_text(write(shared_and_nested(), options).bundle.files[0]));
  CHECK(json["userDefinedMetadata"] == Json::parse(R"({"labels":["a"]})"));
  options.metadata = {{"labels", "not JSON"}};
  CHECK_THROWS_AS(write(shared_and_nested(), options), io::Error);
}

}  // namespace tensorferry::tfjs
