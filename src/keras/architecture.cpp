#include "keras/architecture.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "io/error.h"
#include "keras/config.h"
#include "keras/implicit_masks.h"
#include "keras/json_text.h"
#include "keras/keras1_config.h"
#include "keras/layers/arguments.h"
#include "keras/operations/operation_row.h"
#include "keras/recurrent_cells.h"
#include "keras/saved_weights.h"
#include "keras/wiring.h"

namespace tensorferry::keras {
namespace {

[[noreturn]] void invalid(const std::string& sentence) {
  throw io::Error(io::ErrorCode::ConfigInvalid, sentence);
}

const Json& member(const Json& object, const char* key, const std::string& whose) {
  const auto found = object.find(key);
  if (found == object.end()) invalid(fmt::format("{} has no `{}`.", whose, key));
  return *found;
}

// Of a layer or model by itself. Keras writes it in each config but a Sequential's of Keras 2.
bool own_trainable(const Json& config) {
  const auto found = config.find("trainable");
  return found == config.end() || *found != false;
}

bool is_functional_config(const Json& config) {
  return config.is_object() && config.contains("layers") && config.contains("output_layers");
}

// Keras before 2.2.3 wrote a Sequential's config as a bare list of layers.
bool is_sequential_config(const Json& config) {
  return config.is_array() || (config.is_object() && config.contains("layers"));
}

// keras.ops called in a functional model; in `.h5` its class looks like a layer's of the same name
// (Add). Every layer of Keras 3 writes `trainable` or `dtype`, an operation its own arguments only,
// of which one may be a `dtype`; `.keras` has the module.
bool is_operation(const Json& written, const Json& config, const std::string& class_name,
                  Generation generation) {
  if (text_member(written, "module").starts_with("keras.src.ops.")) return true;
  return generation == Generation::Keras3 && class_name != "InputLayer" &&
         class_name != "Pipeline" && !config.contains("trainable") &&
         (!config.contains("dtype") || find_operation(class_name) != nullptr);
}

// Each level is three of JSON's, whose depth is limited; this is the guard of our own recursion.
constexpr int depth_limit = 128;

class Reader {
 public:
  explicit Reader(Generation generation) : generation_(generation) {}
  Model model(const std::string& class_name, const Json& config, bool trainable, int depth) const;

 private:
  Layer layer(const Json& written, bool trainable, int depth) const;
  Layer numbered_layer(const Json& written, std::size_t number, bool trainable, int depth) const;
  void read_wrapped(Layer& wrapper, const Json& config, int depth) const;
  void read_cells(Layer& rnn, const Json& config, int depth) const;
  void read_pipeline(Layer& pipeline, const Json& config, int depth) const;
  void read_functional(Model& model, const Json& config, bool trainable, int depth) const;
  void read_sequential(Model& model, const Json& config, bool trainable, int depth) const;

  Generation generation_;
};

Layer Reader::layer(const Json& written, bool trainable, int depth) const {
  if (!written.is_object()) invalid("An element of `layers` is not an object.");
  const Json& config = member(written, "config", "A layer");
  Layer layer;
  layer.original_class_name = text_member(written, "class_name");
  layer.class_name = public_class_name(written);
  layer.name = config.is_object() ? std::string(text_member(config, "name")) : "";
  // Its config lacks the prefix that the name has (tf_keras/src/engine/base_layer.py: get_config).
  if (layer.class_name == "TensorFlowOpLayer") layer.name.insert(0, "tf_op_layer_");
  if (layer.name.empty()) layer.name = text_member(written, "name");
  if (layer.class_name.empty() || layer.name.empty()) {
    invalid(fmt::format("A layer (`class_name` \"{}\", `name` \"{}\") lacks its class or its name.",
                        layer.class_name, layer.name));
  }
  const bool nested = is_functional_config(config) ||
                      (layer.class_name == "Sequential" && is_sequential_config(config));
  if (!nested && !config.is_object()) {
    invalid(fmt::format("The `config` of the layer `{}` is not an object.", layer.name));
  }
  layer.trainable = trainable && own_trainable(config);
  if (nested) {
    // Also a class of the user's own that was constructed as a functional model.
    layer.class_name = is_functional_config(config) ? "Functional" : "Sequential";
    layer.model =
        std::make_shared<Model>(model(layer.class_name, config, layer.trainable, depth + 1));
    layer.config = Json{{"name", layer.name}, {"trainable", own_trainable(config)}};
    if (config.contains("dtype")) layer.config["dtype"] = simplified(config["dtype"]);
  } else {
    layer.config = layer_config(layer.class_name, config);
    // The shape of an EinsumDense's kernel, where int4 made a matrix of it.
    if (layer.class_name == "EinsumDense" && written.contains("build_config")) {
      layer.config["build_config"] = written["build_config"];
    }
    read_wrapped(layer, config, depth);
    if (is_operation(written, config, layer.class_name, generation_)) {
      layer.class_name.insert(0, "ops.");
    }
  }
  DTypes dtypes = policy_dtypes(layer.config);
  layer.dtype = std::move(dtypes.variable);
  layer.compute_dtype = std::move(dtypes.compute);
  return layer;
}

// Keras before 2.2.3 wrote no name of a model that stands in a Sequential.
Layer Reader::numbered_layer(const Json& written, std::size_t number, bool trainable,
                             int depth) const {
  const auto config = written.is_object() ? written.find("config") : written.end();
  if (config == written.end() || !config->is_array() || written.contains("name")) {
    return layer(written, trainable, depth);
  }
  Json named = written;
  named["name"] = fmt::format("sequential_{}", number);
  Layer result = layer(named, trainable, depth);
  result.is_numbered = true;
  return result;
}

std::string without_prefix(std::string_view name, std::string_view prefix) {
  return std::string(name.starts_with(prefix) ? name.substr(prefix.size()) : name);
}

// keras/src/layers/rnn/bidirectional.py: the backward layer is written down, or is the other one
// reading the other way.
Json backward_layer(const Json& config, const Json& forward) {
  const auto written = config.find("backward_layer");
  if (written != config.end() && !written->is_null()) return *written;
  Json backward = forward;
  Json& own = backward["config"];
  if (!own.is_object()) return backward;
  const auto flag = own.find("go_backwards");
  own["go_backwards"] = flag == own.end() || *flag == false;
  own["name"] = "backward_" + without_prefix(text_member(own, "name"), "forward_");
  return backward;
}

// The same file, __init__: whatever the layers themselves say.
Json with_zeros_outside_mask(Json written) {
  const std::string class_name(text_member(written, "class_name"));
  const bool has_it = class_name == "LSTM" || class_name == "GRU" || class_name == "SimpleRNN" ||
                      class_name == "RNN";
  const auto config = written.find("config");
  if (has_it && config != written.end() && config->is_object()) {
    (*config)["zero_output_for_mask"] = config->value("return_sequences", Json(false));
  }
  return written;
}

void Reader::read_wrapped(Layer& wrapper, const Json& config, int depth) const {
  if (wrapper.class_name == "RNN") return read_cells(wrapper, config, depth);
  if (wrapper.class_name == "Pipeline") return read_pipeline(wrapper, config, depth);
  const bool is_bidirectional = wrapper.class_name == "Bidirectional";
  const bool is_of_one_layer =
      wrapper.class_name == "TimeDistributed" || wrapper.class_name == "SpectralNormalization";
  if (!is_bidirectional && !is_of_one_layer) return;
  if (depth > depth_limit) invalid(fmt::format("Layers are nested {} deep.", depth));
  const Json& inner =
      member(config, "layer", fmt::format("The config of the layer `{}`", wrapper.name));
  if (!inner.is_object()) {
    invalid(fmt::format("The `layer` of the layer `{}` is not an object.", wrapper.name));
  }
  const Json first = is_bidirectional ? with_zeros_outside_mask(inner) : inner;
  wrapper.wrapped.push_back(layer(first, wrapper.trainable, depth + 1));
  wrapper.wrapped.back().attribute = is_bidirectional ? "forward_layer" : "layer";
  wrapper.config.erase("layer");
  if (!is_bidirectional) return;
  const Json second = with_zeros_outside_mask(backward_layer(config, inner));
  wrapper.wrapped.push_back(layer(second, wrapper.trainable, depth + 1));
  wrapper.wrapped.back().attribute = "backward_layer";
  wrapper.config.erase("backward_layer");
}

// One cell of a layer of Keras's: that layer. Several: an RNN that wraps these.
void Reader::read_cells(Layer& rnn, const Json& config, int depth) const {
  if (depth > depth_limit) invalid(fmt::format("Layers are nested {} deep.", depth));
  const WrittenCells written = written_cells(config);
  std::vector<Layer> cells;
  for (std::size_t i = 0; i < written.cells.size(); ++i) {
    Layer cell = layer(*written.cells[i], rnn.trainable, depth + 1);
    if (is_cell_of_layer(cell) && !written.stacked) {
      const std::string name = rnn.name;
      cell = layer_of_cell(rnn, std::move(cell), true, true);
      rnn.class_name = std::move(cell.class_name);
      rnn.config = std::move(cell.config);
      rnn.config["name"] = name;
      return;
    }
    if (is_cell_of_layer(cell)) {
      cell = layer_of_cell(rnn, std::move(cell), i == 0, i + 1 == written.cells.size());
      cell.config.erase("time_major");  // the whole stack has it
    }
    cell.attribute = written.attributes[i];
    cells.push_back(std::move(cell));
  }
  rnn.config.erase("cell");
  for (const auto& [name, value] : written.unknown.items()) rnn.config[name] = value;
  rnn.wrapped = std::move(cells);
}

// The attributes are where a `.weights.h5` has the layers.
void Reader::read_pipeline(Layer& pipeline, const Json& config, int depth) const {
  if (depth > depth_limit) invalid(fmt::format("Layers are nested {} deep.", depth));
  const auto found = config.find("layers");
  const Json* written = found == config.end() ? nullptr : list_items(*found);
  if (written == nullptr) {
    invalid(fmt::format("`layers` of the layer `{}` is not a list.", pipeline.name));
  }
  std::map<std::string, std::size_t> counts;
  for (const Json& one : *written) {
    Layer inner = layer(one, pipeline.trainable, depth + 1);
    const std::string name = snake_case(text_member(one, "class_name"));
    inner.attribute = "layers/" + counted_name(name, counts[name]++);
    pipeline.wrapped.push_back(std::move(inner));
  }
  pipeline.config.erase("layers");
}

const Json& layer_list(const Json& config, const std::string& name) {
  const Json& layers = config.is_array() ? config : config["layers"];
  if (!layers.is_array()) invalid(fmt::format("`layers` of the model `{}` is not a list.", name));
  return layers;
}

void Reader::read_functional(Model& model, const Json& config, bool trainable, int depth) const {
  WrittenGraph written;
  for (const Json& entry : layer_list(config, model.name)) {
    model.layers.push_back(layer(entry, trainable, depth));
    const auto nodes = entry.find("inbound_nodes");
    written.inbound_nodes.push_back(nodes == entry.end() ? Json::array() : *nodes);
    if (!written.inbound_nodes.back().is_array()) {
      invalid(fmt::format("`inbound_nodes` of the layer `{}` is not a list.",
                          model.layers.back().name));
    }
  }
  const std::string whose = fmt::format("The config of the model `{}`", model.name);
  written.input_layers = member(config, "input_layers", whose);
  written.output_layers = member(config, "output_layers", whose);
  wire_functional(model, written);
  if (generation_ == Generation::Keras3) make_masks_implicit(model);
}

// What the first layer of a Sequential takes, or null.
Json first_shape(const Layer& first, const Json& written, const Json& config) {
  if (first.model && !first.model->inputs.empty()) {
    const Json& input = first.model->layers[first.model->inputs.front().tensor.layer].config;
    if (input.contains("batch_shape")) return input["batch_shape"];
  }
  if (first.config.contains("batch_shape")) return first.config["batch_shape"];
  if (config.is_object() && config.contains("build_input_shape")) {
    return simplified(config["build_input_shape"]);
  }
  const auto build = written.find("build_config");
  if (build != written.end() && build->is_object() && build->contains("input_shape")) {
    return simplified((*build)["input_shape"]);
  }
  return nullptr;
}

std::string unused_name(std::string name, const std::vector<Layer>& layers) {
  while (std::any_of(layers.begin(), layers.end(),
                     [&](const Layer& layer) { return layer.name == name; })) {
    name += '_';
  }
  return name;
}

// The InputLayer that Keras makes but did not always write.
Layer make_input(const std::vector<Layer>& layers, const std::string& model_name, Json shape) {
  Layer input;
  input.class_name = input.original_class_name = "InputLayer";
  const bool empty = layers.empty();
  const bool nested = !empty && layers.front().model && !layers.front().model->inputs.empty();
  const bool numbered = nested && layers.front().is_numbered;
  input.name = numbered ? layers.front().model->inputs.front().name
                        : (empty ? model_name : layers.front().name) + "_input";
  input.name = unused_name(std::move(input.name), layers);
  if (!empty) {
    const Layer& first = layers.front();
    input.dtype =
        nested ? first.model->layers[first.model->inputs.front().tensor.layer].dtype : first.dtype;
    const std::string_view written = text_member(first.config, "input_dtype");  // Keras 1
    if (!written.empty()) input.dtype = written;
  }
  input.compute_dtype = input.dtype;
  input.config = Json{{"name", input.name}, {"dtype", input.dtype}};
  if (shape.is_array()) input.config["batch_shape"] = std::move(shape);
  return input;
}

void Reader::read_sequential(Model& model, const Json& config, bool trainable, int depth) const {
  const Json& written = layer_list(config, model.name);
  std::set<std::string> names;
  for (std::size_t i = 0; i < written.size(); ++i) {
    model.layers.push_back(numbered_layer(written[i], i, trainable, depth));
    if (!names.insert(model.layers.back().name).second) {
      invalid(fmt::format("The model `{}` has two layers called `{}`.", model.name,
                          model.layers.back().name));
    }
  }
  if (model.layers.empty() || model.layers.front().class_name != "InputLayer") {
    Json shape =
        model.layers.empty() ? Json() : first_shape(model.layers.front(), written.front(), config);
    model.layers.insert(model.layers.begin(),
                        make_input(model.layers, model.name, std::move(shape)));
  }
  wire_sequential(model);
}

// The shape of a model's input is a fact about its InputLayer.
void drop_batch_shapes(Model& model) {
  for (Layer& layer : model.layers) {
    if (layer.class_name != "InputLayer") layer.config.erase("batch_shape");
  }
}

Model Reader::model(const std::string& class_name, const Json& config, bool trainable,
                    int depth) const {
  if (depth > depth_limit) invalid(fmt::format("Models are nested {} deep.", depth));
  Model model;
  model.generation = generation_;
  model.name = config.is_object() ? std::string(text_member(config, "name")) : "";
  if (is_functional_config(config)) {
    model.kind = ModelKind::Functional;
    read_functional(model, config, trainable, depth);
  } else if (class_name == "Sequential" && is_sequential_config(config)) {
    model.kind = ModelKind::Sequential;
    read_sequential(model, config, trainable, depth);
  } else if (class_name == "Functional" || class_name == "Sequential") {
    invalid(
        fmt::format("The config of the model `{}` ({}) has no `layers`.", model.name, class_name));
  } else {
    model.kind = ModelKind::WeightsOnly;
  }
  drop_batch_shapes(model);
  return model;
}

// Keras 1 writes `W_regularizer` of each layer with weights, Keras 2 `batch_input_shape`, and its
// version into each architecture.
bool has_member(const Json& value, const char* key) {
  if (value.is_object() && value.contains(key)) return true;
  return value.is_structured() && std::any_of(value.begin(), value.end(), [&](const Json& item) {
           return has_member(item, key);
         });
}

}  // namespace

Model read_architecture(const Json& written, Generation generation) {
  if (!written.is_object()) invalid("The architecture (`model_config`) is not a JSON object.");
  const Json architecture =
      generation == Generation::Keras1 ? keras2_architecture(written) : written;
  const Json& config = member(architecture, "config", "The architecture (`model_config`)");
  const std::string class_name = public_class_name(architecture);
  const bool trainable = !config.is_object() || own_trainable(config);
  return Reader(generation).model(class_name, config, trainable, 0);
}

Generation generation_of(const std::string& keras_version, const Json& architecture) {
  if (keras_version.starts_with("1.")) return Generation::Keras1;
  if (keras_version.starts_with("2.")) return Generation::Keras2;
  if (!keras_version.empty()) return Generation::Keras3;
  // Keras 2.12 and later write `module` as well.
  if (has_member(architecture, "W_regularizer")) return Generation::Keras1;
  if (has_member(architecture, "batch_input_shape")) return Generation::Keras2;
  const bool keras3 = architecture.contains("module") || has_member(architecture, "batch_shape");
  return keras3 ? Generation::Keras3 : Generation::Keras2;
}

}  // namespace tensorferry::keras
