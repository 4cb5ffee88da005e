#include "keras/saved_layers.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "io/error.h"
#include "keras/json_text.h"
#include "keras/saved_weights.h"
#include "keras/variables.h"
#include "keras/weight_check.h"

namespace tensorferry::keras {
namespace {

constexpr const char* dependencies = "_layer_checkpoint_dependencies";

std::string python_class(const Layer& layer) {
  const std::string& name = layer.original_class_name;
  // The only class of keras.layers whose public name is not an alias, but not Python's either.
  if (name == "GroupQueryAttention") return "GroupedQueryAttention";
  return name.substr(name.rfind('>') + 1);  // npos + 1 is 0
}

// The layers inside a model or a wrapper.
const std::vector<Layer>& inner_layers(const Layer& layer) {
  return layer.model ? layer.model->layers : layer.wrapped;
}
std::vector<Layer>& inner_layers(Layer& layer) {
  return layer.model ? layer.model->layers : layer.wrapped;
}

// What two entries of the config have in common that are one object in Python.
std::string identity_of(const Layer& layer) {
  std::string identity = layer.name + '\n' + layer.class_name + '\n' + layer.config.dump();
  for (const Layer& inner : inner_layers(layer)) identity += "\n(" + identity_of(inner) + ")";
  return identity;
}

void collect_identities(const Layer& layer, std::set<std::string>& identities) {
  identities.insert(identity_of(layer));
  for (const Layer& inner : inner_layers(layer)) collect_identities(inner, identities);
}

bool has_variables_of_class(const Layer& layer) {
  if (layer.model || !layer.wrapped.empty()) {
    const std::vector<Layer>& inner = inner_layers(layer);
    return std::any_of(inner.begin(), inner.end(), has_variables_of_class);
  }
  const auto variables = expected_variables(layer);
  return variables && !variables->empty();
}

void copy_weights(const Layer& from, Layer& to) {
  to.weights = from.weights;
  to.stored_at = from.stored_at;
  const std::vector<Layer>& inner = inner_layers(from);
  for (std::size_t i = 0; i < inner.size(); ++i) copy_weights(inner[i], inner_layers(to)[i]);
}

bool same_weights(const Layer& a, const Layer& b) {
  const auto same = [](const Weight& x, const Weight& y) { return x.tensor == y.tensor; };
  const std::vector<Layer>& first = inner_layers(a);
  const std::vector<Layer>& second = inner_layers(b);
  return std::equal(a.weights.begin(), a.weights.end(), b.weights.begin(), b.weights.end(), same) &&
         std::equal(first.begin(), first.end(), second.begin(), second.end(), same_weights);
}

class Binding {
 public:
  Binding(const std::vector<h5::Group>& roots, Model& model)
      : roots_(roots), saved_(read_saved_groups(roots)), model_(model) {}
  void run();

 private:
  void bind_model(Model& model, const SavedGroup& group);
  void bind_container(Model& model, const SavedGroup& container);
  void bind_dependencies(Model& model, const SavedGroup& container);
  void bind_layer(Layer& layer, const SavedGroup* group, const std::string& path,
                  const Model& around);
  void bind_stored(Layer& layer, const SavedGroup& group, const Model& around);
  void bind_own(Layer& wrapper, const SavedGroup& group);
  void bind_known(Layer& layer, const SavedGroup& group, const std::vector<Variable>& variables);
  bool bind_as_seen(Layer& layer);
  bool was_seen(const Layer& layer) const { return seen_.count(identity_of(layer)) > 0; }
  std::set<std::string> classes_without_repeats(const std::vector<Layer*>& layers,
                                                const SavedGroup& container) const;
  void check_name(const Layer& layer, const SavedGroup& group, const Model& around) const;
  std::uint32_t add(const SavedVariable& variable, const std::string& layer);

  const std::vector<h5::Group>& roots_;
  SavedGroup saved_;
  Model& model_;
  std::map<std::string, std::vector<const Layer*>> seen_;  ///< by identity, those that are stored
  std::set<std::string> used_;
};

std::uint32_t Binding::add(const SavedVariable& variable, const std::string& layer) {
  const auto dataset = roots_[variable.file].find_dataset(variable.path);
  if (!dataset) {
    throw io::Error(io::ErrorCode::WeightMissing,
                    fmt::format("The dataset /{} cannot be found again.", variable.path));
  }
  model_.tensors.push_back(dataset->describe(variable.path));
  note_large_chunk(model_.tensors.back(), layer, model_.notes);
  used_.insert(variable.path);
  return static_cast<std::uint32_t>(model_.tensors.size() - 1);
}

// A name that is another layer's says that the two are exchanged.
void Binding::check_name(const Layer& layer, const SavedGroup& group, const Model& around) const {
  const SavedGroup* vars = group.find("vars");
  if (vars == nullptr || vars->name.empty() || vars->name == layer.name) return;
  const bool other = std::any_of(around.layers.begin(), around.layers.end(),
                                 [&](const Layer& l) { return l.name == vars->name; });
  if (!other) return;
  throw io::Error(
      io::ErrorCode::WeightOrder,
      fmt::format("By Keras's order /{} would be {}, but its name says `{}`; binding it "
                  "would be a guess.",
                  group.path, layer_words(layer), vars->name));
}

// Keras stores a layer or a model that it meets twice only once (saving_lib.py:
// visited_saveables).
bool Binding::bind_as_seen(Layer& layer) {
  const auto found = seen_.find(identity_of(layer));
  if (found == seen_.end()) return false;
  const std::vector<const Layer*>& firsts = found->second;
  const bool same = std::all_of(firsts.begin(), firsts.end(), [&](const Layer* first) {
    return same_weights(*first, *firsts.front());
  });
  if (!same) {
    throw io::Error(io::ErrorCode::WeightOrder,
                    fmt::format("The file holds no weights of {} of its own, and those of {} other "
                                "layers of this name; binding it to one would be a guess.",
                                layer_words(layer), firsts.size()));
  }
  copy_weights(*firsts.front(), layer);
  return true;
}

void Binding::bind_known(Layer& layer, const SavedGroup& group,
                         const std::vector<Variable>& variables) {
  std::map<std::string, std::size_t> counts;  // of each group
  for (const SavedVariable& saved : variables_below(group, layer.config)) {
    const std::size_t slash = saved.path.rfind('/');
    const std::string around = saved.path.substr(0, slash);
    const std::string next = fmt::format("{}/{}", around, counts[around]++);
    if (layer.weights.size() == variables.size()) {
      throw io::Error(io::ErrorCode::WeightOrder,
                      fmt::format("/{} holds more than the {} variables of {}.", around,
                                  variables.size(), layer_words(layer)));
    }
    const Variable& variable = variables[layer.weights.size()];
    if (saved.path != next) {
      throw io::Error(io::ErrorCode::WeightMissing,
                      fmt::format("`{}` of {} is missing: the file has no dataset /{}.",
                                  variable.role, layer_words(layer), next));
    }
    const std::uint32_t tensor = add(saved, layer.name);
    check_weight(layer, variable, model_.tensors[tensor], "/" + saved.path);
    layer.weights.push_back({variable.role, tensor});
  }
  if (layer.weights.size() == variables.size()) return;
  throw io::Error(io::ErrorCode::WeightMissing,
                  fmt::format("`{}` of {} is missing: the file has no dataset /{}/vars/{}.",
                              variables[layer.weights.size()].role, layer_words(layer), group.path,
                              layer.weights.size()));
}

// A wrapper's own variables. Before them stands what is its layer's too and is stored there again
// (keras/src/layers/normalization/spectral_normalization.py: self.kernel = self.layer.kernel).
void Binding::bind_own(Layer& wrapper, const SavedGroup& group) {
  const auto variables = expected_variables(wrapper);
  const SavedGroup* vars = group.find("vars");
  if (!variables || variables->empty() || vars == nullptr) return;
  std::vector<SavedVariable> saved = variables_below(*vars, Json::object());
  if (saved.size() != variables->size() + 1) {
    throw io::Error(io::ErrorCode::WeightMissing,
                    fmt::format("/{} holds {} variables where {} has {}.", vars->path, saved.size(),
                                layer_words(wrapper), variables->size() + 1));
  }
  used_.insert(saved.front().path);
  for (std::size_t i = 0; i < variables->size(); ++i) {
    const std::uint32_t tensor = add(saved[i + 1], wrapper.name);
    check_weight(wrapper, (*variables)[i], model_.tensors[tensor], "/" + saved[i + 1].path);
    wrapper.weights.push_back({(*variables)[i].role, tensor});
  }
}

// "cell/cells/gru_cell" is three groups deep.
const SavedGroup* find_path(const SavedGroup& group, std::string_view path) {
  const std::size_t slash = path.find('/');
  const SavedGroup* child = group.find(std::string(path.substr(0, slash)));
  if (child == nullptr || slash == std::string_view::npos) return child;
  return find_path(*child, path.substr(slash + 1));
}

void Binding::bind_stored(Layer& layer, const SavedGroup& group, const Model& around) {
  check_name(layer, group, around);
  if (layer.model) {
    bind_model(*layer.model, group);
  } else if (!layer.wrapped.empty()) {
    bind_own(layer, group);
    for (Layer& inner : layer.wrapped) {
      bind_layer(inner, find_path(group, inner.attribute),
                 fmt::format("{}/{}", group.path, inner.attribute), around);
    }
  } else if (const auto variables = expected_variables(layer)) {
    bind_known(layer, group, *variables);
  } else {
    for (const SavedVariable& saved : variables_below(group, layer.config)) {
      layer.weights.push_back({saved.path.substr(group.path.size() + 1), add(saved, layer.name)});
    }
  }
  seen_[identity_of(layer)].push_back(&layer);
}

// `group` is null where the file has none at that path.
void Binding::bind_layer(Layer& layer, const SavedGroup* group, const std::string& path,
                         const Model& around) {
  layer.stored_at = path;
  if (group != nullptr) {
    bind_stored(layer, *group, around);
  } else if (!bind_as_seen(layer) && has_variables_of_class(layer)) {
    throw io::Error(io::ErrorCode::WeightMissing,
                    fmt::format("The weights of {} are missing: the file has no group /{}.",
                                layer_words(layer), path));
  }
}

// The layers that Keras's attribute `layers` lists: no operations, nor a Sequential's input.
std::vector<Layer*> listed_layers(Model& model) {
  std::vector<Layer*> layers;
  for (Layer& layer : model.layers) {
    if (layer.class_name.starts_with("ops.")) continue;
    if (model.kind == ModelKind::Sequential && layer.class_name == "InputLayer") continue;
    layers.push_back(&layer);
  }
  return layers;
}

// Keras 2 does not count a layer that it has met before (tf_keras/src/saving/saving_lib.py:
// _save_container_state); Keras 3 does. What the file holds of each class tells whether a layer
// that looks like an earlier one is that one: all of them or none.
std::set<std::string> Binding::classes_without_repeats(const std::vector<Layer*>& layers,
                                                       const SavedGroup& container) const {
  std::map<std::string, std::pair<std::size_t, std::size_t>> counts;  // all, seen
  std::set<std::string> met;                                          // in the layers before
  for (const Layer* layer : layers) {
    auto& [all, seen] = counts[snake_case(python_class(*layer))];
    ++all;
    seen += was_seen(*layer) || met.count(identity_of(*layer)) > 0 ? 1 : 0;
    collect_identities(*layer, met);
  }
  std::set<std::string> found;
  for (const auto& [name, count] : counts) {
    const auto [all, seen] = count;
    std::size_t stored = 0;
    while (stored < all && container.find(counted_name(name, stored)) != nullptr) ++stored;
    if (seen > 0 && stored == all - seen) found.insert(name);
  }
  return found;
}

void Binding::bind_container(Model& model, const SavedGroup& container) {
  const std::vector<Layer*> layers = listed_layers(model);
  std::set<std::string> uncounted;
  if (model.generation != Generation::Keras3) {
    uncounted = classes_without_repeats(layers, container);
  }
  std::map<std::string, std::size_t> counts;
  for (Layer* layer : layers) {
    const std::string name = snake_case(python_class(*layer));
    if (uncounted.count(name) > 0 && was_seen(*layer)) {
      bind_as_seen(*layer);
      continue;
    }
    const std::string counted = counted_name(name, counts[name]++);
    bind_layer(*layer, container.find(counted), fmt::format("{}/{}", container.path, counted),
               model);
  }
}

// Keras 2.12 and 2.13 met the layers in a dict that has those with weights twice, as
// `layer_with_weights-0` and as `layer-1` (tf_keras/src/engine/functional.py:
// _layer_checkpoint_dependencies), and counted both.
void Binding::bind_dependencies(Model& model, const SavedGroup& container) {
  std::map<std::string, std::size_t> counts;
  for (Layer* layer : listed_layers(model)) {
    const std::string name = snake_case(python_class(*layer));
    std::size_t& count = counts[name];
    const std::string counted = counted_name(name, count);
    const SavedGroup* group = container.find(counted);
    const bool weighted =
        has_variables_of_class(*layer) || (group != nullptr && has_datasets(*group));
    count += weighted ? 2 : 1;
    bind_layer(*layer, group, fmt::format("{}/{}", container.path, counted), model);
  }
}

void Binding::bind_model(Model& model, const SavedGroup& group) {
  static const SavedGroup empty;
  if (const SavedGroup* container = group.find(dependencies)) {
    bind_dependencies(model, *container);
  } else {
    const SavedGroup* layers = group.find("layers");
    bind_container(model, layers != nullptr ? *layers : empty);
  }
}

// The paths of all datasets, in the order of the tree.
std::vector<SavedVariable> all_variables(const SavedGroup& root) {
  return variables_below(root, Json::object());
}

void Binding::run() {
  bind_model(model_, saved_);
  for (const SavedVariable& saved : all_variables(saved_)) {
    if (used_.count(saved.path) > 0) continue;
    model_.unbound.push_back(add(saved, ""));
    model_.notes.push_back({io::Severity::Warning, "", "weight-unused",
                            fmt::format("/{} belongs to no layer of the model.", saved.path)});
  }
}

const SavedGroup* group_at(const SavedGroup& root, std::string_view path) {
  const SavedGroup* group = &root;
  while (group != nullptr && !path.empty()) {
    const std::size_t slash = path.find('/');
    group = group->find(std::string(path.substr(0, slash)));
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  return group;
}

std::string name_of_group(const SavedGroup& root, const std::string& path) {
  const SavedGroup* group = group_at(root, path);
  if (group != nullptr && !group->name.empty() && is_utf8(group->name)) return group->name;
  constexpr std::string_view suffix = "/vars";
  return path.ends_with(suffix) ? path.substr(0, path.size() - suffix.size()) : path;
}

}  // namespace

bool has_saved_layers(const h5::Group& root) {
  return root.is_group("layers") || root.is_group(dependencies);
}

void bind_saved_layers(const std::vector<h5::Group>& roots, Model& model) {
  Binding(roots, model).run();
}

void list_saved_layers(const std::vector<h5::Group>& roots, Model& model) {
  const SavedGroup root = read_saved_groups(roots);
  std::string last;
  for (const SavedVariable& saved : all_variables(root)) {
    const std::size_t slash = saved.path.rfind('/');
    const std::string vars = slash == std::string::npos ? "" : saved.path.substr(0, slash);
    if (model.layers.empty() || vars != last) {
      Layer layer;
      layer.name = name_of_group(root, vars);
      layer.config = Json::object();
      model.layers.push_back(std::move(layer));
      last = vars;
    }
    const auto dataset = roots[saved.file].find_dataset(saved.path);
    model.tensors.push_back(dataset->describe(saved.path));
    note_large_chunk(model.tensors.back(), model.layers.back().name, model.notes);
    model.layers.back().weights.push_back(
        {saved.path.substr(slash == std::string::npos ? 0 : slash + 1),
         static_cast<std::uint32_t>(model.tensors.size() - 1)});
  }
}

}  // namespace tensorferry::keras
