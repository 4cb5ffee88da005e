#include "convert/preprocessing.h"

#include <algorithm>
#include <string_view>

namespace tensorferry::convert {
namespace {

struct Architecture {
  std::string_view name;  // how the model's name begins, in lower case
  std::string_view mode;
  std::string_view without_rescaling;  // the mode where the model was made without its own
};

// `preprocess_input` of the modules of keras/src/applications. The first that fits counts.
constexpr Architecture architectures[] = {
    {"vgg16", "caffe", "caffe"},
    {"vgg19", "caffe", "caffe"},
    {"resnet50v2", "tf", "tf"},
    {"resnet101v2", "tf", "tf"},
    {"resnet152v2", "tf", "tf"},
    {"resnet50", "caffe", "caffe"},
    {"resnet101", "caffe", "caffe"},
    {"resnet152", "caffe", "caffe"},
    {"densenet121", "torch", "torch"},
    {"densenet169", "torch", "torch"},
    {"densenet201", "torch", "torch"},
    {"inception_v3", "tf", "tf"},
    {"inception_resnet_v2", "tf", "tf"},
    {"xception", "tf", "tf"},
    {"nasnet", "tf", "tf"},
    {"mobilenet_", "tf", "tf"},
    {"mobilenetv2_", "tf", "tf"},
    {"mobilenetv3", "raw", "tf"},
    {"efficientnetv2", "raw", "tf"},
    {"efficientnetb", "raw", ""},
    {"convnext", "raw", ""},
};

bool rescales(const keras::Model& model) {
  return std::any_of(model.layers.begin(), model.layers.end(), [](const keras::Layer& layer) {
    return layer.class_name == "Rescaling" || layer.class_name == "Normalization" ||
           (layer.model && rescales(*layer.model));
  });
}

std::string mode_of(const keras::Model& model) {
  std::string name = model.name;
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  for (const Architecture& architecture : architectures) {
    if (!name.starts_with(architecture.name)) continue;
    return std::string(rescales(model) ? architecture.mode : architecture.without_rescaling);
  }
  return "";
}

bool takes(const keras::Layer& layer, const keras::TensorHandle& input) {
  return std::any_of(layer.calls.begin(), layer.calls.end(), [&](const keras::Call& call) {
    return keras::tensors_of(call) == std::vector<keras::TensorHandle>{input};
  });
}

std::string mode_of_input(const keras::Model& model, const keras::TensorHandle& input) {
  for (const keras::Layer& layer : model.layers) {
    if (layer.model && takes(layer, input)) return mode_of(*layer.model);
  }
  return "";
}

}  // namespace

std::vector<std::string> preprocessing_of_inputs(const keras::Model& model) {
  const std::string own = model.inputs.size() == 1 ? mode_of(model) : "";
  std::vector<std::string> modes;
  for (const keras::ModelOutput& input : model.inputs) {
    modes.push_back(own.empty() ? mode_of_input(model, input.tensor) : own);
  }
  return modes;
}

std::string preprocessing_text(const std::string& mode) {
  if (mode == "caffe") {
    return "RGB pixels from 0 to 255 are put into the order BGR, then (103.939, 116.779, 123.68) "
           "is subtracted";
  }
  if (mode == "torch") {
    return "RGB pixels from 0 to 255 are divided by 255, then (0.485, 0.456, 0.406) is subtracted "
           "and the rest divided by (0.229, 0.224, 0.225)";
  }
  if (mode == "tf") return "RGB pixels from 0 to 255 are divided by 127.5, then 1 is subtracted";
  return "RGB pixels from 0 to 255, as they are: the model rescales them by itself";
}

}  // namespace tensorferry::convert
