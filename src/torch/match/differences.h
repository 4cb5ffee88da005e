#pragma once

#include <string>
#include <vector>

#include "torch/match/fit.h"
#include "torch/python.h"

namespace tensorferry::torch {

/// How a built-in target's architecture differs from the Keras model's, and the Python that sets it
/// right.
struct Differences {
  std::vector<python::Expression> calls;  ///< `pad_before(model.conv1, (0, 1, 0, 1))`
  std::vector<std::string> assignments;   ///< `model.layer2[0].conv1.stride = (2, 2)`
  bool uses_torch = false;                ///< an assignment names it
  bool pads_before = false;               ///< the helpers that the calls need
  bool pads_by_size = false;
  bool averages_real_cells = false;
  io::Notes notes;

  bool empty() const { return calls.empty() && assignments.empty(); }
};

/// `pools` are pairs of pools. Nothing is known of a target that is no built-in one.
Differences differences(const std::vector<WeightedLayer>& layers, const TargetModel& target,
                        const std::vector<Match>& matches, const std::vector<Match>& pools);

/// "model.layer1[0].conv1" of "layer1.0.conv1".
std::string path_of(const std::string& prefix);

}  // namespace tensorferry::torch
