#include "torch/match/target_modules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "io/error.h"
#include "torch/match/targets_text.h"

namespace tensorferry::torch {

namespace {

using Kind = TargetModule::Kind;

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::int64_t integer(std::string_view text) {
  std::int64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc()) {
    throw io::Error(io::ErrorCode::Internal, fmt::format("targets.txt: {} is no number.", text));
  }
  return value;
}

std::vector<std::int64_t> integers(std::string_view text) {
  std::vector<std::int64_t> values;
  for (const std::string_view part : split(text, ',')) values.push_back(integer(part));
  return values;
}

/// One number stands for both axes.
std::vector<std::int64_t> pair(std::string_view text) {
  std::vector<std::int64_t> values = integers(text);
  if (values.size() == 1) values.push_back(values.front());
  return values;
}

tensor::Shape shape_of_text(std::string_view text) {
  const std::vector<std::int64_t> extents = integers(text);
  return {extents.begin(), extents.end()};
}

/// None: it is a step's name.
std::optional<Kind> kind_called(std::string_view name) {
  if (name == "conv") return Kind::Conv;
  if (name == "linear") return Kind::Linear;
  if (name == "bn") return Kind::BatchNorm;
  if (name == "norm") return Kind::Norm;
  if (name == "vector") return Kind::Vector;
  if (name == "max") return Kind::MaxPool;
  if (name == "average") return Kind::AveragePool;
  return std::nullopt;
}

/// The letter of an option says what its number is.
void set_option(std::string_view option, TargetModule& module) {
  ModuleSettings& settings = *module.settings;
  const std::string_view rest = option.substr(1);
  if (option == "same") {
    settings.pads_as_tensorflow = true;
  } else if (option == "dense") {
    module.kind = Kind::Linear;
  } else if (option == "ceil") {
    settings.ceil_mode = true;
  } else if (option == "real") {
    settings.counts_padding = false;
  } else if (option == "classes") {
    module.has_classes = true;
  } else if (option.front() == 's') {
    settings.strides = pair(rest);
  } else if (option.front() == 'p') {
    settings.paddings = pair(rest);
  } else if (option.front() == 'd') {
    settings.dilations = pair(rest);
  } else if (option.front() == 'e') {
    settings.epsilon = std::stod(std::string(rest));
  }
}

std::vector<NamedShape> entries_of(Kind kind, const tensor::Shape& shape, bool bias) {
  if (is_pool(kind)) return {};
  if (kind == Kind::Vector) return {{"", shape}};
  std::vector<NamedShape> entries{{"weight", shape}};
  if (kind == Kind::BatchNorm) {
    for (const char* name : {"bias", "running_mean", "running_var"}) {
      entries.push_back({name, shape});
    }
    entries.push_back({"num_batches_tracked", {}});
  } else if (bias) {
    entries.push_back({"bias", {shape.front()}});
  }
  return entries;
}

TargetModule module_of_words(Kind kind, const std::vector<std::string_view>& words) {
  TargetModule module;
  module.prefix = words.at(0);
  module.kind = kind;
  module.settings = ModuleSettings{{}, {1, 1}, {0, 0}, {1, 1}};
  const bool bias = std::find(words.begin() + 3, words.end(), "bias") != words.end();
  if (is_pool(module.kind)) module.settings->kernel_size = pair(words.at(2));
  const tensor::Shape shape = shape_of_text(words.at(2));
  if (module.kind == Kind::Conv) module.settings->kernel_size = {shape.begin() + 2, shape.end()};
  module.entries = entries_of(module.kind, shape, bias);
  for (std::size_t i = 3; i < words.size(); ++i) {
    if (words[i] != "bias") set_option(words[i], module);
  }
  return module;
}

/// "@1,3", counted back from the step that `step` is: as `Step::inputs`.
std::vector<std::size_t> inputs_of_word(std::string_view word, std::size_t step) {
  std::vector<std::size_t> inputs;
  for (const std::int64_t back : integers(word.substr(1))) {
    inputs.push_back(step + 1 - static_cast<std::size_t>(back));
  }
  return inputs;
}

/// A line that begins with a dot, or whose second word is no kind of a module, holds nothing.
void add_line(std::string_view line, TargetModel& target) {
  std::vector<std::string_view> words = split(line, ' ');
  Step step;
  step.inputs = {target.steps.size()};
  if (words.back().starts_with('@')) {
    step.inputs = inputs_of_word(words.back(), target.steps.size());
    words.pop_back();
  }
  if (words.front().starts_with('.')) {
    words.front().remove_prefix(1);
    step.operation = fmt::format("{}", fmt::join(words, " "));
  } else if (const std::optional<Kind> kind = kind_called(words.at(1))) {
    step.holder = target.modules.size();
    target.modules.push_back(module_of_words(*kind, words));
  } else {
    step.prefix = words.front();
    step.operation = fmt::format("{}", fmt::join(words.begin() + 1, words.end(), " "));
  }
  target.steps.push_back(std::move(step));
}

constexpr std::string_view target_line = "target ";
constexpr std::string_view make_line = "make ";

const NamedShape* find_entry(const TargetModule& module, std::string_view name) {
  const auto found = std::find_if(module.entries.begin(), module.entries.end(),
                                  [name](const NamedShape& entry) { return entry.key == name; });
  return found == module.entries.end() ? nullptr : &*found;
}

/// As far as names and shapes tell.
Kind kind_by_names(const TargetModule& module) {
  if (find_entry(module, "running_mean") != nullptr) return Kind::BatchNorm;
  const NamedShape* weight = find_entry(module, "weight");
  const NamedShape* bias = find_entry(module, "bias");
  const std::size_t known = (weight != nullptr ? 1 : 0) + (bias != nullptr ? 1 : 0);
  if (weight == nullptr || known != module.entries.size()) return Kind::Other;
  if (weight->shape.empty()) return Kind::Other;
  if (weight->shape.size() == 1) return bias != nullptr ? Kind::Norm : Kind::Vector;
  return weight->shape.size() == 2 ? Kind::Linear : Kind::Conv;
}

/// A parameter among others that are no layer's usual ones is a module by itself: "block.gamma".
bool is_usual(std::string_view name) {
  static constexpr std::string_view names[] = {
      "weight",         "bias",        "running_mean", "running_var", "num_batches_tracked",
      "in_proj_weight", "in_proj_bias"};
  const bool is_recurrent = name.starts_with("weight_") || name.starts_with("bias_");
  return is_recurrent || std::find(std::begin(names), std::end(names), name) != std::end(names);
}

void check_size(const NamedShape& named) {
  constexpr std::uint64_t most = std::uint64_t{1} << 48;
  std::uint64_t elements = 1;
  for (const std::uint64_t extent : named.shape) {
    if (extent != 0 && elements > most / extent) {
      throw io::Error(
          io::ErrorCode::OptionInvalid,
          fmt::format("The tensor {} of the state_dict is larger than any file.", named.key));
    }
    elements *= extent;
  }
}

}  // namespace

std::vector<std::string> built_in_targets() {
  std::vector<std::string> names;
  for (const std::string_view line : split(targets_text(), '\n')) {
    if (line.starts_with(target_line)) names.emplace_back(line.substr(target_line.size()));
  }
  return names;
}

std::optional<TargetModel> built_in_target(std::string_view name) {
  std::optional<TargetModel> target;
  for (const std::string_view line : split(targets_text(), '\n')) {
    if (line.starts_with(target_line)) {
      if (target) return target;
      if (line.substr(target_line.size()) == name)
        target = TargetModel{std::string(name), "", {}, {}};
    } else if (target && line.starts_with(make_line)) {
      target->constructor = line.substr(make_line.size());
    } else if (target && !line.empty()) {
      add_line(line, *target);
    }
  }
  return target;
}

TargetModel target_of_names(std::string name, const std::vector<NamedShape>& names) {
  TargetModel target{std::move(name), "", {}, {}};
  for (const NamedShape& named : names) {
    check_size(named);
    const std::size_t dot = named.key.rfind('.');
    const std::size_t begin = dot == std::string::npos ? 0 : dot + 1;
    const std::string entry = named.key.substr(begin);
    if (!is_usual(entry)) {
      target.modules.push_back({named.key, Kind::Vector, {{"", named.shape}}});
      continue;
    }
    const std::string prefix = named.key.substr(0, begin == 0 ? 0 : dot);
    const auto found = std::find_if(
        target.modules.begin(), target.modules.end(), [&prefix](const TargetModule& module) {
          return module.prefix == prefix && !module.entries.front().key.empty();
        });
    if (found == target.modules.end()) {
      target.modules.push_back({prefix, Kind::Other, {{entry, named.shape}}});
    } else {
      found->entries.push_back({entry, named.shape});
    }
  }
  for (TargetModule& module : target.modules) {
    if (!module.entries.front().key.empty()) module.kind = kind_by_names(module);
  }
  return target;
}

bool is_pool(Kind kind) { return kind == Kind::MaxPool || kind == Kind::AveragePool; }

bool is_affine(Kind kind) { return kind == Kind::Conv || kind == Kind::Linear; }

tensor::Shape main_shape(const std::vector<NamedShape>& entries) {
  for (const char* name : {"weight", "running_mean"}) {
    for (const NamedShape& entry : entries) {
      if (entry.key == name) return entry.shape;
    }
  }
  return entries.empty() ? tensor::Shape{} : entries.front().shape;
}

std::string key_of(const TargetModule& module, const NamedShape& entry) {
  if (entry.key.empty()) return module.prefix;
  return module.prefix.empty() ? entry.key : module.prefix + "." + entry.key;
}

}  // namespace tensorferry::torch
