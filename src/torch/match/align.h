#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// Which layer of one model is which module of another, where both are lists in the order of a run.
namespace tensorferry::torch {

struct Aligned {
  std::string name;            ///< "conv2_block1_0_conv", "layer1.0.downsample.0"
  std::string signature;       ///< kind and shape: only equal ones can be paired
  bool is_projection = false;  ///< on the shorter way around a block
  bool is_norm = false;        ///< goes with what it follows, where that is known
  /// The one before it whose result it takes: a BatchNorm's convolution.
  std::optional<std::size_t> follows = std::nullopt;
};

struct Pair {
  std::size_t layer = 0;
  std::size_t module = 0;
  double certainty = 0;  ///< 0 to 1
  std::string reason;    ///< "the only one of its shape"
};

/// What is known of a layer beforehand.
struct Known {
  std::optional<std::size_t> module;  ///< none: it is left out
  std::string reason;
};

/// Pairs of `layers` and `modules`, each in at most one, ascending by layer. What is `known`
/// is taken as it is. First come equal names, then what has a shape of its own, then order among
/// those of one shape, which is as certain as `in_order`; a module that follows another goes with
/// it.
std::vector<Pair> align(const std::vector<Aligned>& layers, const std::vector<Aligned>& modules,
                        const std::map<std::size_t, Known>& known, double in_order);

/// How alike two names are, 0 to 1: by the words and numbers that they share.
double likeness(const std::string& a, const std::string& b);

}  // namespace tensorferry::torch
