#include "torch/match/matched_model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "io/error.h"
#include "torch/match/load_script.h"
#include "torch/match/pairing.h"
#include "torch/match/structure.h"
#include "torch/weights_file.h"

namespace tensorferry::torch {

namespace {

using Kind = TargetModule::Kind;

[[noreturn]] void refuse_option(const std::string& sentence) {
  throw io::Error(io::ErrorCode::OptionInvalid, sentence);
}

TargetModel chosen_target(const MatchOptions& options) {
  if (!options.tensors.empty()) return target_of_names(options.name, options.tensors);
  if (auto target = built_in_target(options.name)) return std::move(*target);
  refuse_option(
      fmt::format("There is no model \"{}\" here. There are {}; any other is given as a "
                  "file of its state_dict (.pt or .safetensors).",
                  options.name, fmt::join(built_in_targets(), ", ")));
}

bool all_are_one(const std::vector<std::int64_t>& values) {
  return std::all_of(values.begin(), values.end(), [](std::int64_t value) { return value == 1; });
}

/// Of a normalization.
std::optional<double> epsilon_of(const graph::Op& op) {
  if (const auto* norm = std::get_if<graph::BatchNorm>(&op)) return norm->epsilon;
  if (const auto* norm = std::get_if<graph::LayerNorm>(&op)) return norm->epsilon;
  if (const auto* norm = std::get_if<graph::GroupNorm>(&op)) return norm->epsilon;
  return std::nullopt;
}

class Matching {
 public:
  Matching(const graph::Program& program, const Classes& classes, const Options& options)
      : program_(program),
        classes_(classes),
        options_(options),
        target_(chosen_target(*options.match)),
        layers_(weighted_layers(program, classes)),
        input_steps_(input_steps(program, classes)) {
    set_number_of_classes();
    if (target_.is_built_in()) find_output_activation();
    steps_ = keras_steps({&program_, &classes_, &layers_, &input_steps_, output_node_});
    pairing_ = pair_modules(layers_, steps_.steps, target_, options.match->mapping);
  }

  void write(Output& output) {
    Fitted fitted = fit(classes_, layers_, target_, matches());
    check_dtype(fitted);
    Differences different = differences(layers_, target_, matches(), pairing_.pools);
    if (has_no_head(target_, pairing_)) average_everything(different);
    const LoadScript script = load_script(different);
    const Structure structure = compare_structure(layers_, steps_, target_, pairing_);
    const bool is_compared = target_.is_built_in() && is_complete(script);
    if (is_compared && structure.differences.empty()) be_certain();
    output.bundle.files.push_back(text_file("load.py", load_script_text(script)));
    output.weights = add_weights(output.bundle, weights_path(options_), fitted.weights);
    const std::vector<FittedWeight> statistics = preprocessing_weights(script);
    if (!statistics.empty()) {
      add_weights(output.bundle, "preprocessing.safetensors", statistics);
    }
    output.mapping = mapping_text(layers_, target_, pairing_, structure.given);
    output.bundle.files.push_back(text_file("mapping.json", output.mapping));
    output.loading_snippet = snippet(script);
    output.matched = MatchedRun{target_.is_built_in(), !script.steps.empty(),
                                script.output_activation, has_same_outputs()};
    for (const Pair& pair : pairing_.weights) {
      output.layers.push_back(
          {layers_[pair.layer].keras_name, target_.modules[pair.module].prefix});
    }
    append(output.notes, std::move(fitted.notes));
    append(output.notes, different.notes);
    append(output.notes, own_notes(script));
    // Where everything is compared, a step that the target has not is a difference.
    if (!is_compared) append(output.notes, notes_of_lost_steps(script));
    output.incomplete =
        std::any_of(output.notes.begin(), output.notes.end(),
                    [](const io::Note& note) { return note.severity == io::Severity::Refused; });
    if (is_compared) append(output.notes, notes_of_structure(structure));
    output.matched->is_compared = is_compared;
  }

 private:
  static void append(io::Notes& notes, io::Notes more) {
    notes.insert(notes.end(), more.begin(), more.end());
  }

  /// Each layer has its module, and each module its layer.
  bool is_complete(const LoadScript& script) const {
    if (!script.missing_keys.empty()) return false;
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      if (!is_pool(layers_[i].kind) && !pairing_.has_layer(i)) return false;
    }
    return true;
  }

  /// Where all steps of both models agree, any other pairing that agrees computes the same.
  void be_certain() {
    for (Pair& pair : pairing_.weights) {
      if (pair.certainty >= ambiguous_below) continue;
      pair.certainty = ambiguous_below;
      pair.reason = "all steps of both models agree";
    }
  }

  /// VGG of torchvision pools to 7 x 7, for the head that is gone.
  void average_everything(Differences& different) const {
    for (const Step& step : target_.steps) {
      if (!step.operation.starts_with(whole) || step.prefix.empty()) continue;
      different.uses_torch = true;
      different.assignments.push_back(
          fmt::format("{} = torch.nn.AdaptiveAvgPool2d(1)", path_of(step.prefix)));
    }
  }

  std::vector<Match> matches() const {
    std::vector<Match> found;
    for (const Pair& pair : pairing_.weights) found.push_back({pair.layer, pair.module});
    return found;
  }

  const WeightedLayer* last_affine_layer() const {
    for (std::size_t i = layers_.size(); i-- > 0;) {
      if (is_affine(layers_[i].kind)) return &layers_[i];
    }
    return nullptr;
  }

  /// A model that was trained for other classes: its last layer has as many rows.
  void set_number_of_classes() {
    const WeightedLayer* last = last_affine_layer();
    if (last == nullptr) return;
    const tensor::Shape shape = main_shape(last->entries);
    for (TargetModule& module : target_.modules) {
      if (!module.has_classes || shape.size() < 2) continue;
      const tensor::Shape own = main_shape(module.entries);
      if (own[1] != shape[1] || own[0] == shape[0]) continue;
      for (NamedShape& entry : module.entries) entry.shape.front() = shape[0];
      target_.constructor.pop_back();
      target_.constructor += fmt::format("{}num_classes={})",
                                         target_.constructor.ends_with('(') ? "" : ", ", shape[0]);
    }
  }

  std::vector<std::string> missing_keys() const {
    std::vector<std::string> keys;
    for (std::size_t m = 0; m < target_.modules.size(); ++m) {
      if (pairing_.has_module(m) || pairing_.is_of_head(m)) continue;
      for (const NamedShape& entry : target_.modules[m].entries) {
        keys.push_back(key_of(target_.modules[m], entry));
      }
    }
    return keys;
  }

  void check_dtype(const Fitted& fitted) const {
    for (const FittedWeight& weight : fitted.weights) {
      const tensor::Computation& computation = weight.weight.contiguous;
      if (computation.combinations.empty() || computation.dtype == tensor::DType::Float32) continue;
      refuse_option(
          fmt::format("The bias that goes into {} can be folded in float32 only.", weight.key));
    }
  }

  LoadScript load_script(const Differences& different) const {
    LoadScript script;
    script.target = &target_;
    script.model_name = program_.graphs[program_.root].name;
    script.options = &options_;
    script.differences = &different;
    script.removed_modules = modules_of_head(target_, pairing_);
    script.missing_keys = missing_keys();
    script.steps = input_steps_;
    script.classes = &classes_;
    if (!target_.is_built_in()) script.remarks = remarks();
    script.output_activation = output_activation_;
    return script;
  }

  /// A softmax or sigmoid of scores with which the Keras model ends, within a nested model as well.
  void find_output_activation() {
    const graph::Graph* graph = &program_.graphs[program_.root];
    while (graph->outputs.size() == 1) {
      const graph::ValueId result = graph->outputs.front().value;
      const auto maker =
          std::find_if(graph->nodes.begin(), graph->nodes.end(), [result](const graph::Node& node) {
            return !node.outputs.empty() && node.outputs.front() == result;
          });
      if (maker == graph->nodes.end()) return;
      if (const auto* call = std::get_if<graph::CallGraph>(&maker->op)) {
        graph = &program_.graphs[call->graph];
        continue;
      }
      const std::string name = name_of_activation(*maker, graph->values[result]);
      if (!name.empty()) {
        output_activation_ = name;
        output_node_ = &*maker;
      }
      return;
    }
  }

  static std::string name_of_activation(const graph::Node& node, const graph::Value& result) {
    if (result.shape.size() != 2) return "";
    if (const auto* softmax = std::get_if<graph::Softmax>(&node.op)) {
      const bool is_usual = softmax->kind == graph::Softmax::Kind::Softmax &&
                            softmax->axes == std::vector<std::size_t>{1};
      return is_usual ? "softmax" : "";
    }
    const auto* unary = std::get_if<graph::Unary>(&node.op);
    return unary != nullptr && unary->kind == graph::UnaryKind::Sigmoid ? "sigmoid" : "";
  }

  /// Without a classifier torch's models still pool and flatten.
  bool has_same_outputs() const {
    const graph::Graph& root = program_.graphs[program_.root];
    return pairing_.head.empty() ||
           (root.outputs.size() == 1 && root.values[root.outputs.front().value].shape.size() == 2);
  }

  /// What a state_dict does not say, of each layer where Keras's is not torch's default.
  std::vector<std::string> remarks() const {
    std::vector<std::string> lines;
    for (const Pair& pair : pairing_.weights) {
      const std::vector<std::string> facts = facts_of(layers_[pair.layer]);
      if (facts.empty()) continue;
      lines.push_back(
          fmt::format("  {}: {}", target_.modules[pair.module].prefix, fmt::join(facts, ", ")));
    }
    std::vector<std::string> text{
        "",
        "A state_dict says nothing of what is between the modules: \"given\" in mapping.json is",
        "what the Keras model gives each of them."};
    if (lines.empty()) return text;
    text.emplace_back("Nor of what is not torch's default in these:");
    text.insert(text.end(), lines.begin(), lines.end());
    return text;
  }

  static std::vector<std::string> facts_of(const WeightedLayer& layer) {
    std::vector<std::string> facts;
    if (const auto* recurrent = std::get_if<graph::Recurrent>(&layer.node->op)) {
      add_activations(*recurrent, facts);
    }
    const auto* conv = std::get_if<graph::Conv>(&layer.node->op);
    if (conv == nullptr) return facts;
    if (!all_are_one(conv->strides)) {
      facts.push_back(fmt::format("stride {}", fmt::join(conv->strides, "x")));
    }
    if (!all_are_one(conv->dilations)) {
      facts.push_back(fmt::format("dilation {}", fmt::join(conv->dilations, "x")));
    }
    if (layer.surroundings.by_size) facts.emplace_back("padding by TensorFlow's rule");
    for (std::size_t i = 0; i < layer.surroundings.pads.size(); ++i) {
      const graph::Pad& pad = layer.surroundings.pads[i];
      if (pad.before + pad.after == 0) continue;
      facts.push_back(fmt::format("{} before and {} after axis {}", pad.before, pad.after, i + 2));
    }
    return facts;
  }

  /// torch's recurrent layers have tanh and sigmoid.
  static void add_activations(const graph::Recurrent& op, std::vector<std::string>& facts) {
    const auto is = [](const graph::StepFunction& function, graph::UnaryKind kind) {
      const auto* unary = std::get_if<graph::Unary>(&function);
      return unary != nullptr && unary->kind == kind;
    };
    if (!is(op.activation, graph::UnaryKind::Tanh)) {
      facts.emplace_back("an activation that is not tanh");
    }
    if (op.cell != graph::Recurrent::Cell::Simple &&
        !is(op.recurrent_activation, graph::UnaryKind::Sigmoid)) {
      facts.emplace_back("gates that are not sigmoids");
    }
    if (op.cell == graph::Recurrent::Cell::Gru && !op.reset_after) {
      facts.emplace_back("reset before the product with the state");
    }
  }

  std::vector<WeightRow> add_weights(tensor::Bundle& bundle, const std::string& path,
                                     const std::vector<FittedWeight>& fitted) const {
    std::vector<NamedWeight> named;
    for (std::size_t i = 0; i < fitted.size(); ++i) {
      named.push_back({fitted[i].key, i, &fitted[i].weight});
    }
    const bool is_main = path == weights_path(options_);
    tensor::OutputFile file =
        is_main ? weights_file(bundle, named, options_) : safetensors_file(bundle, path, named);
    bundle.files.push_back(std::move(file));
    return weight_rows(named, options_);
  }

  io::Notes own_notes(const LoadScript& script) const {
    io::Notes notes;
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      if (is_pool(layers_[i].kind) || pairing_.has_layer(i)) continue;
      notes.push_back({io::Severity::Refused, layers_[i].keras_name, "match-layer-unplaced",
                       fmt::format("{} has no module for its weights ({}).", target_.name,
                                   signature(layers_[i].kind, layers_[i].entries))});
    }
    if (!script.missing_keys.empty()) {
      notes.push_back(
          {io::Severity::Refused, "", "match-module-empty",
           fmt::format("{} tensors of {} get nothing from the file, beginning with {}.",
                       script.missing_keys.size(), target_.name, script.missing_keys.front())});
    }
    const auto doubtful =
        std::count_if(pairing_.weights.begin(), pairing_.weights.end(),
                      [](const Pair& pair) { return pair.certainty < ambiguous_below; });
    if (doubtful > 0) {
      notes.push_back({io::Severity::Warning, "", "match-ambiguous",
                       fmt::format("{} pairs of layers and modules are told by their order or "
                                   "likeness only: look at the first rows of mapping.json, which "
                                   "can be corrected and given back as a mapping.",
                                   doubtful)});
    }
    if (!target_.is_built_in()) append(notes, notes_of_unseen_architecture());
    if (!pairing_.head.empty()) {
      notes.push_back({io::Severity::Info, "", "match-head-removed",
                       fmt::format("The file has no {}: load.py takes it out of the model.",
                                   fmt::join(script.removed_modules, ", "))});
    }
    if (!script.steps.empty()) {
      notes.push_back({io::Severity::Info, "", "match-input-steps",
                       "The Keras model rescales its input by itself, the PyTorch model does not: "
                       "call preprocess of load.py first."});
    }
    return notes;
  }

  io::Notes notes_of_lost_steps(const LoadScript& script) const {
    io::Notes notes;
    for (const std::string& layer : lost_steps(script.steps)) {
      notes.push_back({io::Severity::Refused, layer, "match-step-lost",
                       "The PyTorch model does not rescale, and this layer is not in front of all "
                       "others, where preprocess of load.py could do it."});
    }
    return notes;
  }

  /// Layers that rescale elsewhere than `steps` do.
  std::vector<std::string> lost_steps(const std::vector<InputStep>& steps) const {
    std::vector<std::string> layers;
    for (const graph::Graph& graph : program_.graphs) {
      for (const graph::Node& node : graph.nodes) {
        const bool rescales = std::holds_alternative<graph::Normalize>(node.op) ||
                              std::holds_alternative<graph::ScaleOffset>(node.op);
        const bool is_done =
            std::any_of(steps.begin(), steps.end(),
                        [&node](const InputStep& step) { return step.node == &node; });
        if (rescales && !is_done) layers.push_back(node.layer);
      }
    }
    return layers;
  }

  io::Notes notes_of_structure(const Structure& structure) const {
    constexpr std::size_t most = 5;
    io::Notes notes;
    for (const StructureDifference& difference : structure.differences) {
      if (notes.size() == most) {
        notes.push_back(
            {io::Severity::Warning, "", "match-structure-differs",
             fmt::format("There are {} such differences in all.", structure.differences.size())});
        break;
      }
      notes.push_back(
          {io::Severity::Warning, difference.layer, "match-structure-differs",
           fmt::format("{} {} in the Keras model, {} in {}: what comes out is another.",
                       difference.what, difference.keras, difference.target, target_.name)});
    }
    if (structure.averages_result) {
      notes.push_back({io::Severity::Info, "", "match-result-averaged",
                       fmt::format("{} gives the averages of the maps that the Keras model gives.",
                                   target_.name)});
    }
    return notes;
  }

  io::Notes notes_of_unseen_architecture() const {
    io::Notes notes;
    notes.push_back({io::Severity::Info, "", "match-architecture-unseen",
                     "A state_dict says nothing of strides, padding and activations: load.py lists "
                     "what the Keras model has, to be compared."});
    std::set<double> told;
    for (const Pair& pair : pairing_.weights) {
      const auto epsilon = epsilon_of(layers_[pair.layer].node->op);
      if (!epsilon || *epsilon == default_epsilon || !told.insert(*epsilon).second) continue;
      const bool is_folded =
          *epsilon > default_epsilon && layers_[pair.layer].kind == Kind::BatchNorm;
      notes.push_back(
          {io::Severity::Warning, layers_[pair.layer].keras_name, "match-epsilon-assumed",
           is_folded
               ? fmt::format("The state_dict does not say a BatchNorm's epsilon. It is taken for "
                             "torch's 1e-05, and what Keras's ({}) has more is in the variance.",
                             *epsilon)
               : fmt::format("Keras's epsilon is {} here, which the PyTorch model must have too.",
                             *epsilon)});
    }
    return notes;
  }

  std::string snippet(const LoadScript& script) const {
    const bool rescales = !script.steps.empty();
    const char* function = target_.is_built_in() ? "load_model" : "load_into";
    const char* argument = target_.is_built_in() ? "" : "YourModel()";
    std::string text = fmt::format("from load import {0}{1}\n\nmodel = {0}({2})\n", function,
                                   rescales ? ", preprocess" : "", argument);
    if (rescales) text += "outputs = model(preprocess(images))\n";
    return text;
  }

  const graph::Program& program_;
  const Classes& classes_;
  const Options& options_;
  TargetModel target_;
  std::vector<WeightedLayer> layers_;
  std::vector<InputStep> input_steps_;
  std::string output_activation_;  ///< a model of one's own may end in it as well: empty
  const graph::Node* output_node_ = nullptr;
  KerasSteps steps_;
  Pairing pairing_;
};

}  // namespace

void write_matched(const graph::Program& program, const Classes& classes, const Options& options,
                   Output& output) {
  Matching(program, classes, options).write(output);
}

}  // namespace tensorferry::torch
