#include "convert/preprocessing.h"

#include <doctest/doctest.h>

#include "convert/manifest.h"
#include "convert/readme.h"

using namespace tensorferry;

namespace {

keras::Model named(const std::string& name) {
  keras::Model model;
  model.name = name;
  keras::Layer input;
  input.class_name = "InputLayer";
  input.name = "image";
  model.layers.push_back(input);
  model.inputs.push_back({{0, 0, 0}, "image"});
  return model;
}

void add_layer(keras::Model& model, const std::string& class_name,
               std::shared_ptr<keras::Model> nested = nullptr) {
  keras::Layer layer;
  layer.class_name = class_name;
  layer.model = std::move(nested);
  keras::Call call;
  call.arguments.push_back(
      {keras::TensorHandle{static_cast<std::uint32_t>(model.layers.size() - 1), 0, 0}});
  layer.calls.push_back(call);
  model.layers.push_back(layer);
}

std::string mode(const keras::Model& model) {
  return convert::preprocessing_of_inputs(model).at(0);
}

}  // namespace

TEST_CASE("preprocessing: by the name of the architecture") {
  CHECK(mode(named("vgg16")) == "caffe");
  CHECK(mode(named("resnet50")) == "caffe");
  CHECK(mode(named("resnet50v2")) == "tf");
  CHECK(mode(named("densenet121")) == "torch");
  CHECK(mode(named("mobilenetv2_1.00_224")) == "tf");
  CHECK(mode(named("NASNet")) == "tf");
  CHECK(mode(named("my_net")).empty());
}

TEST_CASE("preprocessing: raw only where the model rescales by itself") {
  keras::Model rescaling = named("MobilenetV3large");
  add_layer(rescaling, "Rescaling");
  CHECK(mode(rescaling) == "raw");
  CHECK(mode(named("MobileNetV3Large")) == "tf");
  CHECK(mode(named("convnext_tiny")).empty());
}

TEST_CASE("preprocessing: a nested architecture only where it takes the input as it is") {
  const auto backbone = std::make_shared<keras::Model>(named("vgg16"));
  keras::Model direct = named("classifier");
  add_layer(direct, "Functional", backbone);
  CHECK(mode(direct) == "caffe");

  keras::Model scaled = named("classifier");
  add_layer(scaled, "Rescaling");
  add_layer(scaled, "Functional", backbone);
  CHECK(mode(scaled).empty());
}

TEST_CASE("preprocessing: the manifest and the README say it") {
  convert::Manifest manifest;
  manifest.inputs = {{"image", tensor::DType::Float32, {-1, 5, 7, 3}, {-1, 3, 5, 7}, {0, 3, 1, 2}},
                     {"size", tensor::DType::Float32, {-1, 2}, {-1, 2}, {}}};
  manifest.preprocessing = {"caffe", ""};
  tensor::Bundle bundle;
  const std::string text = convert::append_manifest(bundle, manifest, false);
  CHECK(text.find("\"preprocess\":\"caffe\"") != std::string::npos);
  CHECK(text.find("\"preprocess\":null") != std::string::npos);
  const std::string readme = convert::readme_text(manifest, "", "python");
  CHECK(readme.find("image: RGB pixels from 0 to 255 are put into the order BGR") !=
        std::string::npos);
}
