#include "keras/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "keras/json_text.h"

namespace tensorferry::keras {
namespace {

// Classes inside keras.applications: registered like custom ones, known all the same.
constexpr std::array<std::string_view, 3> application_classes = {"CustomScaleLayer", "LayerScale",
                                                                 "StochasticDepth"};

struct ClassAlias {
  std::string_view written;
  std::string_view name;
};
// TensorFlow 1.13 to 2.1 wrote the versions of a class; `Model` was the functional model until 2.3.
// A SyncBatchNormalization differs in training on several devices only.
constexpr std::array<ClassAlias, 7> class_aliases = {
    {{"BatchNormalizationV1", "BatchNormalization"},
     {"BatchNormalizationV2", "BatchNormalization"},
     {"GroupedQueryAttention", "GroupQueryAttention"},
     {"Model", "Functional"},
     {"SyncBatchNormalization", "BatchNormalization"},
     {"UnifiedGRU", "GRU"},
     {"UnifiedLSTM", "LSTM"}}};

bool is_keras_module(std::string_view module) {
  return module == "keras" || module == "tf_keras" || module.starts_with("keras.") ||
         module.starts_with("tf_keras.") || module.starts_with("tensorflow.python.keras.");
}

bool has_package(std::string_view name) { return name.find('>') != std::string_view::npos; }

std::string with_package(std::string_view name, std::string_view registered) {
  if (has_package(name)) return std::string(name);
  if (has_package(registered)) return std::string(registered);
  return "Custom>" + std::string(name);
}

// Only Keras 3 and late Keras 2 say where a class comes from; where they don't, its name alone
// speaks.
bool is_custom(const Json& object, std::string_view name) {
  const std::string_view module = text_member(object, "module");
  return has_package(name) || has_package(text_member(object, "registered_name")) ||
         (!module.empty() && !is_keras_module(module));
}

bool is_policy(std::string_view class_name) {
  return class_name == "Policy" || class_name == "PolicyV1" ||
         (class_name.ends_with("DTypePolicy") && class_name != "DTypePolicyMap");
}

Json simplified_object(const Json& object) {
  const std::string_view class_name = text_member(object, "class_name");
  if (const auto items = object.find("items");
      items != object.end() && items->is_array() &&
      (class_name == "__tuple__" || class_name == "TensorShape")) {
    return simplified(*items);
  }
  const auto config = object.find("config");
  if (class_name.empty() || config == object.end()) {
    Json result = Json::object();
    for (const auto& [key, value] : object.items()) result[key] = simplified(value);
    return result;
  }
  if (class_name == "function" && config->is_string()) {
    const auto& name = config->get_ref<const std::string&>();
    return is_keras_module(text_member(object, "module"))
               ? name
               : with_package(name, text_member(object, "registered_name"));
  }
  if (is_policy(class_name) && config->is_object()) {
    // Quantized ones say it in two parts.
    const std::string_view mode = text_member(*config, "mode");
    const std::string_view source = text_member(*config, "source_name");
    if (!mode.empty() && !source.empty()) return fmt::format("{}_from_{}", mode, source);
    const std::string_view name = text_member(*config, "name");
    return std::string(name.empty() ? class_name : name);
  }
  return Json{{"class_name", public_class_name(object)}, {"config", simplified(*config)}};
}

}  // namespace

std::string public_class_name(const Json& object) {
  const std::string_view name = text_member(object, "class_name");
  const std::size_t package = name.rfind('>');
  const std::string_view base = package == std::string_view::npos ? name : name.substr(package + 1);
  if (std::find(application_classes.begin(), application_classes.end(), base) !=
      application_classes.end()) {
    return std::string(base);
  }
  if (is_custom(object, name)) return with_package(name, text_member(object, "registered_name"));
  const auto* alias = std::find_if(class_aliases.begin(), class_aliases.end(),
                                   [&](const ClassAlias& a) { return a.written == name; });
  return std::string(alias == class_aliases.end() ? name : alias->name);
}

Json simplified(const Json& value) {
  if (value.is_object()) return simplified_object(value);
  if (!value.is_array()) return value;
  Json result = Json::array();
  for (const Json& item : value) result.push_back(simplified(item));
  return result;
}

Json layer_config(const std::string& class_name, const Json& config) {
  Json result = Json::object();
  const bool named_axis = class_name == "BatchNormalization" || class_name == "LayerNormalization";
  for (const auto& [key, value] : config.items()) {
    const std::string& name = key == "batch_input_shape" ? "batch_shape" : key;
    Json simple = simplified(value);
    if (named_axis && name == "axis" && simple.is_array() && simple.size() == 1) {
      simple = Json(simple[0]);
    }
    result[name] = std::move(simple);
  }
  return result;
}

DTypes policy_dtypes(const Json& config) {
  const auto found = config.find("dtype");
  if (found == config.end() || !found->is_string()) return {};
  std::string_view name = found->get_ref<const std::string&>();
  DTypes result;
  // "int8_from_mixed_bfloat16", "int4/128_from_float32", "float8_from_float32"
  if (const std::size_t from = name.find("_from_"); from != std::string_view::npos) {
    result.quantized = true;
    name.remove_prefix(from + std::string_view("_from_").size());
  }
  constexpr std::string_view mixed = "mixed_";
  if (name.starts_with(mixed)) {
    result.compute = name.substr(mixed.size());
  } else {
    result.variable = result.compute = name;
  }
  return result;
}

}  // namespace tensorferry::keras
