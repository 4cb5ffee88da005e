#include "torch/training/optimizers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "torch/training/optimizer_classes.h"
#include "torch/training/schedules.h"
#include "torch/training/settings.h"

namespace tensorferry::torch {
namespace {

using graph::Settings;
using python::Writer;
using std::string;

/// A keyword argument of a constructor, and of the group in a state_dict.
struct Argument {
  const char* name = "";
  string text;
  PickledValue value;
};

/// What training.py says of an optimizer.
struct Spelling {
  string constructor;                    ///< "torch.optim.SGD", or the name of `source`
  std::string_view source;               ///< of a class that torch does not have
  std::vector<Argument> arguments = {};  ///< but for the learning rate
  std::vector<string> before = {};       ///< lines of each group before a step
  bool decays_itself = false;            ///< its weight decay is Keras's
  KeptState kept = {};                   ///< but for the group
};

/// What Keras 2 had before 2.11, and kept as `legacy`, computes otherwise.
bool is_legacy(const Settings& settings) { return is_true(settings, "is_legacy_optimizer"); }

/// Its momentum holds the rate of each step: torch's does not.
bool moves_rate(const graph::Optimizer& optimizer) {
  return optimizer.schedule || number(optimizer.optimizer.settings, "decay", 0) != 0;
}

Argument real(const char* name, double value) {
  return {name, number_text(value), {as_given(value)}};
}

Argument flag(const char* name) { return {name, "True", {true}}; }

Argument betas(const Settings& settings, double second) {
  const Argument one = real("", number(settings, "beta_1", 0.9));
  const Argument two = real("", number(settings, "beta_2", second));
  return {
      "betas", fmt::format("({}, {})", one.text, two.text), {PickledTuple{{one.value, two.value}}}};
}

Argument epsilon(const Settings& settings) {
  return real("eps", number(settings, "epsilon", 1e-7));
}

double weight_decay(const graph::Configured& optimizer) {
  return number(optimizer.settings, "weight_decay", optimizer.class_name == "AdamW" ? 0.004 : 0);
}

void add_if(bool is_so, Spelling& spelling, Argument argument) {
  if (is_so) spelling.arguments.push_back(std::move(argument));
}

Spelling sgd(const graph::Optimizer& optimizer) {
  const Settings& settings = optimizer.optimizer.settings;
  const double momentum = number(settings, "momentum", 0);
  Spelling spelling{"torch.optim.SGD", ""};
  if (momentum == 0) {
    spelling.decays_itself = true;
    const double decay = weight_decay(optimizer.optimizer);
    add_if(decay != 0, spelling, real("weight_decay", decay));
    return spelling;
  }
  if (moves_rate(optimizer)) {
    spelling.constructor = "SGD";
    spelling.source = optimizer_classes::sgd;
    spelling.kept.slots = {{"momentum", "momentum"}};
  } else {
    const double rate = as_given(number(settings, "learning_rate", 0.01));
    spelling.kept.slots = {{"momentum_buffer", "momentum", -1 / rate}};
  }
  spelling.arguments.push_back(real("momentum", momentum));
  add_if(is_true(settings, "nesterov"), spelling, flag("nesterov"));
  return spelling;
}

Spelling rmsprop(const graph::Optimizer& optimizer) {
  const Settings& settings = optimizer.optimizer.settings;
  const double momentum = number(settings, "momentum", 0);
  const bool is_centered = is_true(settings, "centered");
  Spelling spelling{"torch.optim.RMSprop", ""};
  spelling.kept.slots = {{"square_avg", "velocity"}};
  if (!is_legacy(settings) || momentum != 0) {
    spelling.constructor = "RMSprop";
    spelling.source = optimizer_classes::rmsprop;
    spelling.kept.slots.push_back({"momentum_buffer", momentum != 0 ? "momentum" : ""});
    spelling.kept.slots.push_back({"grad_avg", is_centered ? "average_gradient" : ""});
  } else {
    spelling.kept.counts_steps = true;
    if (is_centered) spelling.kept.slots.push_back({"grad_avg", "average_gradient"});
  }
  spelling.arguments.push_back(real("alpha", number(settings, "rho", 0.9)));
  spelling.arguments.push_back(epsilon(settings));
  add_if(momentum != 0, spelling, real("momentum", momentum));
  add_if(is_centered, spelling, flag("centered"));
  return spelling;
}

// keras/src/optimizers/adam.py adds its epsilon before the bias is corrected, torch after it.
Spelling adam(const graph::Optimizer& optimizer) {
  const Settings& settings = optimizer.optimizer.settings;
  const double decay = weight_decay(optimizer.optimizer);
  Spelling spelling{decay != 0 ? "torch.optim.AdamW" : "torch.optim.Adam", ""};
  spelling.arguments = {betas(settings, 0.999)};
  spelling.before = {fmt::format("group[\"eps\"] = {} / math.sqrt(1 - {} ** group[\"steps\"])",
                                 number_text(settings, "epsilon", 1e-7),
                                 number_text(settings, "beta_2", 0.999))};
  spelling.decays_itself = true;
  spelling.kept = {{}, {{"exp_avg", "momentum"}, {"exp_avg_sq", "velocity"}}, "", true};
  add_if(decay != 0, spelling, real("weight_decay", decay));
  if (is_true(settings, "amsgrad")) {
    spelling.arguments.push_back(flag("amsgrad"));
    spelling.kept.slots.push_back({"max_exp_avg_sq", "velocity_hat"});
  }
  return spelling;
}

Spelling adadelta(const graph::Optimizer& optimizer) {
  const Settings& settings = optimizer.optimizer.settings;
  Spelling spelling{"torch.optim.Adadelta", ""};
  spelling.arguments = {real("rho", number(settings, "rho", 0.95)), epsilon(settings)};
  spelling.kept = {
      {}, {{"square_avg", "accumulated_grad"}, {"acc_delta", "accumulated_delta_var"}}, "", true};
  return spelling;
}

// Keras's epsilon is within the root, which is to start with it.
Spelling adagrad(const graph::Optimizer& optimizer) {
  const Settings& settings = optimizer.optimizer.settings;
  Argument first =
      real("initial_accumulator_value", number(settings, "initial_accumulator_value", 0.1));
  const Argument small = epsilon(settings);
  Spelling spelling{"torch.optim.Adagrad", ""};
  spelling.kept = {{}, {{"sum", "accumulator"}}, "", true};
  if (is_legacy(settings)) {
    spelling.arguments = {std::move(first), small};
    return spelling;
  }
  first.text += " + " + small.text;
  first.value = {std::get<double>(first.value.value) + std::get<double>(small.value.value)};
  spelling.arguments = {std::move(first), {"eps", "0", {0.0}}};
  spelling.kept.slots.front().offset = std::get<double>(small.value.value);
  return spelling;
}

Spelling adamax(const graph::Optimizer& optimizer) {
  const Settings& settings = optimizer.optimizer.settings;
  Spelling spelling{"Adamax", optimizer_classes::adamax};
  spelling.arguments = {betas(settings, 0.999), epsilon(settings)};
  spelling.kept = {{}, {{"exp_avg", "momentum"}, {"exp_inf", "norm"}}, "", true};
  return spelling;
}

Spelling nadam(const graph::Optimizer& optimizer) {
  const Settings& settings = optimizer.optimizer.settings;
  const double decay = is_legacy(settings) ? number(settings, "decay", 0.004) : 1;
  Spelling spelling{"Nadam", optimizer_classes::nadam};
  spelling.arguments = {betas(settings, 0.999), epsilon(settings), real("momentum_decay", decay)};
  spelling.kept = {{}, {{"exp_avg", "momentum"}, {"exp_avg_sq", "velocity"}}, "mu_product", true};
  return spelling;
}

Spelling ftrl(const graph::Optimizer& optimizer) {
  const auto own = [&](const char* name, const char* keras, double otherwise) {
    return real(name, number(optimizer.optimizer.settings, keras, otherwise));
  };
  Spelling spelling{"Ftrl", optimizer_classes::ftrl};
  spelling.arguments = {own("lr_power", "learning_rate_power", -0.5),
                        own("initial_accumulator_value", "initial_accumulator_value", 0.1),
                        own("l1", "l1_regularization_strength", 0),
                        own("l2", "l2_regularization_strength", 0),
                        own("l2_shrinkage", "l2_shrinkage_regularization_strength", 0),
                        own("beta", "beta", 0)};
  spelling.kept.slots = {{"accumulator", "accumulator"}, {"linear", "linear"}};
  return spelling;
}

Spelling lion(const graph::Optimizer& optimizer) {
  Spelling spelling{"Lion", optimizer_classes::lion};
  spelling.arguments = {betas(optimizer.optimizer.settings, 0.99)};
  spelling.kept.slots = {{"exp_avg", "momentum"}};
  return spelling;
}

Spelling lamb(const graph::Optimizer& optimizer) {
  const Settings& settings = optimizer.optimizer.settings;
  Spelling spelling{"Lamb", optimizer_classes::lamb};
  spelling.arguments = {betas(settings, 0.999), epsilon(settings)};
  spelling.kept = {{}, {{"exp_avg", "momentum"}, {"exp_avg_sq", "velocity"}}, "", true};
  return spelling;
}

struct OptimizerKind {
  std::string_view class_name;
  Spelling (*spell)(const graph::Optimizer&);
  double rate;  ///< Keras's default
};

constexpr std::array<OptimizerKind, 11> kinds = {{
    {"Adadelta", &adadelta, 0.001},
    {"Adagrad", &adagrad, 0.001},
    {"Adam", &adam, 0.001},
    {"AdamW", &adam, 0.001},
    {"Adamax", &adamax, 0.001},
    {"Ftrl", &ftrl, 0.001},
    {"Lamb", &lamb, 0.001},
    {"Lion", &lion, 0.001},
    {"Nadam", &nadam, 0.001},
    {"RMSprop", &rmsprop, 0.001},
    {"SGD", &sgd, 0.01},
}};

const OptimizerKind* find_kind(std::string_view class_name) {
  const auto* found = std::find_if(kinds.begin(), kinds.end(), [&](const OptimizerKind& kind) {
    return kind.class_name == class_name;
  });
  return found == kinds.end() ? nullptr : found;
}

void set_member(PickledDict& group, const string& name, PickledValue value) {
  const auto found = std::find_if(group.begin(), group.end(), [&](const auto& member) {
    return std::get<string>(member.first.value) == name;
  });
  if (found == group.end()) {
    group.push_back({{name}, std::move(value)});
  } else {
    found->second = std::move(value);
  }
}

// What torch.optim's own do not complete where a state_dict lacks it (`__setstate__`), or Keras's
// classes in optimizer_classes.h take as a default.
PickledDict defaults_of(const string& constructor) {
  PickledDict group;
  const auto add = [&](const char* name, PickledValue value) {
    group.push_back({{string(name)}, std::move(value)});
  };
  const bool is_torch = constructor.starts_with("torch.");
  if (constructor.ends_with("SGD")) {
    add("momentum", {0.0});
    add("dampening", {0.0});
    add("nesterov", {false});
  }
  if (constructor.ends_with("RMSprop")) {
    add("momentum", {0.0});
    add("centered", {false});
  }
  if (constructor.starts_with("torch.optim.Adam")) {
    add("eps", {1e-8});
    add("amsgrad", {false});
  }
  if (constructor == "torch.optim.Adagrad") add("lr_decay", {0.0});
  if (is_torch) add("weight_decay", {0.0});
  return group;
}

class OptimizerWriter {
 public:
  explicit OptimizerWriter(const graph::Optimizer& optimizer)
      : optimizer_(optimizer),
        settings_(optimizer.optimizer.settings),
        kind_(*find_kind(optimizer.optimizer.class_name)),
        spelling_(kind_.spell(optimizer)) {
    if (has_rate()) {
      spelling_.before.insert(spelling_.before.begin(),
                              "group[\"lr\"] = learning_rate(group[\"steps\"] - 1)");
    }
  }

  bool has_update() const {
    return !spelling_.before.empty() || has_decay() || !clippings().empty();
  }

  KeptState kept_state() const {
    KeptState kept = spelling_.kept;
    PickledDict& group = kept.group;
    group = defaults_of(spelling_.constructor);
    const double rate = number(settings_, "learning_rate", kind_.rate);
    set_member(group, "lr", {as_given(rate)});
    for (const Argument& argument : spelling_.arguments) {
      set_member(group, argument.name, argument.value);
    }
    if (!spelling_.before.empty()) set_member(group, "steps", {PickledCounter{}});
    return kept;
  }

  void write(Writer& writer) const {
    if (has_rate()) {
      write_rate(writer);
      blank_lines(writer);
    }
    if (!spelling_.source.empty()) {
      write_lines(spelling_.source, writer);
      blank_lines(writer);
    }
    write_make(writer);
    if (has_update()) {
      blank_lines(writer);
      write_update(writer);
    }
  }

 private:
  double legacy_decay() const {
    const bool is_own = kind_.class_name == "Nadam";  // of its momentum
    return is_legacy(settings_) && !is_own ? number(settings_, "decay", 0) : 0;
  }

  bool has_rate() const { return optimizer_.schedule || legacy_decay() != 0; }

  bool has_decay() const {
    return weight_decay(optimizer_.optimizer) != 0 && !spelling_.decays_itself;
  }

  static void blank_lines(Writer& writer) {
    writer.line("");
    writer.line("");
  }

  static void write_lines(std::string_view text, Writer& writer) {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      writer.line(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  string first_rate() const { return number_text(settings_, "learning_rate", kind_.rate); }

  void write_rate(Writer& writer) const {
    if (optimizer_.schedule) {
      write_schedule(*optimizer_.schedule, writer);
      return;
    }
    writer.line("def learning_rate(step):");
    writer.line("    \"\"\"Keras's `decay`; steps count from 0.\"\"\"");
    writer.line(
        fmt::format("    return {} / (1 + {} * step)", first_rate(), number_text(legacy_decay())));
  }

  void write_make(Writer& writer) const {
    writer.line("def make_optimizer(model):");
    writer.indent();
    writer.line("parameters = [p for p in model.parameters() if p.requires_grad]");
    const char* parameters =
        spelling_.before.empty() ? "parameters" : "[{\"params\": parameters, \"steps\": 0}]";
    std::vector<python::Expression> items = {
        python::atom(parameters),
        python::keyword("lr", python::atom(has_rate() ? "learning_rate(0)" : first_rate()))};
    for (const Argument& argument : spelling_.arguments) {
      items.push_back(python::keyword(argument.name, python::atom(argument.text)));
    }
    writer.statement("return ", python::call(spelling_.constructor, std::move(items)));
    writer.outdent();
  }

  void write_update(Writer& writer) const {
    writer.line("def update(optimizer):");
    writer.indent();
    writer.line("\"\"\"One step as Keras makes it.\"\"\"");
    write_clipping(writer);
    if (!spelling_.before.empty() || has_decay()) {
      writer.line("for group in optimizer.param_groups:");
      writer.indent();
      if (!spelling_.before.empty()) writer.line("group[\"steps\"] += 1");
      for (const string& text : spelling_.before) writer.line(text);
      write_decay(writer);
      writer.outdent();
    }
    writer.line("optimizer.step()");
    writer.outdent();
  }

  /// In order. Of today's optimizers only the first counts (keras/src/optimizers/base_optimizer.py:
  /// _clip_gradients); zero is none.
  std::vector<std::string_view> clippings() const {
    static constexpr std::array<std::string_view, 3> today = {"clipnorm", "global_clipnorm",
                                                              "clipvalue"};
    static constexpr std::array<std::string_view, 3> legacy = {"clipvalue", "clipnorm",
                                                               "global_clipnorm"};
    std::vector<std::string_view> found;
    for (const std::string_view name : is_legacy(settings_) ? legacy : today) {
      if (number(settings_, string(name), 0) > 0) found.push_back(name);
    }
    if (!is_legacy(settings_) && found.size() > 1) found.resize(1);
    return found;
  }

  void write_clipping(Writer& writer) const {
    const std::vector<std::string_view> names = clippings();
    if (names.empty()) return;
    writer.line("parameters = optimizer.param_groups[0][\"params\"]");
    writer.line("gradients = [p.grad for p in parameters if p.grad is not None]");
    for (const std::string_view name : names) {
      const string most = number_text(settings_, string(name), 0);
      if (name == "global_clipnorm") {
        writer.line("norm = torch.stack([gradient.norm() for gradient in gradients]).norm()");
      }
      writer.line("for gradient in gradients:");
      if (name == "clipvalue") {
        writer.line(fmt::format("    gradient.clamp_(-{0}, {0})", most));
      } else {
        const char* norm = name == "clipnorm" ? "gradient.norm()" : "norm";
        writer.line(fmt::format("    gradient.mul_({0} / {1}.clamp(min={0}))", most, norm));
      }
    }
  }

  // Of weights that have a gradient, as Keras decays those that it updates.
  void write_decay(Writer& writer) const {
    if (!has_decay()) return;
    writer.line("with torch.no_grad():");
    writer.line("    for p in group[\"params\"]:");
    writer.line(fmt::format("        p.mul_(1 - {} * group[\"lr\"])",
                            number_text(weight_decay(optimizer_.optimizer))));
  }

  const graph::Optimizer& optimizer_;
  const Settings& settings_;
  const OptimizerKind& kind_;
  Spelling spelling_;
};

}  // namespace

std::string optimizer_refusal(const graph::Optimizer& optimizer, bool splits_weights) {
  const Settings& settings = optimizer.optimizer.settings;
  const std::string& name = optimizer.optimizer.class_name;
  if (name == "Adafactor" || name == "Muon") {
    return name + " goes by the axes that Keras gives a weight, which are others here";
  }
  if (name == "ScheduleFreeAdamW") return "Keras's begins at zero once TensorFlow has compiled it";
  if (find_kind(name) == nullptr) return "its class is none of those of Keras that are known";
  if (optimizer.schedule && !has_schedule(*optimizer.schedule)) {
    return "its learning rate follows a schedule that is not known";
  }
  if (splits_weights && number(settings, "clipnorm", 0) > 0) {
    return "it clips the gradient of a weight that is two parameters here (`clipnorm`)";
  }
  if (is_true(settings, "use_ema")) return "it averages the weights (`use_ema`)";
  if (has(settings, "gradient_accumulation_steps")) {
    return "it gathers gradients (`gradient_accumulation_steps`)";
  }
  return "";
}

KeptState kept_state(const graph::Optimizer& optimizer) {
  return OptimizerWriter(optimizer).kept_state();
}

bool has_update(const graph::Optimizer& optimizer) {
  return OptimizerWriter(optimizer).has_update();
}

void write_optimizer(const graph::Optimizer& optimizer, python::Writer& writer) {
  OptimizerWriter(optimizer).write(writer);
}

}  // namespace tensorferry::torch
