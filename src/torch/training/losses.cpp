#include "torch/training/losses.h"

#include <fmt/format.h>

#include <optional>
#include <string_view>
#include <variant>

#include "torch/training/settings.h"

namespace tensorferry::torch {
namespace {

using std::string;

/// What the statements leave in `loss`.
enum class Result {
  Samples,  ///< a loss for each sample, or for each place of one
  Scalar,   ///< one number
  Valid     ///< as Samples; `valid` says which of them count
};

class LossWriter {
 public:
  LossWriter(const LossSpelling& spelling, python::Writer& writer)
      : loss_(*spelling.loss),
        keras_(spelling.keras),
        value_(*spelling.output),
        logits_(spelling.takes_logits),
        writer_(writer) {}

  void write(const string& name) {
    writer_.line(fmt::format("def {}(outputs, targets, sample_weight=None):", name));
    writer_.indent();
    writer_.line(
        fmt::format("\"\"\"Keras's {}{}.\"\"\"", loss_.class_name, logits_ ? ", of logits" : ""));
    write_target_shape();
    write_smoothing();
    const Result result = write_formula();
    write_reduction(result);
    writer_.outdent();
  }

 private:
  std::string_view about_targets() const {
    if (is("SparseCategoricalCrossentropy") || is("CategoricalGeneralizedCrossEntropy")) {
      return "; targets are numbers of classes";
    }
    return is("CategoricalCrossentropy") ? "; targets sum to 1" : "";
  }

  std::size_t rank() const { return value_.shape.size(); }

  /// Where Keras's axis is in the converted model's output; negative where it is the last.
  int dim(int keras_axis) const {
    const auto size = static_cast<int>(rank());
    const int axis = keras_axis < 0 ? keras_axis + size : keras_axis;
    int place = axis;
    for (std::size_t i = 0; i < value_.layout.axes.size(); ++i) {
      if (static_cast<int>(value_.layout.axes[i]) == axis) place = static_cast<int>(i);
    }
    return place == size - 1 ? -1 : place;
  }

  int last() const { return dim(-1); }

  int axis() const { return dim(static_cast<int>(number(loss_.settings, "axis", -1))); }

  bool is(std::string_view name) const { return loss_.class_name == name; }

  double setting(const char* name, double otherwise) const {
    return number(loss_.settings, name, otherwise);
  }

  void line(const string& text) { writer_.line(text); }

  // A target (B,) of an output (B, 1) would meet it as (B, B).
  void write_target_shape() {
    const int at = last();
    const graph::Extent extent = value_.shape[at < 0 ? rank() - 1 : static_cast<std::size_t>(at)];
    const bool are_numbers = is("SparseCategoricalCrossentropy") || is("CTC") || is("Circle") ||
                             is("CategoricalGeneralizedCrossEntropy");
    if (extent == 1 && !are_numbers) {
      line("targets = targets.reshape(outputs.shape)");
    }
  }

  void write_smoothing() {
    const double smoothing = setting("label_smoothing", 0);
    if (smoothing == 0) return;
    const string amount = number_text(smoothing);
    if (is("BinaryCrossentropy") || is("BinaryFocalCrossentropy")) {
      line(fmt::format("targets = targets * (1 - {0}) + 0.5 * {0}", amount));
      return;
    }
    const int classes = keras_ == 2 && is("CategoricalCrossentropy") ? axis() : last();
    line(fmt::format("targets = targets * (1 - {0}) + {0} / targets.shape[{1}]", amount, classes));
  }

  /// F.cross_entropy wants the classes behind the batch.
  string classes_first(const string& tensor, int at) const {
    return at == 1 || rank() == 2 ? tensor : fmt::format("{}.movedim({}, 1)", tensor, at);
  }

  void assign(const string& target, const string& callee, const std::vector<string>& arguments,
              const string& suffix = "") {
    std::vector<python::Expression> items;
    for (const string& argument : arguments) items.push_back(python::atom(argument));
    writer_.statement(target + " = ", python::call(callee, std::move(items)), suffix);
  }

  void write_binary_of_probabilities() {
    line("probabilities = outputs.clamp(1e-7, 1 - 1e-7)");
    if (keras_ == 3) {
      assign("loss", "F.binary_cross_entropy", {"probabilities", "targets", "reduction=\"none\""});
      return;
    }
    line("log_p = (probabilities + 1e-7).log()");
    line("log_q = (1 - probabilities + 1e-7).log()");
    line("loss = -(targets * log_p + (1 - targets) * log_q)");
  }

  void write_binary() {
    if (logits_) {
      assign("loss", "F.binary_cross_entropy_with_logits",
             {"outputs", "targets", "reduction=\"none\""});
    } else {
      write_binary_of_probabilities();
    }
  }

  void write_binary_focal() {
    write_binary();
    line(logits_ ? "probabilities = outputs.sigmoid()" : "probabilities = outputs");
    line("p_t = targets * probabilities + (1 - targets) * (1 - probabilities)");
    line(fmt::format("loss = (1 - p_t) ** {} * loss", number_text(setting("gamma", 2))));
    if (is_true(loss_.settings, "apply_class_balancing")) {
      const string alpha = number_text(setting("alpha", 0.25));
      line(fmt::format("loss = (targets * {0} + (1 - targets) * (1 - {0})) * loss", alpha));
    }
  }

  void write_categorical() {
    const int at = axis();
    if (logits_) {
      assign("loss", "F.cross_entropy",
             {classes_first("outputs", at), classes_first("targets", at), "reduction=\"none\""});
      return;
    }
    line(fmt::format("probabilities = outputs / outputs.sum({}, keepdim=True)", at));
    line("probabilities = probabilities.clamp(1e-7, 1 - 1e-7)");
    line(fmt::format("loss = -(targets * probabilities.log()).sum({})", at));
  }

  /// A factor for each class lies along Keras's last axis.
  string class_factors(const std::vector<double>& factors) const {
    string list;
    for (const double factor : factors) {
      list += (list.empty() ? "" : ", ") + number_text(factor);
    }
    string shape;
    if (last() != -1) {
      shape = ".reshape(-1";
      for (std::size_t i = static_cast<std::size_t>(last()) + 1; i < rank(); ++i) shape += ", 1";
      shape += ")";
    }
    return fmt::format("outputs.new_tensor([{}]){}", list, shape);
  }

  void write_categorical_focal() {
    const int at = axis();
    line(logits_ ? fmt::format("probabilities = outputs.softmax({})", at)
                 : fmt::format("probabilities = outputs / outputs.sum({}, keepdim=True)", at));
    const auto* factors = std::get_if<std::vector<double>>(find(loss_.settings, "alpha"));
    line("alpha = " + (factors ? class_factors(*factors) : number_text(setting("alpha", 0.25))));
    line("probabilities = probabilities.clamp(1e-7, 1 - 1e-7)");
    line(fmt::format("weight = alpha * (1 - probabilities) ** {}",
                     number_text(setting("gamma", 2))));
    line(fmt::format("loss = -(weight * targets * probabilities.log()).sum({})", at));
  }

  Result write_sparse_categorical() {
    line("targets = targets.long()");
    if (!logits_) line("outputs = outputs.clamp(1e-7, 1 - 1e-7).log()");
    std::vector<string> arguments = {classes_first("outputs", last()), "targets"};
    const auto* ignored = std::get_if<double>(find(loss_.settings, "ignore_class"));
    if (ignored) {
      line(fmt::format("valid = targets != {}", number_text(*ignored)));
      arguments.push_back("ignore_index=" + number_text(*ignored));
    }
    arguments.push_back("reduction=\"none\"");
    assign("loss", "F.cross_entropy", arguments);
    return ignored ? Result::Valid : Result::Samples;
  }

  /// Keras's axes to sum over, as arguments of torch's `sum`; empty: all.
  std::vector<string> summed_dims() const {
    const graph::Setting* axes = find(loss_.settings, "axis");
    std::vector<double> given;
    if (const auto* one = std::get_if<double>(axes)) given.push_back(*one);
    if (const auto* several = std::get_if<std::vector<double>>(axes)) given = *several;
    std::vector<string> dims;
    for (const double given_axis : given)
      dims.push_back(std::to_string(dim(static_cast<int>(given_axis))));
    return dims;
  }

  Result write_overlap() {
    const std::vector<string> dims = summed_dims();
    string over;
    for (const string& given : dims) over += (over.empty() ? "" : ", ") + given;
    if (dims.size() > 1) over = "(" + over + ")";
    const string sum = ".sum(" + over + ")";
    line("overlap = (targets * outputs)" + sum);
    if (is("Dice")) {
      line("total = targets" + sum + " + outputs" + sum);
      line("loss = 1 - 2 * overlap / (total + 1e-7)");
    } else {
      line("missed = (targets * (1 - outputs))" + sum);
      line("wrong = ((1 - targets) * outputs)" + sum);
      line(fmt::format("total = overlap + {} * missed + {} * wrong",
                       number_text(setting("alpha", 0.5)), number_text(setting("beta", 0.5))));
      line("loss = 1 - overlap / (total + 1e-7)");
    }
    return dims.empty() || dims.size() == rank() ? Result::Scalar : Result::Samples;
  }

  // The distances of all pairs of a batch; keras/src/losses/losses.py: circle.
  Result write_circle() {
    const string gamma = number_text(loss_.settings, "gamma", 80);
    const string margin = number_text(loss_.settings, "margin", 0.4);
    line("targets = targets.long().reshape(-1, 1)");
    line("distances = (1 - outputs @ outputs.T).clamp(min=0)");
    line("positive = targets == targets.T");
    line("negative = ~positive");
    if (is_true(loss_.settings, "remove_diagonal"))
      line("positive = positive.fill_diagonal_(False)");
    line(fmt::format("attract = {0} * ({1} + distances) * (distances - {1})", gamma, margin));
    line(fmt::format("repel = (1 + {0} - distances).clamp(min=0) * (1 - {0} - distances)", margin));
    line("attract = attract.masked_fill(~positive, -math.inf).logsumexp(1)");
    line(fmt::format("repel = ({} * repel).masked_fill(~negative, -math.inf).logsumexp(1)", gamma));
    line("loss = F.softplus(attract + repel)");
    line("valid = loss > 0");
    return Result::Valid;
  }

  void write_ctc() {
    line("targets = targets.long()");
    line("steps = torch.full((len(outputs),), outputs.shape[1])");
    line("lengths = (targets != 0).sum(1)");
    line("outputs = outputs.log_softmax(-1).transpose(0, 1)");
    assign("loss", "F.ctc_loss", {"outputs", "targets", "steps", "lengths", "reduction=\"none\""});
  }

  void write_generalized() {
    const string q = number_text(loss_.settings, "q", 0.5);
    line("targets = targets.long()");
    line(fmt::format("picked = outputs.gather({0}, targets.unsqueeze({0})).squeeze({0})", last()));
    line(fmt::format("loss = (1 - picked**{0}) / {0}", q));
  }

  Result write_formula() {
    const string mean = fmt::format(".mean({})", last());
    if (is("MeanSquaredError")) {
      assign("loss", "F.mse_loss", {"outputs", "targets", "reduction=\"none\""}, mean);
    } else if (is("MeanAbsoluteError")) {
      assign("loss", "F.l1_loss", {"outputs", "targets", "reduction=\"none\""}, mean);
    } else if (is("MeanAbsolutePercentageError")) {
      line("error = (targets - outputs).abs() / targets.abs().clamp(min=1e-7)");
      line("loss = 100 * error" + mean);
    } else if (is("MeanSquaredLogarithmicError")) {
      line("log_outputs = (outputs.clamp(min=1e-7) + 1).log()");
      line("log_targets = (targets.clamp(min=1e-7) + 1).log()");
      line("loss = (log_outputs - log_targets).square()" + mean);
    } else if (is("CosineSimilarity")) {
      const char* epsilon = keras_ == 2 ? "1e-6" : "1e-7";
      line(fmt::format("outputs = F.normalize(outputs, dim={}, eps={})", axis(), epsilon));
      line(fmt::format("targets = F.normalize(targets, dim={}, eps={})", axis(), epsilon));
      line(fmt::format("loss = -(targets * outputs).sum({})", axis()));
    } else if (is("LogCosh")) {
      line("error = outputs - targets");
      line("loss = (error + F.softplus(-2 * error) - math.log(2))" + mean);
    } else if (is("Huber")) {
      assign(
          "loss", "F.huber_loss",
          {"outputs", "targets", "reduction=\"none\"", "delta=" + number_text(setting("delta", 1))},
          mean);
    } else if (is("Hinge") || is("SquaredHinge")) {
      line("if ((targets == 0) | (targets == 1)).all():");
      line("    targets = 2 * targets - 1");
      line("loss = (1 - targets * outputs).clamp(min=0)" + string(is("Hinge") ? "" : ".square()") +
           mean);
    } else if (is("CategoricalHinge")) {
      line(fmt::format("positive = (targets * outputs).sum({})", last()));
      line(fmt::format("negative = ((1 - targets) * outputs).amax({})", last()));
      line("loss = (negative - positive + 1).clamp(min=0)");
    } else if (is("KLDivergence")) {
      line("targets = targets.clamp(1e-7, 1)");
      line("outputs = outputs.clamp(1e-7, 1)");
      line(fmt::format("loss = (targets * (targets / outputs).log()).sum({})", last()));
    } else if (is("Poisson")) {
      assign("loss", "F.poisson_nll_loss",
             {"outputs", "targets", "log_input=False", "eps=1e-7", "reduction=\"none\""}, mean);
    } else if (is("BinaryCrossentropy")) {
      write_binary();
      line(fmt::format("loss = loss.mean({})", axis()));
    } else if (is("BinaryFocalCrossentropy")) {
      write_binary_focal();
      line(fmt::format("loss = loss.mean({})", axis()));
    } else if (is("CategoricalCrossentropy")) {
      write_categorical();
    } else if (is("CategoricalFocalCrossentropy")) {
      write_categorical_focal();
    } else if (is("CategoricalGeneralizedCrossEntropy")) {
      write_generalized();
    } else if (is("CTC")) {
      write_ctc();
    } else if (is("Circle")) {
      return write_circle();
    } else if (is("SparseCategoricalCrossentropy")) {
      return write_sparse_categorical();
    } else {
      return write_overlap();
    }
    return Result::Samples;
  }

  // Keras spreads a sample's weight over its places.
  void write_weights() {
    line("if sample_weight is not None:");
    line("    extents = sample_weight.shape[: loss.dim()]");
    line("    extents += (1,) * (loss.dim() - sample_weight.dim())");
    line("    sample_weight = sample_weight.reshape(extents)");
    line("    loss = loss * sample_weight");
  }

  void write_reduction(Result result) {
    const string reduction = text(loss_.settings, "reduction", "none");
    if (result == Result::Scalar) {
      line("if sample_weight is not None:");
      line("    loss = loss * sample_weight");
    } else {
      write_weights();
    }
    const bool is_mean = reduction == "sum_over_batch_size" || reduction == "mean";
    if (reduction == "mean_with_sample_weight") {
      write_weighted_mean(result);
    } else if (result == Result::Valid) {
      line("total = (loss * valid).sum()");
      line(is_mean ? "return total / valid.sum().clamp(min=1)" : "return total");
    } else {
      // Of "none" Keras's gradient is that of the sum.
      line(is_mean ? "return loss.mean()" : "return loss.sum()");
    }
  }

  void write_weighted_mean(Result result) {
    if (result == Result::Valid) {
      line("weight = valid if sample_weight is None else valid * sample_weight");
      line("return (loss * valid).sum() / weight.sum()");
    } else {
      line("if sample_weight is None:");
      line("    return loss.mean()");
      line("return loss.sum() / sample_weight.sum()");
    }
  }

  const graph::Configured& loss_;
  int keras_;
  const graph::Value& value_;
  bool logits_;
  python::Writer& writer_;
};

}  // namespace

bool says_logits(const graph::Configured& loss) { return is_true(loss.settings, "from_logits"); }

bool takes_logits_behind(const graph::OutputLoss& loss, int keras) {
  const std::string& name = loss.loss.class_name;
  if (loss.end == graph::EndActivation::Other) return false;
  if (name == "SparseCategoricalCrossentropy") {
    return keras == 2 || !has(loss.loss.settings, "ignore_class");
  }
  return name == "BinaryCrossentropy" || name == "CategoricalCrossentropy";
}

std::string loss_refusal(const LossSpelling& spelling, graph::EndActivation end, bool has_logits) {
  using graph::EndActivation;
  const graph::Configured& loss = *spelling.loss;
  const std::string& name = loss.class_name;
  const std::size_t axes = spelling.output->shape.size();
  if (name == "Circle" && axes != 2) return "Circle takes a vector for each sample";
  if (name == "CTC" && axes != 3) return "CTC takes a sequence for each sample";
  if (!spelling.output->rank_known || spelling.output->shape.size() < 2) {
    return "the output has no axis but the batch's";
  }
  const auto rank = static_cast<double>(spelling.output->shape.size());
  const double axis = number(loss.settings, "axis", -1);
  if (axis < -rank || axis >= rank) return "its axis is none of the output's";
  if (!spelling.output->layout.last_axis.empty()) {
    return "the output's elements are in another order than Keras's";
  }
  const bool is_binary = name.starts_with("Binary");
  const bool is_categorical =
      name.find("Categorical") != std::string::npos && name.ends_with("tropy");
  const bool is_other = (is_binary && end == EndActivation::Softmax) ||
                        (is_categorical && end == EndActivation::Sigmoid);
  const bool is_said_twice = end != EndActivation::Other && says_logits(loss);
  const bool is_focal = name.find("Focal") != std::string::npos;
  if ((is_other || is_said_twice) && (is_focal || !has_logits) && (is_binary || is_categorical)) {
    return "Keras looks behind the output's activation, and takes another one for it";
  }
  return "";
}

void write_loss(const LossSpelling& spelling, const std::string& name, python::Writer& writer) {
  LossWriter(spelling, writer).write(name);
}

}  // namespace tensorferry::torch
