#include "torch/match/load_script.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "torch/python.h"

namespace tensorferry::torch {

namespace {

using python::Expression;
using python::Writer;

// Hooks are functions of the module, so that a model with them can be pickled.
constexpr std::string_view hook_once_text = R"(

def hook_once(module, hook):
    """What the module is given goes through the hook, once however often it is loaded."""
    if not hasattr(module, "is_as_in_keras"):
        module.is_as_in_keras = True
        module.register_forward_pre_hook(hook)
)";

// A torch module pads alike on both sides, and a pool no further than half its size.
constexpr std::string_view pad_before_text = R"(

def padded(pads, value, module, inputs):
    return F.pad(inputs[0], pads, value=value)


def pad_before(module, pads, value=0.0):
    """Pads as Keras does (left, right, top, bottom), in place of the module itself."""
    module.padding = (0, 0)
    hook_once(module, partial(padded, pads, value))
)";

// keras/src/backend/tensorflow/nn.py leaves `same` to TensorFlow, whose rule this is.
constexpr std::string_view pad_by_size_text = R"(

def padded_by_size(kernel, strides, value, module, inputs):
    pads = []
    (x,) = inputs
    for axis in (1, 0):
        extent, stride = x.shape[2 + axis], strides[axis]
        steps = -(-extent // stride)
        total = max((steps - 1) * stride + kernel[axis] - extent, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads, value=value)


def pad_by_size(module, kernel, strides, value=0.0):
    """Pads as TensorFlow's `same` does, in place of the module itself."""
    module.padding = (0, 0)
    hook_once(module, partial(padded_by_size, kernel, strides, value))
)";

constexpr std::string_view average_real_cells_text = R"(

def divided_by_real_cells(module, inputs):
    (x,) = inputs
    cells = F.avg_pool2d(torch.ones_like(x[:1, :1]), 3, stride=1, padding=1)
    return x / cells


def average_real_cells(module):
    """The average pool before it counts its padding; Keras's does not."""
    hook_once(module, divided_by_real_cells)
)";

constexpr std::string_view preprocess_head_text = R"(

def preprocess(x):
    """What the Keras model does to its input first, and this one does not."""
)";

std::vector<Expression> real_numbers(const std::vector<double>& values) {
  std::vector<Expression> items;
  for (const double value : values) items.push_back(python::number(value));
  return items;
}

/// One number, or a tensor that broadcasts along the axis.
Expression operand(const std::vector<double>& values, std::size_t axis, std::size_t rank) {
  if (values.size() == 1) return python::number(values.front());
  std::vector<std::int64_t> shape{static_cast<std::int64_t>(values.size())};
  shape.resize(rank - axis, 1);
  std::vector<Expression> extents;
  for (const std::int64_t extent : shape) extents.push_back(python::number(extent));
  const std::string tensor =
      python::text_of(python::call("torch.tensor", {python::list(real_numbers(values))}));
  return python::call(tensor + ".reshape", std::move(extents));
}

void write_scale_offset(Writer& writer, const graph::ScaleOffset& op, std::size_t rank) {
  if (!op.scale.empty()) {
    writer.statement("x = ",
                     python::operators("*", {python::atom("x"), operand(op.scale, op.axis, rank)}));
  }
  const bool is_zero =
      std::all_of(op.offset.begin(), op.offset.end(), [](double offset) { return offset == 0; });
  if (is_zero) return;
  const bool is_subtracted = op.offset.size() == 1 && op.offset.front() < 0;
  const std::vector<double> offset =
      is_subtracted ? std::vector<double>{-op.offset.front()} : op.offset;
  writer.statement("x = ", python::operators(is_subtracted ? "-" : "+",
                                             {python::atom("x"), operand(offset, op.axis, rank)}));
}

std::vector<double> deviations(const std::vector<double>& variances) {
  std::vector<double> result;
  for (const double variance : variances) result.push_back(std::max(std::sqrt(variance), 1e-7));
  return result;
}

bool has_stored_statistics(const InputStep& step) {
  const auto* normalize = std::get_if<graph::Normalize>(&step.op);
  return normalize != nullptr && normalize->mean.empty();
}

std::string statistic_key(std::size_t number, const char* name) {
  return fmt::format("{}_{}", name, number + 1);
}

class Text {
 public:
  explicit Text(const LoadScript& script) : script_(script), target_(*script.target) {}

  std::string write() {
    write_head();
    const Differences& differences = *script_.differences;
    if (hooks()) writer_.block(hook_once_text);
    if (differences.pads_before) writer_.block(pad_before_text);
    if (differences.pads_by_size) writer_.block(pad_by_size_text);
    if (differences.averages_real_cells) writer_.block(average_real_cells_text);
    if (!script_.steps.empty()) write_preprocess();
    write_load_into();
    if (target_.is_built_in()) write_load_model();
    return writer_.text();
  }

 private:
  /// Into what modules are given.
  bool hooks() const {
    const Differences& differences = *script_.differences;
    return differences.pads_before || differences.pads_by_size || differences.averages_real_cells;
  }

  bool is_pt() const { return script_.options->weights == WeightFormat::Pt; }

  bool reads_statistics() const {
    return std::any_of(script_.steps.begin(), script_.steps.end(), has_stored_statistics);
  }

  bool makes_tensors() const {
    return std::any_of(script_.steps.begin(), script_.steps.end(), [](const InputStep& step) {
      const auto* scale = std::get_if<graph::ScaleOffset>(&step.op);
      if (scale != nullptr) return scale->scale.size() > 1 || scale->offset.size() > 1;
      const auto& normalize = std::get<graph::Normalize>(step.op);
      return normalize.mean.size() > 1;
    });
  }

  void write_head() {
    const std::string first =
        fmt::format("\"\"\"Loads the weights of the Keras model {} into {}.",
                    python::comment_text(script_.model_name), python::comment_text(target_.name));
    const bool is_short = script_.output_activation.empty() && script_.remarks.empty();
    writer_.line(is_short ? first + "\"\"\"" : first);
    if (!script_.output_activation.empty()) {
      writer_.line("");
      writer_.line(fmt::format("Keras's model ends in a {0}, this one before it:",
                               script_.output_activation));
      writer_.line(fmt::format("torch.{}(model(x){}) is the same.", script_.output_activation,
                               script_.output_activation == "softmax" ? ", -1" : ""));
    }
    for (const std::string& remark : script_.remarks) {
      writer_.line(python::comment_text(remark));
    }
    if (!is_short) writer_.line("\"\"\"");
    writer_.line("");
    const Differences& differences = *script_.differences;
    if (differences.pads_before || differences.pads_by_size) {
      writer_.line("from functools import partial");
    }
    writer_.lines({"from pathlib import Path", ""});
    const std::string library = target_.name.substr(0, target_.name.find(':'));
    if (target_.is_built_in() && library == "timm") writer_.line("import timm");
    const bool needs_torch = is_pt() || differences.averages_real_cells || differences.uses_torch ||
                             makes_tensors() || !script_.removed_modules.empty();
    if (needs_torch) writer_.line("import torch");
    if (target_.is_built_in() && library == "torchvision") writer_.line("import torchvision");
    if (!is_pt() || reads_statistics()) writer_.line("from safetensors.torch import load_file");
    if (hooks()) writer_.line("from torch.nn import functional as F");
    writer_.lines({"", "FOLDER = Path(__file__).resolve().parent"});
    if (reads_statistics()) {
      writer_.line("STATISTICS = load_file(FOLDER / \"preprocessing.safetensors\")");
    }
  }

  void write_preprocess() {
    writer_.block(preprocess_head_text);
    writer_.indent();
    for (std::size_t i = 0; i < script_.steps.size(); ++i) {
      const InputStep& step = script_.steps[i];
      const std::size_t rank = step.input->shape.size();
      if (const auto* scale = std::get_if<graph::ScaleOffset>(&step.op)) {
        write_scale_offset(writer_, *scale, rank);
      } else {
        write_normalize(i, std::get<graph::Normalize>(step.op), rank);
      }
    }
    writer_.line("return x");
    writer_.outdent();
  }

  void write_normalize(std::size_t number, const graph::Normalize& op, std::size_t rank) {
    if (op.mean.empty()) {
      writer_.line(fmt::format("deviation = STATISTICS[\"{}\"].sqrt().clamp(min=1e-7)",
                               statistic_key(number, "variance")));
      writer_.line(
          fmt::format("x = (x - STATISTICS[\"{}\"]) / deviation", statistic_key(number, "mean")));
      return;
    }
    const std::size_t axis = op.axes.empty() ? rank - 1 : op.axes.front();
    writer_.statement("x = ",
                      python::operators("-", {python::atom("x"), operand(op.mean, axis, rank)}));
    writer_.statement(
        "x = ",
        python::operators("/", {python::atom("x"), operand(deviations(op.variance), axis, rank)}));
  }

  void write_load_into() {
    writer_.lines({"", "", "def load_into(model):"});
    writer_.indent();
    writer_.line(script_.differences->empty()
                     ? "\"\"\"Gives it the weights.\"\"\""
                     : "\"\"\"Sets right where Keras's architecture differs, and gives it the "
                       "weights.\"\"\"");
    for (const std::string& line : script_.differences->assignments) writer_.line(line);
    for (const Expression& call : script_.differences->calls) writer_.statement("", call);
    for (const std::string& prefix : script_.removed_modules) {
      writer_.line(fmt::format("{} = torch.nn.Identity()  # the file has none", path_of(prefix)));
    }
    const char* state = is_pt() ? "torch.load(FOLDER / \"model.pt\", weights_only=True)"
                                : "load_file(FOLDER / \"model.safetensors\")";
    writer_.line(fmt::format("state = {}", state));
    if (script_.missing_keys.empty()) {
      writer_.line("model.load_state_dict(state)");
    } else {
      writer_.line(fmt::format("# {} of its tensors are not in the file: see mapping.json.",
                               script_.missing_keys.size()));
      writer_.line("model.load_state_dict(state, strict=False)");
    }
    writer_.line("return model.eval()");
    writer_.outdent();
  }

  void write_load_model() {
    writer_.lines({"", "", "def load_model():"});
    writer_.indent();
    writer_.statement("return ", python::call("load_into", {python::atom(target_.constructor)}));
    writer_.outdent();
  }

  const LoadScript& script_;
  const TargetModel& target_;
  Writer writer_;
};

}  // namespace

std::string load_script_text(const LoadScript& script) { return Text(script).write(); }

std::vector<FittedWeight> preprocessing_weights(const LoadScript& script) {
  std::vector<FittedWeight> weights;
  for (std::size_t i = 0; i < script.steps.size(); ++i) {
    if (!has_stored_statistics(script.steps[i])) continue;
    for (const State& state : script.classes->layers[script.steps[i].layer].declaration->state) {
      weights.push_back(
          {statistic_key(i, state.name == "mean" ? "mean" : "variance"), state.weight});
    }
  }
  return weights;
}

}  // namespace tensorferry::torch
