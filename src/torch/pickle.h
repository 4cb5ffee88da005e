#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
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

/// A whole number whose bytes lie in the Keras file.
struct PickledCounter {};

struct PickledValue;
using PickledItems = std::vector<PickledValue>;
struct PickledList {
  PickledItems items;
};
struct PickledTuple {
  PickledItems items;
};
struct PickledMember;
using PickledDict = std::vector<PickledMember>;

/// Python's bool, int, float, str, a tensor (whatever its key), a list, a tuple, a dict.
struct PickledValue {
  std::variant<bool, std::uint64_t, double, std::string, PickledCounter, PickledTensor, PickledList,
               PickledTuple, PickledDict>
      value;
};

struct PickledMember {
  PickledValue key;
  PickledValue value;
};

/// A pickle with a gap, in which the bytes of the counter belong.
struct Pickle {
  std::string before;
  std::string after;  ///< empty: there is no gap
};

/// `counter_bytes`: how many bytes the counter has: a signed little-endian integer.
Pickle pickled(const PickledValue& value, std::uint8_t counter_bytes);

}  // namespace tensorferry::torch
