#include "keras/stored_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "io/error.h"
#include "keras/json_text.h"
#include "keras/weight_check.h"

namespace tensorferry::keras {
namespace {

constexpr std::size_t weight_limit = 200'000;

void check_name(const std::string& name, const std::string& where) {
  if (!name.empty() && is_utf8(name)) return;
  throw io::Error(
      io::ErrorCode::ConfigInvalid,
      fmt::format("{} lists a name that is {}.", where, name.empty() ? "empty" : "not UTF-8 text"));
}

// A name that no other layer's weight has: nested models' weights lack the outer layer's name.
std::string tensor_name(const std::string& layer, const std::string& weight) {
  const bool named =
      weight.starts_with(layer + "/") || weight.find("/" + layer + "/") != std::string::npos;
  return named ? weight : layer + "/" + weight;
}

StoredLayer read_layer(const h5::Group& parent, const std::string& name, StoredWeights& stored) {
  StoredLayer layer{name, {}};
  const std::optional<h5::Group> group = parent.find_group(name);
  if (!group) {
    throw io::Error(io::ErrorCode::WeightMissing,
                    fmt::format("`layer_names` lists the layer `{}`, but the file has no group "
                                "{}/{}.",
                                name, parent.path() == "/" ? "" : parent.path(), name));
  }
  for (const std::string& weight : read_names(*group, "weight_names")) {
    check_name(weight, fmt::format("`weight_names` of {}", group->path()));
    const std::optional<h5::Dataset> dataset = group->find_dataset(weight);
    const std::string path = fmt::format("{}/{}", group->path(), weight);
    if (!dataset) {
      throw io::Error(io::ErrorCode::WeightMissing,
                      fmt::format("The weight {} of the layer `{}` is listed in `weight_names`, "
                                  "but the file has no dataset there.",
                                  path, name));
    }
    if (stored.tensors.size() == weight_limit) {
      throw io::Error(io::ErrorCode::ConfigInvalid,
                      fmt::format("The file lists more than {} weights.", weight_limit));
    }
    layer.weights.push_back({weight, path, static_cast<std::uint32_t>(stored.tensors.size())});
    stored.tensors.push_back(dataset->describe(tensor_name(name, weight)));
    note_large_chunk(stored.tensors.back(), name, stored.notes);
  }
  return layer;
}

}  // namespace

// Keras splits an attribute above 64,512 bytes, HDF5's limit for an object header.
std::vector<std::string> read_names(const h5::Group& group, const std::string& attribute) {
  if (auto names = group.strings_attribute(attribute)) return std::move(*names);
  std::vector<std::string> all;
  for (std::size_t part = 0;; ++part) {
    auto names = group.strings_attribute(fmt::format("{}{}", attribute, part));
    if (!names) return all;
    all.insert(all.end(), std::make_move_iterator(names->begin()),
               std::make_move_iterator(names->end()));
    if (all.size() > weight_limit) {
      throw io::Error(io::ErrorCode::ConfigInvalid,
                      fmt::format("`{}` of {} lists more than {} names.", attribute, group.path(),
                                  weight_limit));
    }
  }
}

bool has_layer_names(const h5::Group& group) {
  return group.has_attribute("layer_names") || group.has_attribute("layer_names0");
}

StoredWeights read_stored_weights(const h5::Group& group) {
  StoredWeights stored;
  for (const std::string& name : read_names(group, "layer_names")) {
    check_name(name, fmt::format("`layer_names` of {}", group.path()));
    stored.layers.push_back(read_layer(group, name, stored));
  }
  // Variables of the model itself; Keras writes the group even where there are none.
  if (const std::string top = "top_level_model_weights"; group.contains(top)) {
    StoredLayer model = read_layer(group, top, stored);
    if (!model.weights.empty()) stored.layers.push_back(std::move(model));
  }
  return stored;
}

std::string own_weight_name(const std::string& layer, const std::string& name) {
  std::string own = name.ends_with(":0") ? name.substr(0, name.size() - 2) : name;
  const std::string prefix = layer + "/";
  if (own.starts_with(prefix)) return own.substr(prefix.size());
  const std::size_t inside = own.find("/" + prefix);
  return inside == std::string::npos ? own : own.substr(inside + 1 + prefix.size());
}

}  // namespace tensorferry::keras
