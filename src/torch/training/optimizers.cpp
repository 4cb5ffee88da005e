#include "torch/training/optimizers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "torch/training/schedules.h"
#include "torch/training/settings.h"

namespace tensorferry::torch {
namespace {

using graph::Settings;
using python::Writer;
using std::string;

void set_member(PickledDict& group, const string& name, PickledValue value) {
  const auto found = std::find_if(group.begin(), group.end(), [&](const auto& member) {
    return std::get<string>(member.key.value) == name;
  });
  if (found == group.end()) {
    group.push_back({{name}, std::move(value)});
  } else {
    found->value = std::move(value);
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
  explicit OptimizerWriter(const graph::Optimizer& optimizer, OptimizedParameters parameters = {})
      : optimizer_(optimizer),
        split_(std::move(parameters.split)),
        named_(std::move(parameters.named)),
        settings_(optimizer.optimizer.settings),
        kind_(*find_optimizer_kind(optimizer.optimizer.class_name)),
        spelling_(kind_.spell(optimizer)) {
    if (has_rate()) {
      const int gathered = gathered_batches(optimizer);
      spelling_.before.insert(spelling_.before.begin(),
                              fmt::format("group[\"lr\"] = learning_rate({}group[\"steps\"] - 1)",
                                          gathered > 1 ? fmt::format("{} * ", gathered) : ""));
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
    for (const OptimizerArgument& argument : spelling_.arguments) {
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
      writer.block(spelling_.source);
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
    if (spelling_.groups.name) write_groups(writer);
    const char* parameters = spelling_.groups.name ? "groups"
                             : spelling_.before.empty()
                                 ? "parameters"
                                 : "[{\"params\": parameters, \"steps\": 0}]";
    std::vector<python::Expression> items = {
        python::atom(parameters),
        python::keyword("lr", python::atom(has_rate() ? "learning_rate(0)" : first_rate()))};
    for (const OptimizerArgument& argument : spelling_.arguments) {
      items.push_back(python::keyword(argument.name, python::atom(argument.text)));
    }
    writer.statement("return ", python::call(spelling_.constructor, std::move(items)));
    writer.outdent();
  }

  void write_groups(Writer& writer) const {
    const OptimizerGroups& groups = spelling_.groups;
    const char* steps = spelling_.before.empty() ? "" : ", \"steps\": 0";
    std::vector<python::Expression> dicts;
    const auto add = [&](const char* parameters, const string& members) {
      dicts.push_back(
          python::atom(fmt::format("{{\"params\": {}, {}{}}}", parameters, members, steps)));
    };
    if (named_.empty()) {
      add("parameters", groups.of_others);
    } else {
      std::vector<python::Expression> named;
      for (const string& key : named_) named.push_back(python::atom("model." + key));
      writer.statement(fmt::format("{} = ", groups.name), python::list(std::move(named)));
      writer.line(fmt::format("others = [p for p in parameters if not any(p is q for q in {})]",
                              groups.name));
      add(groups.name, groups.of_named);
      add("others", groups.of_others);
    }
    writer.statement("groups = ", python::list(std::move(dicts)));
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
    writer.line(
        spelling_.groups.name
            ? "parameters = [p for group in optimizer.param_groups for p in group[\"params\"]]"
            : "parameters = optimizer.param_groups[0][\"params\"]");
    if (names != std::vector<std::string_view>{"clipnorm"} || split_.empty()) {
      writer.line("gradients = [p.grad for p in parameters if p.grad is not None]");
    }
    for (const std::string_view name : names) {
      const string most = number_text(settings_, string(name), 0);
      if (name == "clipnorm" && !split_.empty()) {
        write_clipping_together(most, writer);
        continue;
      }
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

  // Keras clips by the norm of its weights.
  void write_clipping_together(const string& most, Writer& writer) const {
    std::vector<python::Expression> together;
    for (const std::vector<std::size_t>& numbers : split_) {
      together.push_back(
          python::tuple_of(std::vector<std::int64_t>(numbers.begin(), numbers.end())));
    }
    writer.line("# Numbers of parameters that are one weight in Keras: a GRU's biases.");
    writer.statement("weights = ", python::list(std::move(together)));
    writer.line("for i in range(len(parameters)):");
    writer.line("    if not any(i in weight for weight in weights):");
    writer.line("        weights.append((i,))");
    writer.line("for weight in weights:");
    writer.line("    own = [parameters[i].grad for i in weight if parameters[i].grad is not None]");
    writer.line("    norm = sum(gradient.square().sum() for gradient in own) ** 0.5");
    writer.line("    for gradient in own:");
    writer.line(fmt::format("        gradient.mul_({0} / norm.clamp(min={0}))", most));
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
  SplitWeights split_;
  std::vector<string> named_;
  const Settings& settings_;
  const OptimizerKind& kind_;
  OptimizerSpelling spelling_;
};

}  // namespace

int gathered_batches(const graph::Optimizer& optimizer) {
  const double count = number(optimizer.optimizer.settings, "gradient_accumulation_steps", 1);
  return count >= 1 && count < 1e6 ? static_cast<int>(count) : 1;
}

std::string optimizer_refusal(const graph::Optimizer& optimizer,
                              const OptimizedParameters& parameters) {
  const Settings& settings = optimizer.optimizer.settings;
  const std::string& name = optimizer.optimizer.class_name;
  if (find_optimizer_kind(name) == nullptr)
    return "its class is none of those of Keras that are known";
  if (optimizer.schedule && !has_schedule(*optimizer.schedule)) {
    return "its learning rate follows a schedule that is not known";
  }
  const bool goes_by_weights = name == "Lamb" || name == "Adafactor" || name == "Muon";
  if (!parameters.split.empty() && goes_by_weights) {
    return "it goes by the whole of a weight that is two parameters here";
  }
  if (!parameters.has_groups) {
    return name + " goes by the axes that Keras gives a weight, which are others here";
  }
  if (is_true(settings, "use_ema")) return "it averages the weights (`use_ema`)";
  return "";
}

KeptState kept_state(const graph::Optimizer& optimizer) {
  return OptimizerWriter(optimizer).kept_state();
}

bool has_update(const graph::Optimizer& optimizer) {
  return OptimizerWriter(optimizer).has_update();
}

void write_optimizer(const graph::Optimizer& optimizer, const OptimizedParameters& parameters,
                     python::Writer& writer) {
  OptimizerWriter(optimizer, parameters).write(writer);
}

}  // namespace tensorferry::torch
