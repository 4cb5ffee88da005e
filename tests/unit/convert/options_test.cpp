#include <doctest/doctest.h>

#include <string>

#include "convert.h"

using namespace tensorferry;

TEST_CASE("options: every member is read") {
  const Result<Options> options = options_from_json(
      R"({"target": "tfjs", "weights": "pt", "contiguous": true, "dtype": "float16",
          "className": "Net", "channelsLastIo": true, "assumeKinds": true, "checksums": true, "probe": true,
          "zip": "net.zip", "quantization": [{"dtype": "uint16", "glob": "dense*"}, {"dtype": "float16"}],
          "shardBytes": 1000, "splitWeightsByLayer": true, "metadata": {"a": {"b": 1}}})");
  REQUIRE(options);
  CHECK(options->target == Target::TfJs);
  CHECK(options->torch.weights == torch::WeightFormat::Pt);
  CHECK(options->torch.contiguous);
  CHECK(options->torch.dtype == "float16");
  CHECK(options->torch.class_name == "Net");
  CHECK(options->torch.channels_last_io);
  CHECK(options->torch.assume_kinds);
  CHECK(options->checksums);
  CHECK(options->probe);
  CHECK(options->zip_name == "net.zip");
  REQUIRE(options->tfjs.quantization.size() == 2);
  CHECK(options->tfjs.quantization[0].dtype == tensor::DType::UInt16);
  CHECK(options->tfjs.quantization[0].glob == "dense*");
  CHECK(options->tfjs.quantization[1].glob == "*");
  CHECK(options->tfjs.shard_bytes == 1000);
  CHECK(options->tfjs.split_weights_by_layer);
  REQUIRE(options->tfjs.metadata.size() == 1);
  CHECK(options->tfjs.metadata[0].second == R"({"b":1})");
}

TEST_CASE("options: what is not known is refused with its name") {
  for (const char* text :
       {R"({"targets": "tfjs"})", R"({"target": "onnx"})", R"({"dtype": "int4"})",
        R"({"weights": "h5"})", R"({"shardBytes": 0})", R"({"contiguous": "yes"})",
        R"({"quantization": [{"dtype": "int8"}]})", "[", R"({"target": 1})"}) {
    CAPTURE(text);
    const Result<Options> options = options_from_json(text);
    REQUIRE_FALSE(options);
    CHECK(options.error().code == io::ErrorCode::OptionInvalid);
  }
  CHECK(options_from_json(R"({"colour": 1})").error().message.find("\"colour\"") !=
        std::string::npos);
}

TEST_CASE("options: a match takes none that only model.py could follow") {
  CHECK(options_from_json(R"({"match": {"name": "torchvision:resnet50"}, "weights": "pt"})"));
  for (const char* member :
       {R"("className": "Net")", R"("channelsLastIo": true)", R"("assumeKinds": true)",
        R"("torchMin": "2.1")", R"("loss": "mse")", R"("optimizer": "Adam")"}) {
    CAPTURE(member);
    const std::string text =
        std::string(R"({"match": {"name": "torchvision:resnet50"}, )") + member + "}";
    const Result<Options> options = options_from_json(text);
    REQUIRE_FALSE(options);
    CHECK(options.error().code == io::ErrorCode::OptionInvalid);
  }
}
