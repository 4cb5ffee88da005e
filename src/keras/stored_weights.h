#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "h5/file.h"
#include "io/note.h"
#include "tensor/tensor_ref.h"

namespace tensorferry::keras {

struct StoredWeight {
  std::string name;  ///< as `weight_names` spells it
  std::string path;  ///< of the dataset, for messages
  std::uint32_t tensor = 0;
};

/// The weights of one layer of the outermost model, in the file's order.
struct StoredLayer {
  std::string name;
  std::vector<StoredWeight> weights;
};

/// What a file holds of weights, before anything is known of the layers.
struct StoredWeights {
  std::vector<StoredLayer> layers;  ///< in the file's order
  std::vector<tensor::TensorRef> tensors;
  io::Notes notes;
};

/// Keras's `.h5` layout (keras/src/legacy/saving/legacy_h5_format.py: save_weights_to_hdf5_group):
/// the attribute `layer_names`, and in each layer's group `weight_names`, both split into `…0`,
/// `…1` where they are long. Throws io::Error{WeightMissing} where a name has no dataset.
StoredWeights read_stored_weights(const h5::Group& group);

/// An attribute of names, which Keras splits where it is long; none where there is none.
std::vector<std::string> read_names(const h5::Group& group, const std::string& attribute);

/// True if the group holds `layer_names`, whole or split.
bool has_layer_names(const h5::Group& group);

/// A weight's name without its layer and ":0": "kernel" of "dense/kernel:0" or "sq/dense/kernel".
std::string own_weight_name(const std::string& layer, const std::string& name);

}  // namespace tensorferry::keras
