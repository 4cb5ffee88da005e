#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tensor/bundle.h"
#include "torch/pickle.h"
#include "torch/weight.h"

namespace tensorferry::torch {

/// A tensor of a weights file. Entries with one `storage` are one tensor at two places of the
/// module.
struct NamedWeight {
  std::string key;
  std::size_t storage = 0;
  const Weight* weight = nullptr;
  bool trained = true;  ///< not of a frozen layer, nor a parameter that Keras does not have
};

/// The plan of a `.safetensors` file: its header, then each tensor row-major; tensors of larger
/// elements first, so that each is aligned. A tensor at two places is written twice, as the format
/// has no other way. (github.com/huggingface/safetensors, README: Format)
tensor::OutputFile safetensors_file(tensor::Bundle& bundle, const std::string& path,
                                    const std::vector<NamedWeight>& weights);

/// The plan of a `.pt` file: a stored zip as torch.save writes it, with only the opcodes of a
/// state_dict. With `strided` tensors lie as in the Keras file wherever strides can say so. CRC
/// fields are 0: torch does not look at them. (torch/serialization.py: _save;
/// torch/_weights_only_unpickler.py)
tensor::OutputFile pt_file(tensor::Bundle& bundle, const std::string& path,
                           const std::vector<NamedWeight>& weights, bool strided);

/// What an optimizer's state_dict is made of, before it is bytes.
struct StateDict {
  PickledValue value;
  std::optional<tensor::TensorRef> counter;  ///< the integers of its PickledCounter
  std::vector<tensor::Computation> storages;

  /// A tensor of a storage of its own.
  PickledValue add(tensor::Computation computation);
};

/// The plan of a `.pt` file that holds it: torch.save(optimizer.state_dict(), path).
tensor::OutputFile pt_file(tensor::Bundle& bundle, const std::string& path,
                           const StateDict& state_dict);

/// Whether `pt_file` writes this weight with strides that are not row-major.
bool is_strided(const Weight& weight);

}  // namespace tensorferry::torch
