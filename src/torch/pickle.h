#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tensorferry::torch {

/// A tensor as a pickle of torch says it: elements of storage number `storage` by strides.
struct PickledTensor {
  std::string key;
  std::string storage_class;  ///< "FloatStorage"
  std::size_t storage = 0;
  std::uint64_t storage_elements = 0;
  std::vector<std::uint64_t> shape;
  std::vector<std::uint64_t> strides;
};

/// The pickle (protocol 2) of an OrderedDict of these tensors, in the opcodes that
/// torch.load(weights_only=True) permits.
std::string pickled_state_dict(const std::vector<PickledTensor>& tensors);

}  // namespace tensorferry::torch
