#include "keras/saved_layers.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "io/error.h"
#include "keras/json_text.h"
#include "keras/variables.h"
#include "keras/weight_check.h"

namespace tensorferry::keras {
namespace {

constexpr std::size_t object_limit = 200'000;
constexpr int nesting_limit = 64;

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

// keras/src/utils/naming.py: to_snake_case. "PReLU" → "p_re_lu", "Conv2DTranspose" →
// "conv2d_transpose".
std::string snake_case(std::string_view name) {
  std::string result;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool word = i > 0 && is_upper(name[i]) &&
                      (is_lower(name[i - 1]) || (i + 1 < name.size() && is_lower(name[i + 1])));
    if (word) result += '_';
    result += is_upper(name[i]) ? static_cast<char>(name[i] - 'A' + 'a') : name[i];
  }
  return result;
}

std::string python_class(const Layer& layer) {
  const std::string& name = layer.original_class_name;
  return name.substr(name.rfind('>') + 1);  // npos + 1 is 0
}

/// Every dataset below a group, as paths relative to it, the optimizer's and random seeds' left
/// out.
class DatasetList {
 public:
  explicit DatasetList(const h5::Group& root) : root_(root) { walk(root, "", 0); }
  const std::vector<std::string>& paths() const { return paths_; }

 private:
  void walk(const h5::Group& group, const std::string& prefix, int depth) {
    if (depth > nesting_limit || visited_ > object_limit) {
      throw io::Error(io::ErrorCode::ConfigInvalid,
                      fmt::format("The groups below {} are too many or too deep.", group.path()));
    }
    std::vector<std::string> names = group.children();
    // vars/0, 1, 10, 2 sort by number.
    std::stable_sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
      return a.size() != b.size() ? a.size() < b.size() : a < b;
    });
    for (const std::string& name : names) {
      ++visited_;
      if (!is_utf8(name) || name == "seed_generator" || (depth == 0 && name == "optimizer"))
        continue;
      const std::string path = prefix.empty() ? name : prefix + "/" + name;
      if (group.is_group(name)) {
        walk(*group.find_group(name), path, depth + 1);
      } else if (root_.contains(path)) {
        paths_.push_back(path);
      }
    }
  }

  const h5::Group& root_;
  std::vector<std::string> paths_;  ///< each leads to an object, whatever its name looks like
  std::size_t visited_ = 0;
};

class Binding {
 public:
  Binding(const h5::Group& root, Model& model) : root_(root), model_(model) {}
  void run();

 private:
  using Identity = std::tuple<std::string, std::string, std::string>;

  void bind_model(Model& model, const std::string& path);
  void bind_layer(Layer& layer, const std::string& path, const Model& around);
  void bind_known(Layer& layer, const std::string& path, const std::vector<Variable>& variables);
  void check_name(const Layer& layer, const std::string& path, const Model& around) const;
  std::uint32_t add(const std::string& path, const h5::Dataset& dataset, const std::string& layer);

  const h5::Group& root_;
  Model& model_;
  std::map<Identity, std::vector<Weight>> bound_;
  std::set<std::string> used_;
  std::vector<std::string> datasets_;
};

std::uint32_t Binding::add(const std::string& path, const h5::Dataset& dataset,
                           const std::string& layer) {
  model_.tensors.push_back(dataset.describe(path));
  note_large_chunk(model_.tensors.back(), layer, model_.notes);
  used_.insert(path);
  return static_cast<std::uint32_t>(model_.tensors.size() - 1);
}

// A recurrent layer's variables are its cell's.
std::string variables_path(const Layer& layer, const std::string& path) {
  const std::string& name = layer.class_name;
  return name == "GRU" || name == "LSTM" || name == "SimpleRNN" ? path + "/cell" : path;
}

// A name that is another layer's says that the two are exchanged.
void Binding::check_name(const Layer& layer, const std::string& path, const Model& around) const {
  const auto group = root_.find_group(path + "/vars");
  if (!group) return;
  const std::string name = group->string_attribute("name").value_or(layer.name);
  if (name == layer.name) return;
  const bool other = std::any_of(around.layers.begin(), around.layers.end(),
                                 [&](const Layer& l) { return l.name == name; });
  if (!other) return;
  throw io::Error(
      io::ErrorCode::WeightOrder,
      fmt::format("By Keras's order /{} would be {}, but its name says `{}`; binding it "
                  "would be a guess.",
                  path, layer_words(layer), name));
}

void Binding::bind_known(Layer& layer, const std::string& path,
                         const std::vector<Variable>& variables) {
  if (variables.empty()) return;
  // Keras stores a layer that it meets twice only once (saving_lib.py: visited_saveables).
  const Identity identity{layer.name, layer.class_name, layer.config.dump()};
  if (!root_.contains(path + "/vars/0")) {
    if (const auto first = bound_.find(identity); first != bound_.end()) {
      layer.weights = first->second;
      return;
    }
  }
  for (std::size_t i = 0; i < variables.size(); ++i) {
    const std::string at = fmt::format("{}/vars/{}", path, i);
    const auto dataset = root_.find_dataset(at);
    if (!dataset) {
      throw io::Error(io::ErrorCode::WeightMissing,
                      fmt::format("`{}` of {} is missing: the file has no dataset /{}.",
                                  variables[i].role, layer_words(layer), at));
    }
    const std::uint32_t tensor = add(at, *dataset, layer.name);
    check_weight(layer, variables[i], model_.tensors[tensor], "/" + at);
    layer.weights.push_back({variables[i].role, tensor});
  }
  if (root_.contains(fmt::format("{}/vars/{}", path, variables.size()))) {
    throw io::Error(io::ErrorCode::WeightOrder,
                    fmt::format("/{}/vars holds more than the {} variables of {}.", path,
                                variables.size(), layer_words(layer)));
  }
  bound_.emplace(identity, layer.weights);
}

void Binding::bind_layer(Layer& layer, const std::string& path, const Model& around) {
  check_name(layer, path, around);
  if (layer.model) {
    bind_model(*layer.model, path);
  } else if (!layer.wrapped.empty()) {
    for (Layer& inner : layer.wrapped) bind_layer(inner, path + "/" + inner.attribute, around);
  } else if (const auto variables = expected_variables(layer)) {
    bind_known(layer, variables_path(layer, path), *variables);
  } else {
    for (const std::string& dataset : datasets_) {
      if (!dataset.starts_with(path + "/")) continue;
      layer.weights.push_back({dataset.substr(path.size() + 1),
                               add(dataset, *root_.find_dataset(dataset), layer.name)});
    }
  }
}

void Binding::bind_model(Model& model, const std::string& path) {
  std::map<std::string, int> counts;
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    Layer& layer = model.layers[i];
    // Keras counts neither operations nor a Sequential's input.
    if (layer.class_name.starts_with("ops.")) continue;
    if (model.kind == ModelKind::Sequential && layer.class_name == "InputLayer") continue;
    std::string name = snake_case(python_class(layer));
    if (const int count = counts[name]++; count > 0) name += fmt::format("_{}", count);
    bind_layer(layer, fmt::format("{}{}layers/{}", path, path.empty() ? "" : "/", name), model);
  }
}

void Binding::run() {
  datasets_ = DatasetList(root_).paths();
  bind_model(model_, "");
  for (const std::string& path : datasets_) {
    if (used_.count(path) > 0) continue;
    model_.unbound.push_back(add(path, *root_.find_dataset(path), ""));
    model_.notes.push_back({io::Severity::Warning, "", "weight-unused",
                            fmt::format("/{} belongs to no layer of the model.", path)});
  }
}

// "layers/dense/vars" and "0" of "layers/dense/vars/0".
std::pair<std::string, std::string> split_last(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {"", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

std::string layer_name(const h5::Group& root, const std::string& vars) {
  if (const auto group = root.find_group(vars)) {
    const std::string name = group->string_attribute("name").value_or("");
    if (!name.empty() && is_utf8(name)) return name;
  }
  return vars.ends_with("/vars") ? vars.substr(0, vars.size() - std::string_view("/vars").size())
                                 : vars;
}

}  // namespace

bool has_saved_layers(const h5::Group& root) { return root.is_group("layers"); }

void bind_saved_layers(const h5::Group& root, Model& model) { Binding(root, model).run(); }

void list_saved_layers(const h5::Group& root, Model& model) {
  std::string last;
  const std::vector<std::string> paths = DatasetList(root).paths();
  for (const std::string& path : paths) {
    const auto [vars, variable] = split_last(path);
    if (model.layers.empty() || vars != last) {
      Layer layer;
      layer.name = layer_name(root, vars);
      layer.config = Json::object();
      model.layers.push_back(std::move(layer));
      last = vars;
    }
    model.tensors.push_back(root.find_dataset(path)->describe(path));
    note_large_chunk(model.tensors.back(), model.layers.back().name, model.notes);
    model.layers.back().weights.push_back(
        {variable, static_cast<std::uint32_t>(model.tensors.size() - 1)});
  }
}

}  // namespace tensorferry::keras
