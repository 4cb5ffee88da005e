#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "h5/file.h"
#include "keras/model.h"

/// What `.weights.h5` files hold (keras/src/saving/saving_lib.py: H5IOStore, ShardedH5IOStore):
/// groups named after attributes and classes, each with a group `vars` of numbered datasets.
namespace tensorferry::keras {

/// A group, whichever of the files it lies in: shards of one model have groups in common.
struct SavedGroup {
  std::string path;  ///< "layers/dense", empty for the root
  std::string name;  ///< its attribute `name`, if any: since Keras 3.6 that of the layer, on `vars`
  std::map<std::string, SavedGroup> groups;
  std::map<std::string, std::uint32_t> datasets;  ///< name → which of the files

  /// Null if there is no such group directly below.
  const SavedGroup* find(const std::string& child) const;
};

/// One weight of a layer: a dataset in a group `vars` at or below the layer's own.
struct SavedVariable {
  std::string path;  ///< "layers/lstm/cell/vars/0"
  std::uint32_t file = 0;
};

/// Reads the groups of all files, without the optimizer's, the metrics' and random seeds'. Throws
/// io::Error{SeveralModels} where two files hold the same dataset.
SavedGroup read_saved_groups(const std::vector<h5::Group>& roots);

/// True if the group holds a dataset, however deep.
bool has_datasets(const SavedGroup& group);

/// All datasets at and below a group in the order in which Keras creates the variables: its own by
/// number, then those of its sublayers (a wrapper's `layer`, a recurrent layer's `cell`,
/// `forward_layer` before `backward_layer`, `query_dense`, `key_dense`, `value_dense`,
/// `output_dense`). The cells of `RNN([…])` are in the order of the config, which their names do
/// not tell.
std::vector<SavedVariable> variables_below(const SavedGroup& group, const Json& config);

/// keras/src/utils/naming.py: to_snake_case. "PReLU" → "p_re_lu", "Conv2DTranspose" →
/// "conv2d_transpose".
std::string snake_case(std::string_view name);

/// "dense", "dense_1", "dense_2" …
std::string counted_name(const std::string& name, std::size_t number);

}  // namespace tensorferry::keras
