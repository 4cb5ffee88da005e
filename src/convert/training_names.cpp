#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <vector>

#include "convert.h"
#include "keras/losses.h"
#include "keras/optimizers.h"

namespace tensorferry {
namespace {

std::string problem_text(const char* what, const std::string& name,
                         const std::vector<std::vector<std::string>>& names) {
  std::vector<std::string> classes;
  for (const std::vector<std::string>& row : names) classes.push_back(row.front());
  return fmt::format("There is no {} \"{}\"; there are {}.", what, name, fmt::join(classes, ", "));
}

}  // namespace

std::vector<std::vector<std::string>> loss_names() {
  std::vector<std::vector<std::string>> names;
  for (const keras::LossKind& kind : keras::loss_kinds()) {
    names.push_back({std::string(kind.class_name), std::string(kind.function)});
    names.back().insert(names.back().end(), kind.aliases.begin(), kind.aliases.end());
  }
  return names;
}

std::vector<std::vector<std::string>> optimizer_names() {
  std::vector<std::vector<std::string>> names;
  for (const std::string_view name : keras::optimizer_classes()) {
    names.push_back({std::string(name)});
  }
  return names;
}

std::string loss_problem(const std::string& name) {
  return keras::find_loss(name) ? "" : problem_text("loss", name, loss_names());
}

std::string optimizer_problem(const std::string& name) {
  const bool is_known = !keras::find_optimizer(name).empty();
  return is_known ? "" : problem_text("optimizer", name, optimizer_names());
}

}  // namespace tensorferry
