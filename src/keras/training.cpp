#include "keras/training.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "keras/config.h"
#include "keras/constraints.h"
#include "keras/json_text.h"
#include "keras/losses.h"
#include "keras/optimizer_state.h"
#include "keras/optimizers.h"
#include "keras/regularizers.h"

namespace tensorferry::keras {
namespace {

using graph::Configured;
using graph::Setting;
using graph::Settings;

// Null for what no setting is: an object, a list of other things than numbers.
std::optional<Setting> setting_of(const Json& value) {
  if (value.is_null()) return Setting{};
  if (value.is_boolean()) return Setting{value.get<bool>()};
  if (value.is_number()) return Setting{value.get<double>()};
  if (value.is_string()) return Setting{value.get<std::string>()};
  if (!value.is_array()) return std::nullopt;
  std::vector<double> numbers;
  for (const Json& item : value) {
    if (!item.is_number()) return std::nullopt;
    numbers.push_back(item.get<double>());
  }
  return Setting{std::move(numbers)};
}

Settings settings_of(const Json& config) {
  Settings settings;
  for (const auto& [key, value] : config.items()) {
    if (auto setting = setting_of(value)) settings[key] = std::move(*setting);
  }
  return settings;
}

std::string_view without_package(std::string_view name) {
  return name.substr(name.find_last_of('>') + 1);  // npos + 1 is 0
}

bool makes_new_outputs(const Layer& layer) {
  static constexpr std::array<std::string_view, 10> classes = {
      "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D",      "GRU",
      "LSTM",          "RNN",        "SimpleRNN",  "TimeDistributed", "Lambda"};
  return std::find(classes.begin(), classes.end(), layer.class_name) != classes.end();
}

// Keras 3's Identity and idle Dropouts hand the tensor itself on; Keras 2's make another.
bool hands_on(const Layer& layer, Generation generation) {
  if (layer.class_name == "ActivityRegularization") return true;
  if (layer.class_name == "Activation") return text_member(layer.config, "activation") == "linear";
  if (generation != Generation::Keras3) return false;
  const auto rate = layer.config.find("rate");
  const bool is_idle = rate != layer.config.end() && rate->is_number() && rate->get<double>() == 0;
  return layer.class_name == "Identity" || (layer.class_name.ends_with("Dropout") && is_idle) ||
         (layer.class_name.starts_with("SpatialDropout") && is_idle);
}

bool has_several_axes(const Layer& layer) {
  const auto axis = layer.config.find("axis");
  return axis != layer.config.end() && axis->is_array() && axis->size() > 1;
}

std::string_view activation_of(const Layer& layer) {
  if (layer.class_name == "Softmax") return has_several_axes(layer) ? "" : "softmax";
  if (layer.class_name == "ops.Softmax") return "softmax";
  if (layer.class_name == "ops.Sigmoid") return "sigmoid";
  return text_member(layer.config, "activation");
}

// Of the layer that made the tensor: what makes another of it hides the activation.
graph::EndActivation end_activation(const Model& model, const TensorHandle& tensor) {
  const Layer& layer = model.layers.at(tensor.layer);
  if (layer.model) {
    return tensor.tensor < layer.model->outputs.size()
               ? end_activation(*layer.model, layer.model->outputs[tensor.tensor].tensor)
               : graph::EndActivation::Other;
  }
  if (hands_on(layer, model.generation) && tensor.node < layer.calls.size()) {
    const std::vector<TensorHandle> inputs = tensors_of(layer.calls[tensor.node]);
    return inputs.size() == 1 && inputs.front() != tensor ? end_activation(model, inputs.front())
                                                          : graph::EndActivation::Other;
  }
  if (makes_new_outputs(layer)) return graph::EndActivation::Other;
  const std::string_view name = activation_of(layer);
  if (name == "softmax") return graph::EndActivation::Softmax;
  return name == "sigmoid" ? graph::EndActivation::Sigmoid : graph::EndActivation::Other;
}

/// The extent of the output's last axis, as far as its layer says it; else 0.
std::int64_t units_of(const Model& model, std::size_t output) {
  const Layer& layer = model.layers.at(model.outputs.at(output).tensor.layer);
  for (const char* name : {"units", "filters"}) {
    const auto found = layer.config.find(name);
    if (found != layer.config.end() && found->is_number_integer())
      return found->get<std::int64_t>();
  }
  return 0;
}

/// What cannot be carried into training.
struct Untrainable {
  std::string reason;
};

class TrainingReader {
 public:
  TrainingReader(const Model& model, const TrainingChoice& choice, io::Notes& notes)
      : model_(model), choice_(choice), notes_(notes) {}

  std::optional<graph::Training> read() {
    const bool is_compiled = model_.training_config && model_.training_config->is_object();
    if (!is_compiled && choice_.loss.empty() && choice_.optimizer.empty()) return std::nullopt;
    const Json config = is_compiled ? *model_.training_config : Json::object();
    graph::Training training;
    training.keras = model_.generation == Generation::Keras3 ? 3 : 2;
    training.penalties = read_penalties(model_, notes_);
    training.constraints = read_constraints(model_, notes_);
    training.trained = trained_tensors(model_);
    training.losses = losses(config);
    const bool is_chosen = !choice_.optimizer.empty();
    training.optimizer = is_chosen ? named_optimizer(choice_.optimizer) : optimizer(config);
    if (training.optimizer && !is_chosen && !training.optimizer->optimizer.class_name.empty()) {
      training.state = read_optimizer_state(model_, *training.optimizer, notes_);
    }
    note_missing(training);
    note_metrics(config);
    note_differences(training);
    return training;
  }

 private:
  void note(io::Severity severity, std::string_view code, std::string text) {
    notes_.push_back({severity, "", std::string(code), std::move(text)});
  }

  std::vector<graph::OutputLoss> losses(const Json& config) {
    std::vector<graph::OutputLoss> result;
    const auto found = config.find("loss");
    const Json of_file = found == config.end() ? Json() : *found;
    const Json losses = choice_.loss.empty() ? of_file : Json(choice_.loss);
    if (losses.is_null()) return result;
    const auto weights = config.find("loss_weights");
    for (std::size_t output = 0; output < model_.outputs.size(); ++output) {
      const Json* loss = of_output(losses, output);
      if (loss == nullptr || loss->is_null()) continue;
      const Json* weight = weights == config.end() ? nullptr : of_output(*weights, output);
      try {
        result.push_back({output, read_loss(*loss, output),
                          weight && weight->is_number() ? weight->get<double>() : 1.0,
                          end_activation(model_, model_.outputs[output].tensor)});
      } catch (const Untrainable& untrainable) {
        note(io::Severity::Info, "loss-unsupported",
             fmt::format("The loss of output \"{}\" is not in training.py: {}.",
                         model_.outputs[output].name, untrainable.reason));
      }
    }
    return result;
  }

  /// A class of the user's own may have the name of one of Keras's.
  static bool is_of_somebody(const Json& object) {
    const std::string_view module = text_member(object, "module");
    return object.contains("module") && module != "builtins" && !module.starts_with("keras.") &&
           !module.starts_with("tf_keras.");
  }

  static bool is_object_of_keras(const Json& value) {
    return value.is_object() && value.contains("class_name") && value.contains("config");
  }

  // One for all outputs, a list of them, or by the outputs' names.
  const Json* of_output(const Json& value, std::size_t output) const {
    if (value.is_array()) return output < value.size() ? &value[output] : nullptr;
    if (!value.is_object() || is_object_of_keras(value)) return &value;
    const auto found = value.find(model_.outputs[output].name);
    return found == value.end() ? nullptr : &*found;
  }

  Configured read_loss(const Json& value, std::size_t output) {
    // Keras finds functions by their names alone, and writes of its own that they are builtins'.
    const Json& named = value.is_object() && text_member(value, "class_name") == "function"
                            ? value["config"]
                            : value;
    const std::string_view name = named.is_string()
                                      ? std::string_view(named.get_ref<const std::string&>())
                                      : text_member(named, "class_name");
    const bool is_custom = named.is_object() && is_of_somebody(named);
    const LossKind* kind = is_custom ? nullptr : find_loss(chosen(name, output));
    if (kind == nullptr) {
      throw Untrainable{
          fmt::format("`{}` is none of Keras's losses", is_utf8(std::string(name)) ? name : "?")};
    }
    Configured loss{std::string(kind->class_name), kind->defaults()};
    loss.settings["reduction"] = "sum_over_batch_size";
    if (!named.is_object()) return loss;
    const Settings written = settings_of(simplified(named["config"]));
    note_unsaid(loss, written, output);
    for (const auto& [key, setting] : written) {
      if (key != "name" && key != "fn" && key != "dtype") loss.settings[key] = setting;
    }
    if (loss.settings["reduction"] == Setting("auto")) {
      loss.settings["reduction"] = "sum_over_batch_size";
    }
    return loss;
  }

  // What was chosen would be lost.
  void note_missing(const graph::Training& training) {
    if (!choice_.optimizer.empty() && training.losses.empty()) {
      note(io::Severity::Warning, "loss-missing",
           "training.py is not written: the file has no loss that it could compute. Choose one "
           "(--loss).");
    }
    if (!choice_.loss.empty() && !training.optimizer) {
      note(io::Severity::Info, "optimizer-missing",
           "training.py has no optimizer: the file says none. Choose one (--optimizer).");
    }
  }

  static void add_names(const Json& metrics, std::vector<std::string>& names) {
    if (metrics.is_string()) {
      names.push_back(metrics.get<std::string>());
    } else if (is_object_of_keras(metrics)) {
      names.emplace_back(text_member(metrics, "class_name"));
    } else if (metrics.is_structured()) {
      for (const Json& inner : metrics) add_names(inner, names);
    }
  }

  void note_metrics(const Json& config) {
    std::vector<std::string> names;
    for (const char* member : {"metrics", "weighted_metrics"}) {
      const auto found = config.find(member);
      if (found != config.end()) add_names(*found, names);
    }
    std::erase_if(names, [](const std::string& name) { return name.empty() || !is_utf8(name); });
    if (names.empty()) return;
    note(io::Severity::Info, "metrics-left-out",
         fmt::format("training.py has none of the metrics that the model was compiled with: {}.",
                     fmt::join(names, ", ")));
  }

  // Where Keras on TensorFlow does not do what its formulas say, or what this model alone knows.
  void note_differences(const graph::Training& training) {
    const std::string name = training.optimizer ? training.optimizer->optimizer.class_name : "";
    const bool is_plain = name.empty() || name == "SGD" || name == "Lion";
    if (!is_plain && has_layer(model_, is_trained_embedding)) {
      note(io::Severity::Info, "embedding-updates",
           "Keras on TensorFlow updates the rows of an Embedding otherwise than its formula says "
           "where a batch has a row more than once; training.py keeps to the formula.");
    }
    if (name == "Nadam" && training.keras == 2) {
      note(io::Severity::Info, "nadam-updates",
           "Keras 2's Nadam, once compiled by TensorFlow, counts its steps once for each weight; "
           "training.py keeps to the formula.");
    }
    if (name == "ScheduleFreeAdamW") {
      note(io::Severity::Info, "schedule-free-start",
           "Keras's ScheduleFreeAdamW, built by `fit` on TensorFlow, starts from zeros instead of "
           "the weights; training.py starts from the weights, as its formula says.");
    }
    if (has_layer(model_, is_trained_batch_norm)) {
      note(io::Severity::Info, "batch-variance",
           "In training Keras's BatchNormalization (Keras 2's of images excepted) gathers the "
           "variance of the batch itself, torch's n / (n - 1) times that; both divide by the "
           "batch's own.");
    }
    if (!training.losses.empty() && has_layer(model_, makes_mask)) {
      note(io::Severity::Info, "loss-mask",
           "Where a mask reaches an output, Keras's loss leaves masked steps out; give them the "
           "sample weight 0, and the others mask.numel() / mask.sum().");
    }
  }

  static bool is_trained_embedding(const Layer& layer) {
    return layer.class_name == "Embedding" && layer.trainable;
  }

  static bool is_trained_batch_norm(const Layer& layer) {
    return layer.class_name == "BatchNormalization" && layer.trainable;
  }

  static bool makes_mask(const Layer& layer) {
    const auto masks = layer.config.find("mask_zero");
    return layer.class_name == "Masking" ||
           (masks != layer.config.end() && masks->is_boolean() && masks->get<bool>());
  }

  static bool has_layer(const Model& model, bool (*is_one)(const Layer&)) {
    return std::any_of(model.layers.begin(), model.layers.end(), [&](const Layer& layer) {
      return is_one(layer) || (layer.model && has_layer(*layer.model, is_one));
    });
  }

  // Keras 3 chooses by the output and its targets, which no file has
  // (keras/src/trainers/compile_utils.py: get_loss).
  std::string_view chosen(std::string_view name, std::size_t output) const {
    const bool is_open = name == "crossentropy" || name == "ce" || name == "CE";
    return is_open && units_of(model_, output) == 1 ? "binary_crossentropy" : name;
  }

  // What Keras 3's get_config leaves out: Keras itself loads the default then.
  void note_unsaid(const Configured& loss, const Settings& written, std::size_t output) {
    const char* argument = loss.class_name == "Huber"              ? "delta"
                           : loss.class_name == "CosineSimilarity" ? "axis"
                                                                   : nullptr;
    if (argument == nullptr || written.contains(argument)) return;
    note(io::Severity::Warning, "loss-argument-unknown",
         fmt::format("The file does not say the `{}` of the {} of output \"{}\"; training.py has "
                     "Keras's default.",
                     argument, loss.class_name, model_.outputs[output].name));
  }

  std::optional<graph::Optimizer> optimizer(const Json& config) {
    const auto found = std::find_if(
        config.items().begin(), config.items().end(),
        [](const auto& m) { return m.key() == "optimizer_config" || m.key() == "optimizer"; });
    if (found == config.items().end()) return std::nullopt;
    if (found.value().is_string()) return named_optimizer(found.value().get<std::string>());
    if (!found.value().is_object()) return std::nullopt;
    const Json& written = unscaled(found.value());
    const auto settings = written.find("config");
    if (settings == written.end() || !settings->is_object()) return std::nullopt;
    graph::Optimizer result;
    if (is_of_somebody(written)) return result;
    // Keras 2 writes its own as "Custom>Adam".
    result.optimizer.class_name = without_package(text_member(written, "class_name"));
    result.optimizer.settings = settings_of(*settings);
    result.optimizer.settings.erase("name");
    rename(result.optimizer.settings, "lr", "learning_rate");
    result.optimizer.settings["is_legacy_optimizer"] = is_legacy(*settings);
    for (const char* rate : {"learning_rate", "lr"}) {
      const auto schedule = settings->find(rate);
      if (schedule == settings->end() || !is_object_of_keras(*schedule)) continue;
      const Json simple = simplified(*schedule);
      result.schedule = Configured{std::string(without_package(text_member(simple, "class_name"))),
                                   settings_of(simple["config"])};
      result.schedule->settings.erase("name");
    }
    return result;
  }

  // Keras 2 writes what `compile` was given: a name, of which all settings are the defaults.
  graph::Optimizer named_optimizer(const std::string& name) const {
    graph::Optimizer optimizer{{std::string(find_optimizer(name)), {}}, {}};
    const bool is_lion = optimizer.optimizer.class_name == "Lion";
    if (is_lion && model_.generation != Generation::Keras3) {
      optimizer.optimizer.settings["learning_rate"] = 0.0001;
    }
    return optimizer;
  }

  // Scaling by a power of two changes nothing in float32.
  static const Json& unscaled(const Json& optimizer) {
    const std::string_view name = without_package(text_member(optimizer, "class_name"));
    const auto config = optimizer.find("config");
    if (!name.starts_with("LossScaleOptimizer") || config == optimizer.end()) return optimizer;
    const auto inner = config->find("inner_optimizer");
    return inner == config->end() ? optimizer : *inner;
  }

  // What Keras 2 had before 2.11 computes otherwise; it is Keras's own rule to tell it by.
  bool is_legacy(const Json& config) const {
    if (model_.generation == Generation::Keras3) return false;
    const auto said = config.find("is_legacy_optimizer");
    return said == config.end() || !said->is_boolean() || said->get<bool>();
  }

  static void rename(Settings& settings, const std::string& from, const std::string& to) {
    auto entry = settings.extract(from);
    if (entry.empty()) return;
    entry.key() = to;
    settings.insert(std::move(entry));
  }

  const Model& model_;
  const TrainingChoice& choice_;
  io::Notes& notes_;
};

}  // namespace

std::optional<graph::Training> read_training(const Model& model, const TrainingChoice& choice,
                                             io::Notes& notes) {
  return TrainingReader(model, choice, notes).read();
}

}  // namespace tensorferry::keras
