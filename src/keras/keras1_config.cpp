#include "keras/keras1_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "io/error.h"
#include "keras/json_text.h"

namespace tensorferry::keras {
namespace {

struct Renaming {
  std::string_view written;
  std::string_view name;
};

constexpr std::array<Renaming, 8> classes = {{{"AtrousConvolution1D", "Conv1D"},
                                              {"AtrousConvolution2D", "Conv2D"},
                                              {"Convolution1D", "Conv1D"},
                                              {"Convolution2D", "Conv2D"},
                                              {"Convolution3D", "Conv3D"},
                                              {"Deconvolution2D", "Conv2DTranspose"},
                                              {"SeparableConvolution2D", "SeparableConv2D"},
                                              {"TimeDistributedDense", "Dense"}}};

constexpr std::array<Renaming, 17> arguments = {{{"atrous_rate", "dilation_rate"},
                                                 {"bias", "use_bias"},
                                                 {"border_mode", "padding"},
                                                 {"dropout_U", "recurrent_dropout"},
                                                 {"dropout_W", "dropout"},
                                                 {"filter_length", "kernel_size"},
                                                 {"inner_activation", "recurrent_activation"},
                                                 {"length", "size"},
                                                 {"nb_feature", "features"},
                                                 {"nb_filter", "filters"},
                                                 {"output_dim", "units"},
                                                 {"p", "rate"},
                                                 {"pool_length", "pool_size"},
                                                 {"sigma", "stddev"},
                                                 {"stride", "strides"},
                                                 {"subsample", "strides"},
                                                 {"subsample_length", "strides"}}};

// How weights began, what bounds them in training, and shapes that `batch_input_shape` says too.
constexpr std::array<std::string_view, 19> dropped = {"W_constraint",
                                                      "W_regularizer",
                                                      "U_regularizer",
                                                      "a_left_init",
                                                      "b_constraint",
                                                      "b_regularizer",
                                                      "beta_init",
                                                      "depthwise_constraint",
                                                      "forget_bias_init",
                                                      "depthwise_regularizer",
                                                      "gamma_init",
                                                      "init",
                                                      "inner_init",
                                                      "input_dim",
                                                      "input_length",
                                                      "pointwise_constraint",
                                                      "weights",
                                                      "pointwise_regularizer",
                                                      "activity_regularizer"};

// Keras 1 wrote no `dim_ordering` of these.
constexpr std::array<std::string_view, 9> without_dim_ordering = {
    "Cropping2D",   "Cropping3D",    "SpatialDropout2D", "SpatialDropout3D", "UpSampling2D",
    "UpSampling3D", "ZeroPadding2D", "ZeroPadding3D",    "Deconvolution2D"};

constexpr std::array<Renaming, 6> merges = {{{"ave", "Average"},
                                             {"concat", "Concatenate"},
                                             {"dot", "Dot"},
                                             {"max", "Maximum"},
                                             {"mul", "Multiply"},
                                             {"sum", "Add"}}};

[[noreturn]] void invalid(const std::string& sentence) {
  throw io::Error(io::ErrorCode::ConfigInvalid, sentence);
}

template <std::size_t size>
std::string_view renamed(const std::array<Renaming, size>& table, std::string_view written) {
  const auto* row = std::find_if(table.begin(), table.end(),
                                 [&](const Renaming& entry) { return entry.written == written; });
  return row == table.end() ? written : row->name;
}

template <std::size_t size>
bool is_among(const std::array<std::string_view, size>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string data_format_of(std::string_view dim_ordering) {
  if (dim_ordering == "th") return "channels_first";
  if (dim_ordering == "tf") return "channels_last";
  return std::string(dim_ordering);
}

// Every `dim_ordering` of a model, as in `{"class_name": …, "config": {"dim_ordering": "th"}}`.
void collect_dim_orderings(const Json& value, std::set<std::string>& found) {
  if (value.is_object()) {
    if (const std::string_view own = text_member(value, "dim_ordering"); !own.empty()) {
      found.emplace(own);
    }
  }
  if (!value.is_structured()) return;
  for (const Json& item : value) collect_dim_orderings(item, found);
}

/// A model's one `dim_ordering`, which layers that do not say theirs had too: Keras's setting.
std::optional<std::string> dim_ordering_of(const Json& architecture) {
  std::set<std::string> found;
  collect_dim_orderings(architecture, found);
  return found.size() == 1 ? std::optional(*found.begin()) : std::nullopt;
}

// "kernel_size" from the extents by name.
void join_extents(const Json& config, std::initializer_list<const char*> names, Json& result) {
  Json extents = Json::array();
  for (const char* name : names) {
    const auto found = config.find(name);
    if (found == config.end()) return;
    extents.push_back(*found);
    result.erase(name);
  }
  result["kernel_size"] = std::move(extents);
}

// One number or a pair for each axis; Keras 1 also took (top, bottom, left, right), or a dict.
Json padding_of(const Json& padding, std::string_view class_name) {
  constexpr std::array<const char*, 4> sides = {"top_pad", "bottom_pad", "left_pad", "right_pad"};
  const auto side = [&](std::size_t i) { return padding.value(sides.at(i), 0); };
  if (class_name == "ZeroPadding1D" && padding.is_object()) return Json::array({side(2), side(3)});
  if (class_name != "ZeroPadding2D") return padding;
  if (padding.is_object()) {
    return Json::array({Json::array({side(0), side(1)}), Json::array({side(2), side(3)})});
  }
  if (padding.is_array() && padding.size() == 4) {
    return Json::array(
        {Json::array({padding[0], padding[1]}), Json::array({padding[2], padding[3]})});
  }
  return padding;
}

Json node_of(const std::string& layer) {
  return Json::array({Json::array({Json::array({layer, 0, 0})})});
}

/// Rewrites the layers of one file.
class Rewriter {
 public:
  explicit Rewriter(std::optional<std::string> dim_ordering)
      : dim_ordering_(std::move(dim_ordering)) {}

  /// Of a model or a layer: `class_name`, `config` and, in a graph, `name` and `inbound_nodes`.
  Json entry(const Json& written, int depth);

 private:
  Json layer_config(const std::string& class_name, const Json& written);
  void add_data_format(const std::string& class_name, Json& config) const;
  Json merge(const Json& config) const;
  Json model_config(const std::string& class_name, const Json& config, int depth);
  Json merged_sequential(const Json& layers, int depth);
  Json append_branch(const Json& branch, Json& graph, int depth);
  std::string append_chained(Json layer, const std::string& before, Json& layers);

  std::optional<std::string> dim_ordering_;
};

// Nested deeper, it is no model; the reader of the result has the same guard.
constexpr int depth_limit = 128;

const Json& config_of(const Json& written) {
  const auto config = written.find("config");
  if (config == written.end()) invalid("A layer has no `config`.");
  return *config;
}

void Rewriter::add_data_format(const std::string& class_name, Json& config) const {
  if (!is_among(without_dim_ordering, class_name) || config.contains("data_format")) return;
  if (!dim_ordering_) {
    config["dim_ordering"] = "unknown";
  } else {
    config["data_format"] = data_format_of(*dim_ordering_);
  }
}

Json Rewriter::layer_config(const std::string& class_name, const Json& written) {
  Json config = Json::object();
  for (const auto& [key, value] : written.items()) {
    if (is_among(dropped, key) && !(class_name == "Embedding" && key == "input_dim")) continue;
    if (key == "dim_ordering" && value.is_string()) {
      config["data_format"] = data_format_of(value.get<std::string>());
    } else if (class_name == "Embedding" && (key == "output_dim" || key == "dropout")) {
      if (key == "output_dim") config[key] = value;
    } else if (key == "input_dtype" && class_name == "InputLayer") {
      config["dtype"] = value;
    } else if (key == "mode" && class_name == "BatchNormalization" && value == 0) {
      continue;  // the only one that later versions have
    } else {
      config[std::string(renamed(arguments, key))] =
          key == "padding" ? padding_of(value, class_name) : value;
    }
  }
  join_extents(written, {"nb_row", "nb_col"}, config);
  join_extents(written, {"kernel_dim1", "kernel_dim2", "kernel_dim3"}, config);
  add_data_format(class_name, config);
  return config;
}

Json Rewriter::merge(const Json& config) const {
  const std::string_view mode = text_member(config, "mode");
  const std::string_view name = renamed(merges, mode);
  Json result{{"name", text_member(config, "name")}};
  if (text_member(config, "mode_type") != "raw" || name == mode) {
    return Json{{"class_name", "Merge"}, {"config", std::move(result)}};
  }
  if (mode == "concat") result["axis"] = config.value("concat_axis", -1);
  if (mode == "dot" && config.contains("dot_axes")) result["axes"] = config["dot_axes"];
  return Json{{"class_name", name}, {"config", std::move(result)}};
}

Json Rewriter::entry(const Json& written, int depth) {
  if (!written.is_object()) invalid("An element of `layers` is not an object.");
  if (depth > depth_limit) invalid(fmt::format("Models are nested {} deep.", depth));
  const std::string class_name(text_member(written, "class_name"));
  const Json& config = config_of(written);
  Json result = written;
  if (class_name == "Merge" && config.is_object()) {
    result.update(merge(config));
  } else if (config.is_array() || (config.is_object() && config.contains("layers"))) {
    result["config"] = model_config(class_name, config, depth);
    if (config.is_array() && result["config"].is_object()) result["class_name"] = "Model";
  } else if (config.is_object()) {
    result["class_name"] = renamed(classes, class_name);
    result["config"] = layer_config(class_name, config);
    if (config.contains("layer")) result["config"]["layer"] = entry(config["layer"], depth + 1);
  }
  return result;
}

bool begins_with_merge(const Json& layers) {
  if (!layers.is_array() || layers.empty() || !layers[0].is_object()) return false;
  return text_member(layers[0], "class_name") == "Merge" && layers[0].contains("config") &&
         layers[0]["config"].contains("layers");
}

Json Rewriter::model_config(const std::string& class_name, const Json& config, int depth) {
  if (class_name == "Sequential" && begins_with_merge(config)) {
    return merged_sequential(config, depth);
  }
  Json result = config;
  Json& layers = config.is_array() ? result : result["layers"];
  if (!layers.is_array()) invalid("`layers` of a model is not a list.");
  for (Json& layer : layers) layer = entry(layer, depth + 1);
  return result;
}

// The layer behind the one before; a layer that stands in two branches is called twice.
std::string Rewriter::append_chained(Json layer, const std::string& before, Json& layers) {
  Json& config = layer["config"];
  std::string name(config.is_object() ? text_member(config, "name") : text_member(layer, "name"));
  if (name.empty()) name = fmt::format("sequential_{}", layers.size());
  layer["name"] = name;
  layer["inbound_nodes"] = node_of(before);
  layers.push_back(std::move(layer));
  return name;
}

// What `Merge(layers=[…])` joins: models whose layers stand among those of the whole
// (keras 1.2.2: models.py: flattened_layers). Gives [layer, call, tensor] of its output.
Json Rewriter::append_branch(const Json& branch, Json& graph, int depth) {
  const std::string class_name(text_member(branch, "class_name"));
  const Json config = model_config(class_name, config_of(branch), depth + 1);
  if (config.is_object()) {
    for (const char* list : {"layers", "input_layers"}) {
      for (const Json& item : config.at(list)) graph[list].push_back(item);
    }
    return config.at("output_layers").at(0);
  }
  if (config.empty()) invalid("A branch of a Merge has no layers.");
  const Json& first = config.at(0).at("config");
  std::string last = std::string(text_member(first, "name")) + "_input";
  Json input{{"name", last}, {"sparse", false}};
  if (first.is_object() && first.contains("batch_input_shape")) {
    input["batch_input_shape"] = first["batch_input_shape"];
  }
  const std::string_view dtype = first.is_object() ? text_member(first, "input_dtype") : "";
  input["dtype"] = dtype.empty() ? "float32" : dtype;
  graph["layers"].push_back(Json{{"name", last},
                                 {"class_name", "InputLayer"},
                                 {"config", std::move(input)},
                                 {"inbound_nodes", Json::array()}});
  graph["input_layers"].push_back(Json::array({last, 0, 0}));
  for (const Json& layer : config) last = append_chained(layer, last, graph["layers"]);
  return Json::array({last, 0, 0});
}

Json Rewriter::merged_sequential(const Json& layers, int depth) {
  if (depth > depth_limit) invalid(fmt::format("Models are nested {} deep.", depth));
  Json graph{{"name", "sequential"},
             {"layers", Json::array()},
             {"input_layers", Json::array()},
             {"output_layers", Json::array()}};
  const Json& merge_config = layers[0]["config"];
  Json ends = Json::array();
  for (const Json& branch : merge_config["layers"]) {
    ends.push_back(append_branch(branch, graph, depth + 1));
  }
  Json joined = merge(merge_config);
  std::string last(text_member(merge_config, "name"));
  joined["name"] = last;
  joined["inbound_nodes"] = Json::array({std::move(ends)});
  graph["layers"].push_back(std::move(joined));
  for (std::size_t i = 1; i < layers.size(); ++i) {
    last = append_chained(entry(layers[i], depth + 1), last, graph["layers"]);
  }
  graph["output_layers"].push_back(Json::array({last, 0, 0}));
  return graph;
}

}  // namespace

Json keras2_architecture(const Json& architecture) {
  try {
    return Rewriter(dim_ordering_of(architecture)).entry(architecture, 0);
  } catch (const Json::exception& error) {
    invalid(fmt::format("The architecture is not one of Keras 1: {}", error.what()));
  }
}

}  // namespace tensorferry::keras
