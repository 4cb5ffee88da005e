#include "keras/read_h5.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "h5/file.h"
#include "io/error.h"
#include "keras/architecture.h"
#include "keras/bind_weights.h"
#include "keras/json_text.h"
#include "keras/optimizer_variables.h"
#include "keras/saved_layers.h"
#include "keras/stored_weights.h"

namespace tensorferry::keras {
namespace {

[[noreturn]] void refuse_other_layout(const io::Source& file, const h5::Group& root) {
  std::vector<std::string> names = root.children();
  if (names.size() > 5) names.resize(5);
  std::string inside;
  for (const std::string& name : names) {
    inside += fmt::format("{}`{}`", inside.empty() ? "" : ", ", is_utf8(name) ? name : "?");
  }
  throw io::Error(io::ErrorCode::NotAModel,
                  fmt::format("{} is an HDF5 file, but not Keras's: it has neither `model_config` "
                              "nor `layer_names`. It holds: {}.",
                              file.name, inside.empty() ? "nothing" : inside));
}

void read_training_config(const io::Source& file, const h5::Group& root, Model& model) {
  const auto text = root.string_attribute("training_config");
  if (!text) return;
  try {
    model.training_config = parse_json(*text, fmt::format("{}: `training_config`", file.name));
  } catch (const io::Error& error) {
    model.notes.push_back({io::Severity::Warning, "", "training-config-unreadable", error.what()});
  }
}

// No architecture: names and weights only.
void keep_names_only(Model& model, StoredWeights stored) {
  for (const StoredLayer& group : stored.layers) {
    Layer layer;
    layer.name = group.name;
    layer.config = Json::object();
    for (const StoredWeight& weight : group.weights) {
      layer.weights.push_back({own_weight_name(group.name, weight.name), weight.tensor});
    }
    model.layers.push_back(std::move(layer));
  }
  model.tensors = std::move(stored.tensors);
  model.notes.insert(model.notes.end(), stored.notes.begin(), stored.notes.end());
}

// A class of the user's own may have a `call` of its own, which the config does not show.
void note_subclasses(const Model& model, io::Notes& notes) {
  for (const Layer& layer : model.layers) {
    if (!layer.model) continue;
    const std::string& written = layer.original_class_name;
    if (written != "Functional" && written != "Model" && written != "Sequential") {
      notes.push_back({io::Severity::Info, layer.name, "subclassed-model",
                       fmt::format("`{}` is a subclass of a functional model; its graph is the "
                                   "one in the config, whatever its own `call` does.",
                                   written)});
    }
    note_subclasses(*layer.model, notes);
  }
}

Model read_described(const Json& architecture, std::string keras_version) {
  const Generation generation = generation_of(keras_version, architecture);
  Model model = read_architecture(architecture, generation);
  if (model.kind == ModelKind::WeightsOnly) {
    model.notes.push_back(
        {io::Severity::Warning, "", "subclassed-model",
         fmt::format("The model is of the class `{}`, whose structure is code and "
                     "not in the file: only its weights can be had.",
                     text_member(architecture, "class_name"))});
  }
  note_subclasses(model, model.notes);
  model.keras_version = std::move(keras_version);
  return model;
}

// Of a model in a Sequential, old files do not say the name: the reader has made one up.
bool has_unnamed_models(const Model& model) {
  return std::any_of(model.layers.begin(), model.layers.end(),
                     [](const Layer& layer) { return layer.model && layer.is_numbered; });
}

/// What the file says of itself.
struct Attributes {
  std::optional<std::string> config;  ///< text of `model_config`
  std::string keras_version;
  std::string backend;
};

// At the root; in some files beside `layer_names` only.
std::string attribute_of(const h5::Group& root, const std::optional<h5::Group>& weights,
                         const char* name) {
  std::string text = root.string_attribute(name).value_or("");
  return text.empty() && weights ? weights->string_attribute(name).value_or("") : text;
}

Attributes read_attributes(const h5::Group& root) {
  const std::optional<h5::Group> weights = root.find_group("model_weights");
  return {root.string_attribute("model_config"), attribute_of(root, weights, "keras_version"),
          attribute_of(root, weights, "backend")};
}

// The group with `layer_names`: of a whole model, or the root of a file of weights.
std::optional<h5::Group> legacy_weights(const h5::Group& root) {
  std::optional<h5::Group> weights = root.find_group("model_weights");
  if (!weights) weights = root.find_group("/");
  return weights && has_layer_names(*weights) ? std::move(weights) : std::nullopt;
}

// The model without its weights: as its own architecture says, or the one beside it; else nothing.
Model read_outline(const io::Source& file, const Attributes& attributes,
                   const std::optional<ArchitectureFile>& architecture) {
  Model model;
  if (attributes.config) {
    model =
        read_described(parse_json(*attributes.config, fmt::format("{}: `model_config`", file.name)),
                       attributes.keras_version);
    if (architecture) {
      model.notes.push_back({io::Severity::Info, "", "architecture-unused",
                             fmt::format("{} was not needed: {} holds an architecture of its own.",
                                         architecture->name, file.name)});
    }
  } else if (architecture) {
    std::string version(text_member(architecture->content, "keras_version"));
    if (version.empty()) version = architecture->keras_version;
    if (version.empty()) version = attributes.keras_version;
    model = read_described(architecture->content, std::move(version));
    const auto compiled = architecture->content.find("compile_config");
    if (compiled != architecture->content.end()) model.training_config = *compiled;
  } else {
    model.kind = ModelKind::WeightsOnly;
    model.generation = generation_of(attributes.keras_version, Json::object());
    model.keras_version = attributes.keras_version;
  }
  model.backend = attributes.backend;
  return model;
}

void read_saved(const std::vector<h5::Group>& roots, Model& model) {
  model.container = "weights.h5";
  if (model.kind == ModelKind::WeightsOnly) {
    list_saved_layers(roots, model);
  } else {
    bind_saved_layers(roots, model);
  }
}

}  // namespace

Model read_h5(const WeightsFile& weights, const std::optional<ArchitectureFile>& architecture) {
  const io::Source& file = weights.source;
  std::vector<h5::Group> roots;
  roots.push_back(h5::open_file(file, weights.placement));
  const h5::Group& root = roots.front();
  const Attributes attributes = read_attributes(root);
  Model model = read_outline(file, attributes, architecture);
  const bool whole = attributes.config.has_value();
  const bool described = model.kind != ModelKind::WeightsOnly;
  if (const std::optional<h5::Group> group = legacy_weights(root)) {
    model.container = "h5";
    StoredWeights stored = read_stored_weights(*group);
    if (described) {
      const bool named = whole && !has_unnamed_models(model);
      bind_weights(model, std::move(stored),
                   named ? LayerPairing::ByName : LayerPairing::ByNameOrOrder);
    } else {
      keep_names_only(model, std::move(stored));
    }
  } else if (has_saved_layers(root)) {
    read_saved(roots, model);
  } else if (whole) {
    throw io::Error(io::ErrorCode::WeightMissing,
                    fmt::format("{} holds an architecture, but no weights: it has no group "
                                "`model_weights` with `layer_names`.",
                                file.name));
  } else if (architecture && root.is_group("vars")) {
    read_saved(roots, model);  // no layer of it has anything to store
  } else {
    refuse_other_layout(file, root);
  }
  read_training_config(file, root, model);
  if (model.training_config) read_optimizer_variables(root, model);
  return model;
}

Model read_shards(const std::vector<WeightsFile>& shards,
                  const std::optional<ArchitectureFile>& architecture) {
  std::vector<h5::Group> roots;
  for (const WeightsFile& shard : shards) {
    roots.push_back(h5::open_file(shard.source, shard.placement));
    if (!has_saved_layers(roots.back()) && !roots.back().is_group("vars") &&
        !roots.back().is_group("optimizer")) {
      refuse_other_layout(shard.source, roots.back());
    }
  }
  Model model = read_outline(shards.front().source, {}, architecture);
  read_saved(roots, model);
  return model;
}

}  // namespace tensorferry::keras
