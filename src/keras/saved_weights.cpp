#include "keras/saved_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "io/error.h"
#include "keras/json_text.h"

namespace tensorferry::keras {
namespace {

constexpr std::size_t object_limit = 200'000;
constexpr int nesting_limit = 64;

// Sublayers whose order of creation is not that of their names.
constexpr std::array<std::string_view, 7> sublayer_order = {
    "forward_layer", "backward_layer", "query_dense", "key_dense",
    "gate_dense",    "value_dense",    "output_dense"};

// vars/0, 1, 10, 2 sort by number.
bool by_number(const std::string& a, const std::string& b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

class GroupReader {
 public:
  void read(const h5::Group& from, std::uint32_t file, SavedGroup& into, int depth);

 private:
  std::size_t visited_ = 0;
};

// State of training. The optimizer's and the metrics' lie beside the layers.
bool belongs_to_training(const std::string& name, int depth) {
  if (name == "seed_generator") return true;
  return depth == 0 && (name == "optimizer" || name == "metrics");
}

void GroupReader::read(const h5::Group& from, std::uint32_t file, SavedGroup& into, int depth) {
  if (depth > nesting_limit || visited_ > object_limit) {
    throw io::Error(io::ErrorCode::ConfigInvalid,
                    fmt::format("The groups below {} are too many or too deep.", from.path()));
  }
  for (const std::string& name : from.children()) {
    ++visited_;
    if (!is_utf8(name) || name == "." || belongs_to_training(name, depth)) continue;
    const std::string path = into.path.empty() ? name : into.path + "/" + name;
    if (from.is_group(name)) {
      SavedGroup& child = into.groups[name];
      child.path = path;
      const h5::Group group = *from.find_group(name);
      if (child.name.empty() && name == "vars") {
        child.name = group.string_attribute("name").value_or("");
      }
      read(group, file, child, depth + 1);
    } else if (from.contains(name) && !into.datasets.emplace(name, file).second) {
      throw io::Error(io::ErrorCode::SeveralModels,
                      fmt::format("Two of the files hold weights at /{}, so they are not shards of "
                                  "one model; convert them one by one.",
                                  path));
    }
  }
}

std::size_t sublayer_rank(std::string_view name) {
  if (name.starts_with('_')) name.remove_prefix(1);  // as Keras 2 and GroupedQueryAttention have it
  const auto found = std::find(sublayer_order.begin(), sublayer_order.end(), name);
  return static_cast<std::size_t>(found - sublayer_order.begin());
}

const Json* find_cells(const Json& config) {
  if (!config.is_object()) return nullptr;
  if (const auto cells = config.find("cells"); cells != config.end() && cells->is_array()) {
    return &*cells;
  }
  for (const char* key : {"cell", "config", "layer"}) {
    const auto inner = config.find(key);
    if (inner == config.end()) continue;
    if (const Json* cells = find_cells(*inner)) return cells;
  }
  return nullptr;
}

std::vector<std::string> names_of_cells(const Json& cells) {
  std::map<std::string, std::size_t> counts;
  std::vector<std::string> names;
  for (const Json& cell : cells) {
    const std::string_view name = text_member(cell, "class_name");
    const std::string snake = snake_case(name.substr(name.rfind('>') + 1));  // npos + 1 is 0
    names.push_back(counted_name(snake, counts[snake]++));
  }
  return names;
}

std::vector<std::string> ordered_children(const SavedGroup& group, const Json& config) {
  std::vector<std::string> names;
  for (const auto& [name, child] : group.groups) {
    if (name != "vars") names.push_back(name);
  }
  std::stable_sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    const std::size_t first = sublayer_rank(a);
    const std::size_t second = sublayer_rank(b);
    return first != second ? first < second : by_number(a, b);
  });
  const Json* cells = group.path.ends_with("/cells") ? find_cells(config) : nullptr;
  if (cells != nullptr && cells->size() == names.size()) {
    std::vector<std::string> written = names_of_cells(*cells);
    if (std::is_permutation(written.begin(), written.end(), names.begin())) return written;
  }
  return names;
}

void append_datasets(const SavedGroup& group, std::vector<SavedVariable>& variables) {
  std::vector<std::string> names;
  for (const auto& [name, file] : group.datasets) names.push_back(name);
  std::sort(names.begin(), names.end(), by_number);
  for (const std::string& name : names) {
    variables.push_back(
        {group.path.empty() ? name : group.path + "/" + name, group.datasets.at(name)});
  }
}

void append_below(const SavedGroup& group, const Json& config,
                  std::vector<SavedVariable>& variables) {
  append_datasets(group, variables);
  if (const SavedGroup* own = group.find("vars")) append_below(*own, config, variables);
  for (const std::string& name : ordered_children(group, config)) {
    append_below(*group.find(name), config, variables);
  }
}

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

}  // namespace

const SavedGroup* SavedGroup::find(const std::string& child) const {
  const auto found = groups.find(child);
  return found == groups.end() ? nullptr : &found->second;
}

SavedGroup read_saved_groups(const std::vector<h5::Group>& roots) {
  SavedGroup root;
  GroupReader reader;
  for (std::uint32_t file = 0; file < roots.size(); ++file) reader.read(roots[file], file, root, 0);
  return root;
}

bool has_datasets(const SavedGroup& group) {
  return !group.datasets.empty() ||
         std::any_of(group.groups.begin(), group.groups.end(),
                     [](const auto& child) { return has_datasets(child.second); });
}

std::vector<SavedVariable> variables_below(const SavedGroup& group, const Json& config) {
  std::vector<SavedVariable> variables;
  append_below(group, config, variables);
  return variables;
}

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

std::string counted_name(const std::string& name, std::size_t number) {
  return number == 0 ? name : fmt::format("{}_{}", name, number);
}

}  // namespace tensorferry::keras
