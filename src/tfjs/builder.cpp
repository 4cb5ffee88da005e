#include "tfjs/builder.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/error.h"
#include "tfjs/refusal.h"
#include "tfjs/shapes.h"

namespace tensorferry::tfjs {
namespace {

// A built layer of TF.js takes tensors of one rank only, and a PReLU of one shape (their
// `inputSpec`).
bool fits(const NetworkLayer& layer, const std::string& class_name, const Json& config,
          const std::vector<Tensor>& inputs) {
  if (layer.class_name != class_name || layer.config != config ||
      layer.calls.front().size() != inputs.size()) {
    return false;
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Shape& first = layer.calls.front()[i].shape;
    const bool whole = class_name == "PReLU";
    if (whole ? first != inputs[i].shape : first.size() != inputs[i].shape.size()) {
      return false;
    }
  }
  return true;
}

bool is_same(const Tensor& a, const Tensor& b) {
  return a.layer == b.layer && a.node == b.node && a.tensor == b.tensor;
}

}  // namespace

void NetworkBuilder::reserve(const std::string& name) {
  if (names.reserve(name)) {
    reserved.insert(name);
  }
}

std::string NetworkBuilder::name_of(const std::string& keras_name) {
  return reserved.erase(keras_name) != 0 ? names.claim(keras_name) : names.unique(keras_name);
}

LayerCall LayerCall::of_argument(const keras::Layer& argument, Tensor input,
                                 const std::string& part) {
  LayerCall call(builder_, tensors_, generation_, argument, {std::move(input)});
  call.owner_ = owner_;
  call.prefix_ = prefix_ + part;
  call.classes_ = classes_;
  call.mask_ = mask_;
  return call;
}

const Tensor& LayerCall::input() const {
  if (inputs_.size() != 1) {
    throw Refusal{fmt::format("It is called with {} tensors, and takes one.", inputs_.size())};
  }
  return inputs_.front();
}

const Tensor& LayerCall::input_of_rank(std::size_t rank) const {
  if (input().shape.size() != rank) {
    throw Refusal{fmt::format("It is given a tensor of rank {}, and TF.js takes one of rank {}.",
                              input().shape.size(), rank)};
  }
  return input();
}

void LayerCall::note(std::string_view code, std::string text) {
  builder_.notes.push_back({io::Severity::Info, layer_.name, std::string(code), std::move(text)});
}

void LayerCall::warn(std::string_view code, std::string text) {
  builder_.notes.push_back(
      {io::Severity::Warning, layer_.name, std::string(code), std::move(text)});
}

bool LayerCall::has_weight(std::string_view role) const {
  return std::any_of(layer_.weights.begin(), layer_.weights.end(),
                     [&](const keras::Weight& weight) { return weight.role == role; });
}

const tensor::TensorRef& LayerCall::stored(std::string_view role) const {
  for (const keras::Weight& weight : layer_.weights) {
    if (weight.role == role) {
      return tensors_.at(weight.tensor);
    }
  }
  throw io::Error(io::ErrorCode::WeightMissing,
                  fmt::format("Layer \"{}\" ({}) needs a weight \"{}\", and the file has none.",
                              layer_.name, layer_.class_name, role));
}

const tensor::TensorRef& LayerCall::stored(std::string_view role, std::string_view other) const {
  return stored(has_weight(other) ? other : role);
}

std::vector<Tensor> LayerCall::told_apart(std::vector<Tensor> inputs) {
  const std::vector<Tensor> given = inputs;
  for (std::size_t i = 1; i < given.size(); ++i) {
    const bool repeated =
        std::any_of(given.begin(), given.begin() + static_cast<std::ptrdiff_t>(i),
                    [&](const Tensor& other) { return is_same(other, given[i]); });
    // What comes from outside is never freed.
    const NetworkLayer& source = builder_.network.layers[given[i].layer];
    if (repeated && source.class_name != "InputLayer") {
      inputs[i] =
          add(fmt::format("copy_{}", i), "Activation", {{"activation", "linear"}}, {given[i]});
      inputs[i].masked = given[i].masked;
      inputs[i].mask = given[i].mask;
    }
  }
  return inputs;
}

Tensor LayerCall::add(std::string_view part, const std::string& class_name, Json config,
                      std::vector<Tensor> inputs, std::vector<LayerWeight> weights) {
  inputs = told_apart(std::move(inputs));
  std::string name = prefix_;
  if (!part.empty()) {
    name += (name.empty() ? "" : "_") + std::string(part);
  }
  if (!weights.empty() && !owner_->trainable) {
    config["trainable"] = false;
  }
  Tensor output;
  std::vector<Shape> shapes;
  for (const Tensor& input : inputs) {
    shapes.push_back(input.shape);
  }
  output.shape = output_shape(class_name, config, shapes);
  output.layer = find_or_make(name, class_name, config, inputs, std::move(weights));
  NetworkLayer& layer = builder_.network.layers[output.layer];
  output.node = static_cast<std::uint32_t>(layer.calls.size());
  layer.calls.push_back(std::move(inputs));
  classes_->push_back(class_name);
  return output;
}

std::uint32_t LayerCall::find_or_make(const std::string& part, const std::string& class_name,
                                      const Json& config, const std::vector<Tensor>& inputs,
                                      std::vector<LayerWeight> weights) {
  std::vector<std::uint32_t>& made = builder_.parts[{owner_, part}];
  for (const std::uint32_t index : made) {
    // Without weights there is nothing to share, and TF.js has its own order of a layer's calls.
    if (!weights.empty() && fits(builder_.network.layers[index], class_name, config, inputs)) {
      return index;
    }
  }
  const bool keeps_name = part.empty() && made.empty();
  NetworkLayer layer;
  layer.class_name = class_name;
  layer.name = keeps_name ? builder_.name_of(owner_->name)
                          : builder_.names.unique(owner_->name + (part.empty() ? "" : "_" + part));
  layer.config = config;
  layer.weights = std::move(weights);
  made.push_back(static_cast<std::uint32_t>(builder_.network.layers.size()));
  builder_.network.layers.push_back(std::move(layer));
  return made.back();
}

}  // namespace tensorferry::tfjs
