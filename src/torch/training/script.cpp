#include "torch/training/script.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "torch/forward.h"
#include "torch/identifier.h"
#include "torch/python.h"
#include "torch/training/constraints.h"
#include "torch/training/losses.h"
#include "torch/training/optimizers.h"
#include "torch/training/parameters.h"
#include "torch/training/settings.h"
#include "torch/training/state.h"

namespace tensorferry::torch {
namespace {

using python::Expression;
using python::Writer;

constexpr std::int64_t sample_batch = 8;
constexpr std::int64_t sample_extent = 32;

/// A loss that can be written, and its function's name.
struct WrittenLoss {
  const graph::OutputLoss* loss = nullptr;
  std::string function;
};

class Script {
 public:
  explicit Script(const TrainedModel& model)
      : model_(model),
        program_(*model.program),
        root_(program_.graphs.at(program_.root)),
        training_(*program_.training) {
    choose_losses();
    choose_optimizer();
    choose_penalties();
    choose_constraints();
  }

  TrainingScript write() {
    TrainingScript script;
    if (!losses_.empty()) {
      if (optimizer_) choose_state(script.state);
      write_functions();
      script.text = head() + writer_.text();
    }
    script.notes = std::move(notes_);
    return script;
  }

 private:
  bool has_one_output() const { return root_.outputs.size() == 1; }

  LossSpelling spelling(const graph::OutputLoss& loss) const {
    return {&loss.loss, training_.keras, &root_.values[root_.outputs[loss.output].value],
            model_.has_logits || says_logits(loss.loss)};
  }

  void note(const char* code, std::string text) {
    notes_.push_back({io::Severity::Info, "", code, std::move(text)});
  }

  void choose_losses() {
    Scope names({"F", "constrain", "criterion", "learning_rate", "make_optimizer", "math",
                 "penalty", "torch", "train_epoch", "update"});
    for (const graph::OutputLoss& loss : training_.losses) {
      const std::string refusal = refusal_of(loss);
      const std::string& output = root_.outputs[loss.output].name;
      if (!refusal.empty()) {
        note("loss-unsupported",
             fmt::format("The loss of output \"{}\" is not in training.py: {}.", output, refusal));
        continue;
      }
      if (takes_logits_behind(loss, training_.keras) && !model_.has_logits) {
        note("loss-of-probabilities",
             fmt::format(
                 "Keras computes the loss of output \"{}\" from its logits, training.py from "
                 "its probabilities: within 1e-7 of 0 and 1 they differ.",
                 output));
      }
      losses_.push_back(
          {&loss, has_one_output() ? "criterion" : names.identifier(output + "_loss")});
    }
  }

  std::string refusal_of(const graph::OutputLoss& loss) const {
    const std::string refusal = loss_refusal(spelling(loss), loss.end, model_.has_logits);
    if (!refusal.empty()) return refusal;
    const std::string reduction = text(loss.loss.settings, "reduction", "none");
    const bool is_alone = has_one_output() && training_.penalties.empty();
    return reduction == "none" && !is_alone ? "it is not reduced, and not the only one" : "";
  }

  void choose_optimizer() {
    if (!training_.optimizer) return;
    parameters_ = optimized_parameters(program_, *model_.weights);
    const std::string refusal = optimizer_refusal(*training_.optimizer, parameters_);
    if (refusal.empty()) {
      optimizer_ = &*training_.optimizer;
    } else {
      note("optimizer-unsupported", fmt::format("training.py has no optimizer: {}.", refusal));
    }
  }

  void choose_state(std::optional<StateDict>& state) {
    if (!training_.state) return;
    const OptimizerStateDict made = optimizer_state_dict(program_, *model_.weights);
    has_state_ = made.state.has_value();
    state = made.state;
    if (!made.refusal.empty()) {
      note("optimizer-state-unsupported",
           fmt::format("The state of the optimizer is left out: {}.", made.refusal));
    }
  }

  void choose_penalties() {
    for (const graph::Penalty& penalty : training_.penalties) {
      const auto parameters = parameters_of(program_, *model_.weights, penalty.tensor);
      if (parameters.empty()) {
        note("regularizer-unsupported",
             fmt::format("training.py leaves out the regularizer of {}, which is no parameter of "
                         "its own.",
                         program_.tensors.at(penalty.tensor).name));
      }
      for (const NamedWeight* parameter : parameters) {
        add_penalty(penalty, "model." + parameter->key);
      }
    }
  }

  void choose_constraints() {
    for (const graph::Constraint& constraint : training_.constraints) {
      if (can_constrain(constraint, program_, *model_.weights)) {
        constraints_.push_back(&constraint);
      } else {
        note("constraint-unsupported",
             fmt::format("training.py leaves out the constraint of {}, whose axes are not those "
                         "of a parameter.",
                         program_.tensors.at(constraint.tensor).name));
      }
    }
  }

  void add_penalty(const graph::Penalty& penalty, const std::string& place) {
    if (penalty.l1 != 0) {
      penalties_.push_back(times(number_text(penalty.l1), python::atom(place + ".abs().sum()")));
    }
    if (penalty.l2 != 0) {
      penalties_.push_back(times(number_text(penalty.l2), python::atom(place + ".square().sum()")));
    }
  }

  void blank_lines() {
    writer_.line("");
    writer_.line("");
  }

  void write_functions() {
    for (const WrittenLoss& loss : losses_) {
      blank_lines();
      write_loss(spelling(*loss.loss), loss.function, writer_);
    }
    if (!has_one_output()) write_sum();
    if (!penalties_.empty()) write_penalty();
    if (!constraints_.empty()) write_constraints();
    if (optimizer_) {
      blank_lines();
      write_optimizer(*optimizer_, parameters_, writer_);
      write_epoch();
      write_main();
    }
  }

  void write_sum() {
    blank_lines();
    writer_.line("def criterion(outputs, targets, sample_weights=None):");
    writer_.indent();
    writer_.line("\"\"\"The weighted sum over the outputs, in the model's order.\"\"\"");
    writer_.line("sample_weights = sample_weights or [None] * len(outputs)");
    for (const WrittenLoss& loss : losses_) {
      const std::size_t i = loss.loss->output;
      const Expression call =
          python::call(loss.function, {python::atom(fmt::format("outputs[{}]", i)),
                                       python::atom(fmt::format("targets[{}]", i)),
                                       python::atom(fmt::format("sample_weights[{}]", i))});
      const double weight = loss.loss->weight;
      const bool is_first = &loss == &losses_.front();
      writer_.statement(is_first ? "loss = " : "loss += ",
                        weight == 1 ? call : times(number_text(weight), call));
    }
    writer_.line("return loss");
    writer_.outdent();
  }

  static Expression times(const std::string& factor, const Expression& value) {
    return python::operators("*", {python::atom(factor), value});
  }

  void write_penalty() {
    blank_lines();
    writer_.line("def penalty(model):");
    writer_.indent();
    writer_.line("\"\"\"What the regularizers add to the loss.\"\"\"");
    for (const Expression& term : penalties_) {
      writer_.statement(&term == &penalties_.front() ? "total = " : "total += ", term);
    }
    writer_.line("return total");
    writer_.outdent();
  }

  void write_constraints() {
    blank_lines();
    writer_.line("@torch.no_grad()");
    writer_.line("def constrain(model):");
    writer_.indent();
    writer_.line("\"\"\"What the constraints make of the weights after each step.\"\"\"");
    for (const graph::Constraint* constraint : constraints_) {
      write_constraint(*constraint, program_, *model_.weights, writer_);
    }
    writer_.outdent();
  }

  void write_epoch() {
    blank_lines();
    writer_.line("def train_epoch(model, optimizer, batches):");
    writer_.indent();
    writer_.line(
        "\"\"\"One pass over batches of (inputs, targets) or (inputs, targets, sample weights).");
    writer_.line("");
    writer_.line(
        "Gives the mean of their losses. Keras's class weights are sample weights too: of");
    writer_.line("targets that are classes, class_weight[targets].");
    writer_.line("\"\"\"");
    writer_.line("model.train()");
    writer_.line("losses = []");
    const int gathered = gathered_batches(*optimizer_);
    if (gathered == 1) {
      writer_.line("for inputs, targets, *weights in batches:");
      writer_.indent();
      writer_.line("optimizer.zero_grad()");
    } else {
      writer_.line("optimizer.zero_grad()");
      writer_.line("for number, (inputs, targets, *weights) in enumerate(batches, 1):");
      writer_.indent();
    }
    const std::string forward = model_.has_logits ? "model.forward_logits" : "model";
    const std::string inputs = root_.inputs.size() == 1 ? "inputs" : "*inputs";
    writer_.line(fmt::format("loss = criterion({}({}), targets, *weights)", forward, inputs));
    if (!penalties_.empty()) writer_.line("loss = loss + penalty(model)");
    if (gathered == 1) {
      writer_.line("loss.backward()");
      write_step();
    } else {
      writer_.line(fmt::format("(loss / {}).backward()", gathered));
      writer_.line(fmt::format("if number % {} == 0:", gathered));
      writer_.indent();
      write_step();
      writer_.line("optimizer.zero_grad()");
      writer_.outdent();
    }
    writer_.line("losses.append(loss.item())");
    writer_.outdent();
    writer_.line("return sum(losses) / len(losses)");
    writer_.outdent();
  }

  void write_step() {
    writer_.line(has_update(*optimizer_) ? "update(optimizer)" : "optimizer.step()");
    if (!constraints_.empty()) writer_.line("constrain(model)");
  }

  static std::string shape_of(const graph::Value& value, std::optional<std::size_t> left_out) {
    std::string text;
    for (std::size_t axis = 0; axis < value.shape.size(); ++axis) {
      if (axis == left_out) continue;
      const bool is_known = value.shape[axis] != graph::unknown_extent;
      const std::int64_t extent = axis == 0  ? sample_batch
                                  : is_known ? value.shape[axis]
                                             : sample_extent;
      text += (text.empty() ? "" : ", ") + std::to_string(extent);
    }
    return text;
  }

  static Expression random_input(const graph::Value& value) {
    const std::string shape = shape_of(value, std::nullopt);
    const bool is_real = is_floating_point(value.dtype);
    return python::atom(is_real ? fmt::format("torch.rand({})", shape)
                                : fmt::format("torch.randint(2, ({}{}))", shape,
                                              value.shape.size() == 1 ? "," : ""));
  }

  static std::size_t channel_axis(const graph::Value& value) {
    const std::size_t last = value.shape.size() - 1;
    for (std::size_t i = 0; i < value.layout.axes.size(); ++i) {
      if (value.layout.axes[i] == last) return i;
    }
    return last;
  }

  Expression random_target(std::size_t output) const {
    const graph::Value& value = root_.values[root_.outputs[output].value];
    const bool is_sparse =
        std::any_of(losses_.begin(), losses_.end(), [&](const WrittenLoss& loss) {
          return loss.loss->output == output &&
                 loss.loss->loss.class_name == "SparseCategoricalCrossentropy";
        });
    if (!is_sparse) return python::atom(fmt::format("torch.rand({})", shape_of(value, {})));
    const std::size_t channels = channel_axis(value);
    const bool is_known = value.shape[channels] != graph::unknown_extent;
    const std::string shape = shape_of(value, channels);
    const bool is_vector = value.shape.size() == 2;
    return python::atom(fmt::format("torch.randint({}, ({}{}))",
                                    is_known ? value.shape[channels] : sample_extent, shape,
                                    is_vector ? "," : ""));
  }

  void write_tensors(const char* name, std::vector<Expression> tensors) {
    writer_.statement(fmt::format("{} = ", name),
                      tensors.size() == 1 ? tensors.front() : python::tuple(std::move(tensors)));
  }

  void write_main() {
    blank_lines();
    writer_.line("if __name__ == \"__main__\":");
    writer_.indent();
    writer_.line(fmt::format("model = {}()", model_.class_name));
    writer_.line(fmt::format("model.load_state_dict({})", model_.loading_expression));
    writer_.line("# In place of your data:");
    std::vector<Expression> inputs;
    for (const graph::Port& port : root_.inputs) {
      inputs.push_back(random_input(root_.values[port.value]));
    }
    write_tensors("inputs", std::move(inputs));
    std::vector<Expression> targets;
    for (std::size_t i = 0; i < root_.outputs.size(); ++i) targets.push_back(random_target(i));
    write_tensors("targets", std::move(targets));
    if (has_state_) {
      writer_.line("optimizer = make_optimizer(model)");
      writer_.line(fmt::format("optimizer.load_state_dict({})", model_.loading_state));
      writer_.line("loss = train_epoch(model, optimizer, [(inputs, targets)])");
    } else {
      writer_.line("loss = train_epoch(model, make_optimizer(model), [(inputs, targets)])");
    }
    writer_.line("print(f\"loss {loss:.4f}\")");
    writer_.outdent();
  }

  std::string head() const {
    const std::string& body = writer_.text();
    const auto says = [&](const char* word) { return body.find(word) != std::string::npos; };
    std::string text =
        fmt::format("\"\"\"Trains {} on, as its Keras file says.\"\"\"\n\n", model_.class_name);
    if (says("math.")) text += "import math\n\n";
    if (says("torch.") || model_.loading_import == "import torch\n") text += "import torch\n";
    if (says("F.")) text += "import torch.nn.functional as F\n";
    if (optimizer_ && model_.loading_import != "import torch\n") text += model_.loading_import;
    if (optimizer_) text += fmt::format("\nfrom model import {}\n", model_.class_name);
    return text;
  }

  const TrainedModel& model_;
  const graph::Program& program_;
  const graph::Graph& root_;
  const graph::Training& training_;
  std::vector<WrittenLoss> losses_;
  const graph::Optimizer* optimizer_ = nullptr;
  bool has_state_ = false;
  std::vector<Expression> penalties_;
  std::vector<const graph::Constraint*> constraints_;
  OptimizedParameters parameters_;
  io::Notes notes_;
  Writer writer_;
};

}  // namespace

TrainingScript training_script(const TrainedModel& model) { return Script(model).write(); }

}  // namespace tensorferry::torch
