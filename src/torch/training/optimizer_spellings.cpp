#include "torch/training/optimizer_spellings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "torch/training/optimizer_classes.h"
#include "torch/training/settings.h"

namespace tensorferry::torch {
namespace {

using graph::Settings;
using std::string;

/// Its momentum holds the rate of each step: torch's does not.
bool moves_rate(const graph::Optimizer& optimizer) {
  return optimizer.schedule || number(optimizer.optimizer.settings, "decay", 0) != 0;
}

OptimizerArgument real(const char* name, double value) {
  return {name, number_text(value), {as_given(value)}};
}

OptimizerArgument flag(const char* name) { return {name, "True", {true}}; }

OptimizerArgument betas(const Settings& settings, double second) {
  const OptimizerArgument one = real("", number(settings, "beta_1", 0.9));
  const OptimizerArgument two = real("", number(settings, "beta_2", second));
  return {
      "betas", fmt::format("({}, {})", one.text, two.text), {PickledTuple{{one.value, two.value}}}};
}

OptimizerArgument epsilon(const Settings& settings) {
  return real("eps", number(settings, "epsilon", 1e-7));
}

void add_if(bool is_so, OptimizerSpelling& spelling, OptimizerArgument argument) {
  if (is_so) spelling.arguments.push_back(std::move(argument));
}

OptimizerSpelling sgd(const graph::Optimizer& optimizer) {
  const Settings& settings = optimizer.optimizer.settings;
  const double momentum = number(settings, "momentum", 0);
  OptimizerSpelling spelling{"torch.optim.SGD", ""};
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

OptimizerSpelling rmsprop(const graph::Optimizer& optimizer) {
  const Settings& settings = optimizer.optimizer.settings;
  const double momentum = number(settings, "momentum", 0);
  const bool is_centered = is_true(settings, "centered");
  OptimizerSpelling spelling{"torch.optim.RMSprop", ""};
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
OptimizerSpelling adam(const graph::Optimizer& optimizer) {
  const Settings& settings = optimizer.optimizer.settings;
  const double decay = weight_decay(optimizer.optimizer);
  OptimizerSpelling spelling{decay != 0 ? "torch.optim.AdamW" : "torch.optim.Adam", ""};
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

OptimizerSpelling adadelta(const graph::Optimizer& optimizer) {
  const Settings& settings = optimizer.optimizer.settings;
  OptimizerSpelling spelling{"torch.optim.Adadelta", ""};
  spelling.arguments = {real("rho", number(settings, "rho", 0.95)), epsilon(settings)};
  spelling.kept = {
      {}, {{"square_avg", "accumulated_grad"}, {"acc_delta", "accumulated_delta_var"}}, "", true};
  return spelling;
}

// Keras's epsilon is within the root, which is to start with it.
OptimizerSpelling adagrad(const graph::Optimizer& optimizer) {
  const Settings& settings = optimizer.optimizer.settings;
  OptimizerArgument first =
      real("initial_accumulator_value", number(settings, "initial_accumulator_value", 0.1));
  const OptimizerArgument small = epsilon(settings);
  OptimizerSpelling spelling{"torch.optim.Adagrad", ""};
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

OptimizerSpelling adamax(const graph::Optimizer& optimizer) {
  const Settings& settings = optimizer.optimizer.settings;
  OptimizerSpelling spelling{"Adamax", optimizer_classes::adamax};
  spelling.arguments = {betas(settings, 0.999), epsilon(settings)};
  spelling.kept = {{}, {{"exp_avg", "momentum"}, {"exp_inf", "norm"}}, "", true};
  return spelling;
}

OptimizerSpelling nadam(const graph::Optimizer& optimizer) {
  const Settings& settings = optimizer.optimizer.settings;
  const double decay = is_legacy(settings) ? number(settings, "decay", 0.004) : 1;
  OptimizerSpelling spelling{"Nadam", optimizer_classes::nadam};
  spelling.arguments = {betas(settings, 0.999), epsilon(settings), real("momentum_decay", decay)};
  spelling.kept = {{}, {{"exp_avg", "momentum"}, {"exp_avg_sq", "velocity"}}, "mu_product", true};
  return spelling;
}

OptimizerSpelling ftrl(const graph::Optimizer& optimizer) {
  const auto own = [&](const char* name, const char* keras, double otherwise) {
    return real(name, number(optimizer.optimizer.settings, keras, otherwise));
  };
  OptimizerSpelling spelling{"Ftrl", optimizer_classes::ftrl};
  spelling.arguments = {own("lr_power", "learning_rate_power", -0.5),
                        own("initial_accumulator_value", "initial_accumulator_value", 0.1),
                        own("l1", "l1_regularization_strength", 0),
                        own("l2", "l2_regularization_strength", 0),
                        own("l2_shrinkage", "l2_shrinkage_regularization_strength", 0),
                        own("beta", "beta", 0)};
  spelling.kept.slots = {{"accumulator", "accumulator"}, {"linear", "linear"}};
  return spelling;
}

OptimizerSpelling lion(const graph::Optimizer& optimizer) {
  OptimizerSpelling spelling{"Lion", optimizer_classes::lion};
  spelling.arguments = {betas(optimizer.optimizer.settings, 0.99)};
  spelling.kept.slots = {{"exp_avg", "momentum"}};
  return spelling;
}

OptimizerSpelling lamb(const graph::Optimizer& optimizer) {
  const Settings& settings = optimizer.optimizer.settings;
  OptimizerSpelling spelling{"Lamb", optimizer_classes::lamb};
  spelling.arguments = {betas(settings, 0.999), epsilon(settings)};
  spelling.kept = {{}, {{"exp_avg", "momentum"}, {"exp_avg_sq", "velocity"}}, "", true};
  return spelling;
}

OptimizerSpelling schedule_free(const graph::Optimizer& optimizer) {
  const Settings& settings = optimizer.optimizer.settings;
  OptimizerSpelling spelling{"ScheduleFreeAdamW", optimizer_classes::schedule_free};
  spelling.arguments = {betas(settings, 0.999), real("eps", number(settings, "epsilon", 1e-8)),
                        real("warmup_steps", number(settings, "warmup_steps", 0))};
  spelling.kept = {{}, {{"z", "momentum"}, {"exp_avg_sq", "velocity"}}, "", true};
  return spelling;
}

OptimizerArgument numbers(const char* name, const std::vector<double>& values) {
  std::vector<string> texts;
  PickledTuple tuple;
  for (const double value : values) {
    texts.push_back(number_text(value));
    const PickledValue item{as_given(value)};
    tuple.items.push_back(item);
  }
  return {name, fmt::format("({})", fmt::join(texts, ", ")), {std::move(tuple)}};
}

OptimizerSpelling adafactor(const graph::Optimizer& optimizer) {
  const Settings& settings = optimizer.optimizer.settings;
  OptimizerSpelling spelling{"Adafactor", optimizer_classes::adafactor};
  spelling.arguments = {
      real("beta2_decay", number(settings, "beta_2_decay", -0.8)),
      numbers("eps", {number(settings, "epsilon_1", 1e-30), number(settings, "epsilon_2", 1e-3)}),
      real("clip_threshold", number(settings, "clip_threshold", 1))};
  spelling.groups = {"turned", "\"axes\": (1, 0)", "\"axes\": (0, 1)"};
  return spelling;
}

OptimizerSpelling muon(const graph::Optimizer& optimizer) {
  const Settings& settings = optimizer.optimizer.settings;
  const auto own = [&](const char* name, double otherwise) {
    return number(settings, name, otherwise);
  };
  const bool is_nesterov = settings.empty() || is_true(settings, "nesterov");
  const bool has_rate = settings.empty() || has(settings, "rms_rate");
  OptimizerSpelling spelling{"Muon", optimizer_classes::muon};
  spelling.arguments = {real("momentum", own("momentum", 0.95)),
                        {"nesterov", is_nesterov ? "True" : "False", {is_nesterov}},
                        numbers("coefficients", {own("muon_a", 3.4445), own("muon_b", -4.775),
                                                 own("muon_c", 2.0315)}),
                        real("ns_steps", own("ns_steps", 5)),
                        {"rms_rate", has_rate ? number_text(own("rms_rate", 0.2)) : "None", {}},
                        numbers("betas", {own("adam_beta_1", 0.9), own("adam_beta_2", 0.999)}),
                        epsilon(settings),
                        real("adam_lr_ratio", own("adam_lr_ratio", 1))};
  const auto group = [&](const char* is_matrices, const char* decay) {
    const double otherwise = settings.empty() ? 0.004 : 0;
    return fmt::format("\"matrices\": {}, \"weight_decay\": {}", is_matrices,
                       number_text(own(decay, otherwise)));
  };
  spelling.groups = {"matrices", group("True", "weight_decay"),
                     group("False", "adam_weight_decay")};
  spelling.decays_itself = true;
  return spelling;
}

constexpr std::array<OptimizerKind, 14> kinds = {{
    {"Adadelta", &adadelta, 0.001},
    {"Adafactor", &adafactor, 0.001},
    {"Adagrad", &adagrad, 0.001},
    {"Adam", &adam, 0.001},
    {"AdamW", &adam, 0.001},
    {"Adamax", &adamax, 0.001},
    {"Ftrl", &ftrl, 0.001},
    {"Lamb", &lamb, 0.001},
    {"Lion", &lion, 0.001},
    {"Muon", &muon, 0.001},
    {"Nadam", &nadam, 0.001},
    {"RMSprop", &rmsprop, 0.001},
    {"ScheduleFreeAdamW", &schedule_free, 0.0025},
    {"SGD", &sgd, 0.01},
}};

}  // namespace

const OptimizerKind* find_optimizer_kind(std::string_view class_name) {
  const auto* found = std::find_if(kinds.begin(), kinds.end(), [&](const OptimizerKind& kind) {
    return kind.class_name == class_name;
  });
  return found == kinds.end() ? nullptr : found;
}

bool is_legacy(const Settings& settings) { return is_true(settings, "is_legacy_optimizer"); }

double weight_decay(const graph::Configured& optimizer) {
  return number(optimizer.settings, "weight_decay", optimizer.class_name == "AdamW" ? 0.004 : 0);
}

}  // namespace tensorferry::torch
