#pragma once

#include <map>
#include <string>
#include <vector>

#include "torch/match/align.h"
#include "torch/match/fit.h"
#include "torch/match/match.h"

namespace tensorferry::torch {

/// Below it a pair is to be looked at.
inline constexpr double ambiguous_below = 0.9;

/// Which of a model's weighted layers is which of a target's modules, as indices of both.
struct Pairing {
  std::vector<Pair> weights;
  std::vector<Match> pools;
  /// Modules of a built-in target that come after everything that was paired: the classifier of a
  /// file that has none.
  std::vector<std::size_t> head;

  bool has_layer(std::size_t layer) const;
  bool has_module(std::size_t module) const;
  bool is_of_head(std::size_t module) const;
};

/// `steps` are those of the Keras model. Throws OptionInvalid where the mapping names what is not
/// there, or gives a tensor another shape.
Pairing pair_modules(const std::vector<WeightedLayer>& layers, const std::vector<Step>& steps,
                     const TargetModel& target, const std::vector<GivenPair>& mapping);

/// The text of mapping.json: a row for each pair, and before them one for each layer and each
/// module that is in none; what needs a look comes first. `given`: what the Keras model gives a
/// layer, by its index.
std::string mapping_text(const std::vector<WeightedLayer>& layers, const TargetModel& target,
                         const Pairing& pairing, const std::map<std::size_t, std::string>& given);

}  // namespace tensorferry::torch
