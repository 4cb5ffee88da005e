#include "tfjs/model_json.h"

#include <fmt/format.h>

#include "io/error.h"

namespace tensorferry::tfjs {
namespace {

// A nested model, and no layer around one.
bool is_model(const NetworkLayer& layer) {
  return layer.network != nullptr && layer.class_name != "TimeDistributed";
}

// TF.js counts the calls of a nested model from 1: the first is the model's own.
std::uint32_t node_index(const Network& network, const Tensor& tensor) {
  return tensor.node + (is_model(network.layers[tensor.layer]) ? 1 : 0);
}

Json handle(const Network& network, const Tensor& tensor) {
  return {network.layers[tensor.layer].name, node_index(network, tensor), tensor.tensor};
}

Json layer_config(const NetworkLayer& layer) {
  if (is_model(layer)) {
    return model_config(*layer.network);
  }
  Json config = layer.config.is_null() ? Json::object() : layer.config;
  config["name"] = layer.name;
  if (layer.network != nullptr) {
    config["layer"] = model_config(*layer.network);
  }
  return {{"class_name", layer.class_name}, {"config", std::move(config)}};
}

Json inbound_nodes(const Network& network, const NetworkLayer& layer) {
  Json nodes = Json::array();
  for (const std::vector<Tensor>& call : layer.calls) {
    Json inputs = Json::array();
    for (const Tensor& input : call) {
      Json entry = handle(network, input);
      entry.push_back(Json::object());
      inputs.push_back(std::move(entry));
    }
    nodes.push_back(std::move(inputs));
  }
  return nodes;
}

Json handles(const Network& network, const std::vector<Tensor>& tensors) {
  Json result = Json::array();
  for (const Tensor& tensor : tensors) {
    result.push_back(handle(network, tensor));
  }
  return result;
}

}  // namespace

Json model_config(const Network& network) {
  Json layers = Json::array();
  for (const NetworkLayer& layer : network.layers) {
    Json entry = layer_config(layer);
    if (!network.sequential) {
      entry["name"] = layer.name;
      entry["inbound_nodes"] = inbound_nodes(network, layer);
    }
    layers.push_back(std::move(entry));
  }
  Json config = {{"name", network.name}, {"layers", std::move(layers)}};
  if (!network.sequential) {
    config["input_layers"] = handles(network, network.inputs);
    config["output_layers"] = handles(network, network.outputs);
  }
  return {{"class_name", network.sequential ? "Sequential" : "Functional"},
          {"config", std::move(config)}};
}

std::string model_json_head(const keras::Model& model, const Network& network,
                            const std::vector<std::pair<std::string, std::string>>& metadata) {
  Json head = {{"format", "layers-model"},
               {"generatedBy", "keras v" + model.keras_version},
               {"convertedBy", fmt::format("TensorFerry {}", TENSORFERRY_VERSION)}};
  for (const auto& [key, text] : metadata) {
    Json value = Json::parse(text, nullptr, false);
    if (value.is_discarded()) {
      throw io::Error(io::ErrorCode::OptionInvalid,
                      fmt::format("The metadata \"{}\" is not JSON.", key));
    }
    head["userDefinedMetadata"][key] = std::move(value);
  }
  head["modelTopology"] = {{"keras_version", model.keras_version},
                           {"backend", model.backend},
                           {"model_config", model_config(network)}};
  std::string text = head.dump(-1, ' ', false, Json::error_handler_t::replace);
  text.pop_back();
  return text + ",\"weightsManifest\":";
}

}  // namespace tensorferry::tfjs
