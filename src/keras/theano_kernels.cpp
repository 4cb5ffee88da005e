#include "keras/theano_kernels.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>

#include "keras/made_tensors.h"

namespace tensorferry::keras {
namespace {

constexpr std::array<std::string_view, 8> convolutions = {
    "Conv1D",          "Conv2D",     "Conv2DTranspose", "Conv3D",
    "Conv3DTranspose", "ConvLSTM2D", "DepthwiseConv2D", "SeparableConv2D"};
constexpr std::array<std::string_view, 3> spatial_kernels = {"kernel", "depthwise_kernel",
                                                             "recurrent_kernel"};

template <std::size_t size>
bool is_among(const std::array<std::string_view, size>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::size_t spatial_rank(const tensor::TensorRef& kernel) {
  return kernel.shape.size() < 2 ? 0 : kernel.shape.size() - 2;
}

bool is_spatial(const tensor::TensorRef& kernel) {
  return std::any_of(kernel.shape.begin(),
                     kernel.shape.begin() + static_cast<std::ptrdiff_t>(spatial_rank(kernel)),
                     [](std::uint64_t extent) { return extent > 1; });
}

// All axes backwards but the last two, which are the channels.
tensor::Computation turned(const tensor::TensorRef& kernel) {
  tensor::Computation computation = tensor::identity_computation(kernel);
  tensor::View& view = computation.views.front();
  for (std::size_t axis = 0; axis < spatial_rank(kernel); ++axis) {
    view.offset += static_cast<std::int64_t>(view.shape[axis] - 1) * view.strides[axis];
    view.strides[axis] = -view.strides[axis];
  }
  return computation;
}

bool all_are_one(const Json& value) {
  if (value.is_array()) return std::all_of(value.begin(), value.end(), all_are_one);
  return value.is_null() || value == 1;
}

bool holds_even(const tensor::TensorRef& kernel) {
  return std::any_of(kernel.shape.begin(),
                     kernel.shape.begin() + static_cast<std::ptrdiff_t>(spatial_rank(kernel)),
                     [](std::uint64_t extent) { return extent % 2 == 0; });
}

// Theano pads half a kernel on both sides (backend/theano_backend.py: _preprocess_padding), where
// TensorFlow pads what the strides need, the odd one at the end.
void note_padding(const Layer& layer, const tensor::TensorRef& kernel, io::Notes& notes) {
  const auto padding = layer.config.find("padding");
  if (padding == layer.config.end() || *padding != "same") return;
  const auto strides = layer.config.find("strides");
  const bool strided = strides != layer.config.end() && !all_are_one(*strides);
  if (!strided && !holds_even(kernel)) return;
  notes.push_back(
      {io::Severity::Warning, layer.name, "theano-padding",
       "The model was saved on Theano, which pads `same` otherwise than TensorFlow where there are "
       "strides or an even kernel. It is converted as Keras computes it on TensorFlow, so its "
       "outputs may differ from those that it had when it was trained."});
}

void note_unknown_backend(const std::set<std::string>& layers, io::Notes& notes) {
  if (layers.empty()) return;
  notes.push_back(
      {io::Severity::Warning, "", "backend-unknown",
       fmt::format(
           "Files of Keras 1 do not say whether Keras ran on TensorFlow or on Theano, which "
           "turns the kernels of convolutions by half a turn. They are converted as "
           "TensorFlow's: if the model was trained on Theano, its convolutions are wrong: "
           "{}.",
           fmt::join(layers, ", "))});
}

}  // namespace

void turn_theano_kernels(Model& model, std::uint32_t source_count) {
  const bool is_theano = model.backend == "theano";
  const bool is_unknown = model.backend.empty() && model.generation == Generation::Keras1;
  if (!is_theano && !is_unknown) return;
  MadeTensors made(model, source_count);
  std::set<std::string> unknown;
  visit_layers(model, [&](Layer& layer) {
    if (!is_among(convolutions, layer.class_name)) return;
    for (Weight& weight : layer.weights) {
      const tensor::TensorRef kernel = made.tensor(weight.tensor);
      if (!is_among(spatial_kernels, weight.role) || !is_spatial(kernel)) continue;
      if (is_unknown) {
        unknown.insert(layer.name);
        continue;
      }
      note_padding(layer, kernel, model.notes);
      weight.tensor = made.made_of(weight.tensor, turned);
    }
  });
  note_unknown_backend(unknown, model.notes);
}

}  // namespace tensorferry::keras
