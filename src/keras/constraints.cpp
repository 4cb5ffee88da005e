#include "keras/constraints.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "keras/json_text.h"
#include "keras/regularizers.h"

namespace tensorferry::keras {
namespace {

using graph::Constraint;

constexpr std::string_view constraint_ending = "_constraint";

double number_of(const Json& config, const char* key, double otherwise) {
  const auto found = config.find(key);
  return found != config.end() && found->is_number() ? found->get<double>() : otherwise;
}

std::vector<std::int64_t> axes_of(const Json& config) {
  const auto found = config.find("axis");
  if (found == config.end()) return {0};
  if (found->is_number_integer()) return {found->get<std::int64_t>()};
  std::vector<std::int64_t> axes;
  for (const Json& axis : *found) {
    if (axis.is_number_integer()) axes.push_back(axis.get<std::int64_t>());
  }
  return axes;
}

// By class, or by the name of one with its defaults (keras/src/constraints/constraints.py).
std::optional<Constraint> constraint_of(const Json& written) {
  const bool is_name = written.is_string();
  const std::string_view name = is_name ? std::string_view(written.get_ref<const std::string&>())
                                        : text_member(written, "class_name");
  const Json empty = Json::object();
  const Json& config = is_name ? empty : written["config"];
  if (!config.is_object()) return std::nullopt;
  Constraint constraint;
  constraint.axes = axes_of(config);
  if (name == "NonNeg" || name == "non_neg") {
    constraint.kind = Constraint::Kind::NonNegative;
  } else if (name == "UnitNorm" || name == "unit_norm") {
    constraint.kind = Constraint::Kind::UnitNorm;
  } else if (name == "MaxNorm" || name == "max_norm") {
    constraint.kind = Constraint::Kind::MaxNorm;
    constraint.most = number_of(config, "max_value", number_of(config, "m", 2));
  } else if (name == "MinMaxNorm" || name == "min_max_norm") {
    constraint.kind = Constraint::Kind::MinMaxNorm;
    constraint.least = number_of(config, "min_value", 0);
    constraint.most = number_of(config, "max_value", 1);
    constraint.rate = number_of(config, "rate", 1);
  } else {
    return std::nullopt;
  }
  return constraint;
}

class ConstraintReader {
 public:
  explicit ConstraintReader(io::Notes& notes) : notes_(notes) {}

  void read(const Model& model) {
    for (const Layer& layer : model.layers) read(layer);
  }

  std::vector<Constraint> take() { return std::move(constraints_); }

 private:
  void read(const Layer& layer) {
    if (layer.model) read(*layer.model);
    for (const Layer& inner : layer.wrapped) read(inner);
    if (!layer.config.is_object() || !layer.trainable) return;
    for (const auto& [key, value] : layer.config.items()) {
      if (value.is_null() || !key.ends_with(constraint_ending)) continue;
      add(layer, key, value);
    }
  }

  void add(const Layer& layer, const std::string& key, const Json& value) {
    std::optional<Constraint> constraint = constraint_of(value);
    if (!constraint) {
      notes_.push_back({io::Severity::Info, layer.name, "constraint-unsupported",
                        fmt::format("Layer \"{}\" has a `{}` that is none of Keras's own, and "
                                    "training.py leaves it out.",
                                    layer.name, key)});
      return;
    }
    const std::string subject = key.substr(0, key.size() - constraint_ending.size());
    for (const Weight& weight : layer.weights) {
      if (!is_weight_of(weight.role, subject)) continue;
      constraint->tensor = weight.tensor;
      constraints_.push_back(*constraint);
    }
  }

  io::Notes& notes_;
  std::vector<Constraint> constraints_;
};

}  // namespace

std::vector<graph::Constraint> read_constraints(const Model& model, io::Notes& notes) {
  ConstraintReader reader(notes);
  reader.read(model);
  return reader.take();
}

}  // namespace tensorferry::keras
