#pragma once

#include <string>
#include <vector>

#include "torch/state_file.h"
#include "torch/target.h"

namespace tensorferry::torch {

/// "model.safetensors" or "model.pt".
std::string weights_path(const Options& options);
/// The plan of that file.
tensor::OutputFile weights_file(tensor::Bundle& bundle, const std::vector<NamedWeight>& weights,
                                const Options& options);
/// A file of this text.
tensor::OutputFile text_file(const std::string& path, const std::string& text);
/// What the manifest says of the weights.
std::vector<WeightRow> weight_rows(const std::vector<NamedWeight>& weights, const Options& options);

}  // namespace tensorferry::torch
