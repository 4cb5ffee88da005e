#include "convert/inspect.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "convert.h"
#include "convert/manifest.h"
#include "io/note_json.h"
#include "io/overloaded.h"

namespace tensorferry::convert {
namespace {

using Json = nlohmann::ordered_json;

struct Counts {
  std::uint64_t all = 0;
  std::uint64_t trainable = 0;
};

Counts operator+(Counts a, Counts b) { return {a.all + b.all, a.trainable + b.trainable}; }

// State that training moves by other means than gradients, by Keras's names of it.
bool is_state(const std::string& role) {
  return role == "moving_mean" || role == "moving_variance" || role == "mean" ||
         role == "variance" || role == "count";
}

Counts count_parameters(const keras::Model& root, const keras::Layer& layer) {
  Counts counts;
  for (const keras::Weight& weight : layer.weights) {
    const std::uint64_t elements = tensor::element_count(root.tensors[weight.tensor].shape);
    counts.all += elements;
    if (layer.trainable && !is_state(weight.role)) {
      counts.trainable += elements;
    }
  }
  for (const keras::Layer& inner : layer.wrapped) {
    counts = counts + count_parameters(root, inner);
  }
  if (layer.model) {
    for (const keras::Layer& inner : layer.model->layers) {
      counts = counts + count_parameters(root, inner);
    }
  }
  return counts;
}

/// By layer: the value that the last node which came from it gives.
using Outputs = std::unordered_map<std::string_view, const graph::Value*>;

Outputs outputs_of(const graph::Graph& graph) {
  Outputs outputs;
  for (const graph::Node& node : graph.nodes) {
    if (!node.outputs.empty()) outputs[node.layer] = &graph.values[node.outputs.front()];
  }
  return outputs;
}

std::vector<Outputs> outputs_by_graph(const graph::Program* program) {
  std::vector<Outputs> outputs;
  if (!program) return outputs;
  for (const graph::Graph& graph : program->graphs) outputs.push_back(outputs_of(graph));
  return outputs;
}

using GraphNumber = std::optional<std::uint32_t>;

GraphNumber called_graph(const graph::Graph& graph, const std::string& layer) {
  for (const graph::Node& node : graph.nodes) {
    const auto* call = std::get_if<graph::CallGraph>(&node.op);
    if (call && node.layer == layer) return call->graph;
  }
  return std::nullopt;
}

/// How many rows the layers of a model take, those of nested models too.
std::size_t row_count(const keras::Model& model);

std::size_t row_count(const keras::Layer& layer) {
  return 1 + (layer.model ? row_count(*layer.model) : 0);
}

std::size_t row_count(const keras::Model& model) {
  std::size_t rows = 0;
  for (const keras::Layer& layer : model.layers) rows += row_count(layer);
  return rows;
}

/// For each call the rows of the layers whose outputs it takes; `rows`: those of the model's
/// layers.
Json calls_json(const keras::Layer& layer, const std::vector<std::size_t>& rows) {
  Json calls = Json::array();
  for (const keras::Call& call : layer.calls) {
    Json sources = Json::array();
    for (const keras::TensorHandle& tensor : keras::tensors_of(call)) {
      sources.push_back(rows.at(tensor.layer));
    }
    calls.push_back(std::move(sources));
  }
  return calls;
}

void append_weights(const keras::Layer& layer, Json& numbers) {
  for (const keras::Weight& weight : layer.weights) numbers.push_back(weight.tensor);
  for (const keras::Layer& inner : layer.wrapped) append_weights(inner, numbers);
}

std::string fate(const Fates& fates, const std::string& layer) {
  const auto found = fates.find(layer);
  return found == fates.end() ? "" : found->second;
}

struct LayerTable {
  const keras::Model& root;
  const graph::Program* program;
  const Fates& pytorch;
  const Fates& tfjs;
  std::vector<Outputs> outputs;
  Json rows = Json::array();

  const graph::Value* output_of(GraphNumber graph, const std::string& layer) const {
    if (!graph) return nullptr;
    const auto found = outputs[*graph].find(layer);
    return found == outputs[*graph].end() ? nullptr : found->second;
  }

  void add(const keras::Layer& layer, GraphNumber graph, int depth,
           const std::vector<std::size_t>& siblings) {
    const Counts counts = count_parameters(root, layer);
    const graph::Value* value = output_of(graph, layer.name);
    Json weights = Json::array();
    append_weights(layer, weights);
    rows.push_back({{"name", layer.name},
                    {"class", layer.class_name},
                    {"depth", depth},
                    {"outputShape", value && value->rank_known ? shape_json(value->shape) : Json()},
                    {"parameters", counts.all},
                    {"trainable", layer.trainable},
                    {"pytorch", fate(pytorch, layer.name)},
                    {"tfjs", fate(tfjs, layer.name)},
                    {"model", graph ? Json(*graph) : Json()},
                    {"calls", calls_json(layer, siblings)},
                    {"weights", std::move(weights)}});
    if (layer.model) {
      add_all(*layer.model,
              graph ? called_graph(program->graphs[*graph], layer.name) : std::nullopt, depth + 1);
    }
  }

  void add_all(const keras::Model& model, GraphNumber graph, int depth) {
    std::vector<std::size_t> siblings;
    std::size_t next = rows.size();
    for (const keras::Layer& layer : model.layers) {
      siblings.push_back(next);
      next += row_count(layer);
    }
    for (const keras::Layer& layer : model.layers) add(layer, graph, depth, siblings);
  }
};

std::string_view storage_name(const tensor::Storage& storage) {
  return std::visit(
      io::overloaded{[](const tensor::Contiguous&) { return std::string_view("contiguous"); },
                     [](const tensor::Chunked&) { return std::string_view("chunked"); },
                     [](const tensor::Fill&) { return std::string_view("fill"); },
                     [](const tensor::Inline&) { return std::string_view("compact"); }},
      storage);
}

Json weights_json(const keras::Model& model) {
  Json rows = Json::array();
  for (const tensor::TensorRef& tensor : model.tensors) {
    rows.push_back({{"name", tensor.name},
                    {"shape", tensor.shape},
                    {"dtype", tensor::dtype_name(tensor.dtype)},
                    {"storage", storage_name(tensor.storage)}});
  }
  return rows;
}

Json ports_json(const std::vector<torch::PortRow>& ports) {
  Json rows = Json::array();
  for (const torch::PortRow& port : ports) {
    rows.push_back({{"name", port.name},
                    {"dtype", tensor::dtype_name(port.dtype)},
                    {"shape", shape_json(port.keras_shape)}});
  }
  return rows;
}

std::string_view kind_name(keras::ModelKind kind) {
  switch (kind) {
    case keras::ModelKind::Sequential:
      return "Sequential";
    case keras::ModelKind::Functional:
      return "Functional";
    case keras::ModelKind::WeightsOnly:
      return "weights";
  }
  return "";
}

int generation_number(keras::Generation generation) {
  switch (generation) {
    case keras::Generation::Keras1:
      return 1;
    case keras::Generation::Keras2:
      return 2;
    case keras::Generation::Keras3:
      return 3;
  }
  return 0;
}

std::vector<torch::PortRow> port_rows(const graph::Graph& graph,
                                      const std::vector<graph::Port>& ports) {
  std::vector<torch::PortRow> rows;
  for (const graph::Port& port : ports) {
    const graph::Value& value = graph.values[port.value];
    rows.push_back({port.name, value.dtype, value.shape, value.shape, {}});
  }
  return rows;
}

Json class_or_null(const std::string& name) { return name.empty() ? Json() : Json(name); }

Json classes_json(const std::vector<std::vector<std::string>>& names) {
  Json classes = Json::array();
  for (const std::vector<std::string>& row : names) classes.push_back(row.front());
  return classes;
}

Json training_json(const graph::Program& program) {
  std::vector<Json> losses(program.graphs[program.root].outputs.size());
  Json optimizer;
  if (program.training) {
    for (const graph::OutputLoss& loss : program.training->losses) {
      losses.at(loss.output) = loss.loss.class_name;
    }
    if (program.training->optimizer) {
      optimizer = class_or_null(program.training->optimizer->optimizer.class_name);
    }
  }
  return {{"losses", losses},
          {"optimizer", optimizer},
          {"lossChoices", classes_json(loss_names())},
          {"optimizerChoices", classes_json(optimizer_names())}};
}

}  // namespace

KerasPorts keras_ports(const graph::Program& program) {
  const graph::Graph& root = program.graphs[program.root];
  return {port_rows(root, root.inputs), port_rows(root, root.outputs)};
}

std::string inspection_json(const keras::Model& model, const graph::Program* program,
                            const Fates& pytorch, const Fates& tfjs, const io::Notes& notes) {
  LayerTable table{model, program, pytorch, tfjs, outputs_by_graph(program), Json::array()};
  table.add_all(model, program ? GraphNumber(program->root) : std::nullopt, 0);

  Counts counts;
  std::uint64_t bytes = 0;
  for (const keras::Layer& layer : model.layers) {
    counts = counts + count_parameters(model, layer);
  }
  for (const tensor::TensorRef& tensor : model.tensors) {
    bytes += tensor::element_count(tensor.shape) * tensor::dtype_size(tensor.dtype);
  }
  const KerasPorts ports = program ? keras_ports(*program) : KerasPorts{};
  Json root;
  root["name"] = model.name;
  root["container"] = model.container;
  root["kerasVersion"] = model.keras_version;
  root["generation"] = generation_number(model.generation);
  root["kind"] = kind_name(model.kind);
  root["parameters"] = counts.all;
  root["trainableParameters"] = counts.trainable;
  root["bytes"] = bytes;
  root["inputs"] = ports_json(ports.inputs);
  root["outputs"] = ports_json(ports.outputs);
  root["layers"] = std::move(table.rows);
  root["weights"] = weights_json(model);
  root["notes"] = io::notes_json(notes);
  root["training"] = program ? training_json(*program) : Json();
  return root.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tensorferry::convert
