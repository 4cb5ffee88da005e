#pragma once

#include <map>
#include <string>
#include <vector>

#include "torch/match/keras_steps.h"
#include "torch/match/pairing.h"

namespace tensorferry::torch {

/// A place at which the Keras model computes something else than the target.
struct StructureDifference {
  std::string layer;   ///< a Keras layer; empty: it is about the model's result
  const char* what;    ///< "It is given", "It is a", "The result is"
  std::string keras;   ///< "add(bn3, bn0)", by the names of Keras's layers
  std::string target;  ///< "relu(add(layer1.0.bn3, layer1.0.bn1))"
};

struct Structure {
  std::map<std::size_t, std::string> given;  ///< weighted layer → "relu(bn1)", by modules' names
  std::vector<StructureDifference> differences;  ///< in the target's order, the result last
  bool averages_result = false;  ///< the target gives the averages of what Keras's model gives
};

/// The modules without which the target gives what stands before its head: those of `pairing.head`
/// and those between and behind them, as few names as say it ("classifier").
std::vector<std::string> modules_of_head(const TargetModel& target, const Pairing& pairing);

/// Whether nothing behind the average over all places is in a pair: then the target is to give that
/// average.
bool has_no_head(const TargetModel& target, const Pairing& pairing);

/// Compares what each paired layer and its module are given, and the results: activations,
/// additions, gates, concatenations, averages, and pools that are no pair. What only gives the same
/// elements another shape is not looked at, nor are strides and padding (differences.h). Without
/// `TargetModel::steps` there are no differences; where a layer is in no pair they say nothing.
Structure compare_structure(const std::vector<WeightedLayer>& layers, const KerasSteps& keras,
                            const TargetModel& target, const Pairing& pairing);

}  // namespace tensorferry::torch
