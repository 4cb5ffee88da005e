#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/source.h"
#include "tensor/tensor_ref.h"

namespace tensorferry::torch {

/// A tensor of a state_dict, by name and shape alone.
struct NamedShape {
  std::string key;
  tensor::Shape shape;

  bool operator==(const NamedShape&) const = default;
};

/// What a `.safetensors` or a `.pt` file holds: a `.pt` in the order in which the modules were
/// defined, a `.safetensors`, whose writers sort it, by names and the numbers in them. No tensor is
/// read, and nothing of a pickle is executed: it is read by the opcodes that a state_dict needs,
/// anything else is refused. A checkpoint may hold its state_dict under "state_dict",
/// "model_state_dict" or "model". Throws WrongFormat.
std::vector<NamedShape> read_state_dict_names(const io::Source& file);

/// By names and the numbers in them: "layer3.9" comes before "layer3.10".
bool comes_before(const std::string& a, const std::string& b);

/// The same of a pickle's bytes. `name` is the file's, for messages.
std::vector<NamedShape> names_of_pickle(std::string_view pickle, std::string_view name);

}  // namespace tensorferry::torch
