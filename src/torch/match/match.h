#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "torch/match/state_dict_file.h"

/// The weights of a Keras model for a PyTorch model that the user already has.
namespace tensorferry::torch {

/// A layer (by what stands before its tensors' names in our own state_dict: mostly its name), and
/// the module that it is to be; none: it is left out.
using GivenPair = std::pair<std::string, std::optional<std::string>>;

struct MatchOptions {
  std::string name;  ///< a built-in target ("torchvision:resnet50"), or a file's name
  std::vector<NamedShape> tensors;  ///< of the file; empty for a built-in target
  std::vector<GivenPair> mapping;   ///< as the user has corrected it
};

/// A mapping as `mapping.json` has it: [{"layer": "conv1", "module": "conv1"}]; other members are
/// not read. Throws OptionInvalid.
std::vector<GivenPair> mapping_of_json(std::string_view text);

}  // namespace tensorferry::torch
