#include "keras/optimizer_variables.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <vector>

#include "io/error.h"
#include "keras/stored_weights.h"

namespace tensorferry::keras {
namespace {

// Above this many slots a file is nobody's model.
constexpr std::size_t variable_limit = 1'000'000;

// keras/src/optimizers/loss_scale_optimizer.py: its iteration, learning_rate, step_counter and
// dynamic_scale come before the variables of the inner optimizer.
std::size_t count_of_loss_scale(const std::vector<std::string>& names) {
  constexpr std::size_t own = 4;
  return names.size() > own && names[own - 1].ends_with("/dynamic_scale") ? own : 0;
}

std::vector<tensor::TensorRef> listed_variables(const h5::Group& group) {
  const std::vector<std::string> names = read_names(group, "weight_names");
  std::vector<tensor::TensorRef> variables;
  for (std::size_t i = count_of_loss_scale(names); i < names.size(); ++i) {
    const std::optional<h5::Dataset> dataset = group.find_dataset(names[i]);
    if (!dataset) return {};
    variables.push_back(dataset->describe(names[i]));
  }
  return variables;
}

std::vector<tensor::TensorRef> numbered_variables(const h5::Group& optimizer) {
  const std::optional<h5::Group> inner = optimizer.find_group("inner_optimizer");
  const std::optional<h5::Group> group = (inner ? *inner : optimizer).find_group("vars");
  std::vector<tensor::TensorRef> variables;
  while (group && variables.size() < variable_limit) {
    const std::string name = fmt::format("{}", variables.size());
    const std::optional<h5::Dataset> dataset = group->find_dataset(name);
    if (!dataset) break;
    variables.push_back(dataset->describe("optimizer/" + name));
  }
  return variables;
}

}  // namespace

void read_optimizer_variables(const h5::Group& root, Model& model) {
  try {
    if (const auto listed = root.find_group("optimizer_weights")) {
      model.optimizer_variables = listed_variables(*listed);
    } else if (const auto saved = root.find_group("optimizer")) {
      model.optimizer_variables = numbered_variables(*saved);
    }
  } catch (const io::Error& error) {
    model.optimizer_variables.clear();
    model.notes.push_back(
        {io::Severity::Info, "", "optimizer-state-unsupported",
         fmt::format("The state of the optimizer is left out. {}", error.what())});
  }
}

}  // namespace tensorferry::keras
