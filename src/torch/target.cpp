#include "torch/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <map>
#include <set>

#include "graph/passes/layout.h"
#include "graph/passes/padding.h"
#include "io/error.h"
#include "torch/classes.h"
#include "torch/identifier.h"
#include "torch/match/matched_model.h"
#include "torch/source.h"
#include "torch/state_file.h"
#include "torch/training/logits.h"
#include "torch/training/script.h"
#include "torch/weights_file.h"

namespace tensorferry::torch {

namespace {

std::optional<tensor::DType> wanted_dtype(const Options& options) {
  if (options.dtype.empty()) return std::nullopt;
  for (const tensor::DType dtype :
       {tensor::DType::Float16, tensor::DType::BFloat16, tensor::DType::Float32}) {
    if (dtype_name(dtype) == options.dtype) return dtype;
  }
  throw io::Error(
      io::ErrorCode::OptionInvalid,
      fmt::format("The dtype can be float16, bfloat16 or float32, not \"{}\".", options.dtype));
}

// "functional_3" says nothing about a model.
std::string class_name(const graph::Program& program, const Options& options) {
  if (!options.class_name.empty()) return checked_identifier(options.class_name);
  const std::string& name = program.graphs.at(program.root).name;
  const std::string stem = name.substr(0, name.find_last_not_of("_0123456789") + 1);
  const bool is_generic =
      stem.empty() || stem == "model" || stem == "functional" || stem == "sequential";
  return is_generic ? "Model" : class_identifier(name);
}

// In a model of one dtype nothing is cast on the way. Positions for an Embedding keep theirs:
// float16 holds whole numbers up to 2048 only.
void compute_in(graph::Program& program, tensor::DType dtype) {
  for (graph::Graph& graph : program.graphs) {
    std::set<graph::ValueId> positions;
    for (graph::Node& node : graph.nodes) {
      const auto* cast = std::get_if<graph::Cast>(&node.op);
      if (cast != nullptr && is_floating_point(cast->to)) node.op = graph::Identity{};
      if (std::holds_alternative<graph::Embedding>(node.op)) positions.insert(node.inputs.at(0));
    }
    for (graph::ValueId id = 0; id < graph.values.size(); ++id) {
      graph::Value& value = graph.values[id];
      if (is_floating_point(value.dtype) && !positions.count(id)) value.dtype = dtype;
    }
  }
}

void cast_weights(Classes& classes, tensor::DType dtype) {
  for (Layer& layer : classes.layers) {
    if (!layer.declaration) continue;
    for (State& state : layer.declaration->state) cast_weight(state.weight, dtype);
  }
}

std::vector<PortRow> port_rows(const graph::Graph& graph, const std::vector<graph::Port>& ports) {
  std::vector<PortRow> rows;
  for (const graph::Port& port : ports) {
    const graph::Value& value = graph.values[port.value];
    PortRow row{port.name, value.dtype, value.shape, value.shape, value.layout.axes};
    for (std::size_t axis = 0; axis < row.permute.size(); ++axis) {
      row.keras_shape[row.permute[axis]] = value.shape[axis];
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string loading_expression(const Options& options) {
  return options.weights == WeightFormat::Pt ? "torch.load(\"model.pt\", weights_only=True)"
                                             : "load_file(\"model.safetensors\")";
}

// Torch 1.13 takes no float where it loads weights only; 2.6 takes weights only by itself.
std::string loading_state(const Options& options) {
  return options.torch_min >= TorchVersion{2, 1} ? "torch.load(\"optimizer.pt\", weights_only=True)"
                                                 : "torch.load(\"optimizer.pt\")";
}

std::string loading_import(const Options& options) {
  return options.weights == WeightFormat::Pt ? "import torch\n"
                                             : "from safetensors.torch import load_file\n";
}

std::string loading_snippet(const std::string& name, const Options& options) {
  return fmt::format(
      "{0}\nfrom model import {1}\n\nmodel = {1}()\nmodel.load_state_dict({2})\nmodel.eval()\n",
      loading_import(options), name, loading_expression(options));
}

std::vector<LayerRow> layer_rows(const graph::Program& program,
                                 const std::map<std::string, std::string>& becomes) {
  std::vector<LayerRow> rows;
  std::set<std::string> seen;
  for (const graph::Graph& graph : program.graphs) {
    for (const graph::Node& node : graph.nodes) {
      const auto row = becomes.find(node.layer);
      if (row != becomes.end() && seen.insert(node.layer).second) {
        rows.push_back({node.layer, row->second});
      }
    }
  }
  return rows;
}

/// Tells what model.py does.
bool is_of_own_source(const io::Note& note) {
  return note.code == "permute-inserted" || note.code == "padding-merged";
}

bool has_stub(const Classes& classes) {
  return std::any_of(classes.layers.begin(), classes.layers.end(), [](const Layer& layer) {
    return std::holds_alternative<graph::Unsupported>(layer.sites.front().node.op);
  });
}

}  // namespace

std::optional<TorchVersion> parse_torch_version(std::string_view text) {
  TorchVersion version;
  const char* begin = text.data();
  const char* end = begin + text.size();
  const auto major = std::from_chars(begin, end, version.major);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return std::nullopt;
  const auto minor = std::from_chars(major.ptr + 1, end, version.minor);
  if (minor.ec != std::errc() || minor.ptr != end || version < TorchVersion{}) return std::nullopt;
  return version;
}

Output write(const graph::Program& program, const Options& options) {
  const std::optional<tensor::DType> dtype = wanted_dtype(options);
  graph::Program laid_out = graph::channels_first(program, {options.channels_last_io});
  graph::merge_padding(laid_out);
  if (dtype) compute_in(laid_out, *dtype);
  Classes classes =
      divide(laid_out, class_name(program, options), options.torch_min >= TorchVersion{2, 1});
  if (dtype) cast_weights(classes, *dtype);

  std::map<std::string, std::string> becomes;
  Output output;
  if (options.match) {
    const graph::Graph& own = laid_out.graphs.at(laid_out.root);
    output.inputs = port_rows(own, own.inputs);
    output.outputs = port_rows(own, own.outputs);
    std::copy_if(laid_out.notes.begin(), laid_out.notes.end(), std::back_inserter(output.notes),
                 [](const io::Note& note) { return !is_of_own_source(note); });
    write_matched(laid_out, classes, options, output);
    return output;
  }
  const bool with_logits = has_logits(laid_out);
  ModelSource source = model_source(laid_out, classes, with_logits, becomes);
  output.bundle.files.push_back(text_file("model.py", source.text));
  output.lines = std::move(source.lines);

  std::vector<NamedWeight> weights;
  std::map<std::pair<std::size_t, std::size_t>, std::size_t> storages;
  for (const StateEntry& entry : state_dict(classes)) {
    const std::size_t storage = storages.emplace(entry.identity, storages.size()).first->second;
    weights.push_back({entry.key, storage, entry.weight, entry.trained});
  }
  tensor::OutputFile file = weights_file(output.bundle, weights, options);
  output.bundle.files.push_back(std::move(file));

  const graph::Graph& root = laid_out.graphs.at(laid_out.root);
  output.class_name = classes.classes.back().name;
  output.inputs = port_rows(root, root.inputs);
  output.outputs = port_rows(root, root.outputs);
  output.weights = weight_rows(weights, options);
  output.layers = layer_rows(laid_out, becomes);
  output.modules = module_rows(classes);
  output.loading_snippet = loading_snippet(output.class_name, options);
  output.notes = laid_out.notes;
  output.incomplete = has_stub(classes);
  if (laid_out.training) {
    TrainingScript script = training_script({&laid_out, output.class_name, with_logits, &weights,
                                             loading_import(options), loading_expression(options),
                                             loading_state(options)});
    if (!script.text.empty()) {
      output.bundle.files.push_back(text_file("training.py", script.text));
    }
    if (script.state) {
      tensor::OutputFile state = pt_file(output.bundle, "optimizer.pt", *script.state);
      output.bundle.files.push_back(std::move(state));
    }
    output.notes.insert(output.notes.end(), script.notes.begin(), script.notes.end());
  }
  return output;
}

namespace {

// The plain permutes of a kernel, by its rank alone: (in, out), (length, in, out), (height, width,
// in, out)…
std::vector<std::size_t> assumed_axes(std::size_t rank) {
  std::vector<std::size_t> axes{rank - 1, rank - 2};
  for (std::size_t axis = 0; axis + 2 < rank; ++axis) axes.push_back(axis);
  return axes;
}

bool is_kernel(const std::string& name, std::size_t rank) {
  const std::string stem = name.substr(0, name.rfind(':'));
  return stem.ends_with("kernel") && rank >= 2 && rank <= 5;
}

Weight assumed_weight(const NamedTensor& named, io::Notes& notes) {
  const std::size_t rank = named.tensor.shape.size();
  if (!is_kernel(named.key, rank)) return stored_weight(named.tensor);
  Weight weight = permuted_weight(named.tensor, assumed_axes(rank));
  notes.push_back({io::Severity::Warning, "", "assumed-kind",
                   fmt::format("{} is taken for the kernel of a {} by its {} axes: {}.", named.key,
                               rank == 2 ? "dense layer" : "plain convolution", rank,
                               weight.contiguous.chain)});
  return weight;
}

}  // namespace

Output write_weights_only(const std::vector<NamedTensor>& tensors, const Options& options) {
  const std::optional<tensor::DType> dtype = wanted_dtype(options);
  Output output;
  std::vector<Weight> made;
  for (const NamedTensor& named : tensors) {
    made.push_back(options.assume_kinds ? assumed_weight(named, output.notes)
                                        : stored_weight(named.tensor));
    if (dtype) cast_weight(made.back(), *dtype);
  }
  std::vector<NamedWeight> weights;
  for (std::size_t i = 0; i < made.size(); ++i) weights.push_back({tensors[i].key, i, &made[i]});
  tensor::OutputFile file = weights_file(output.bundle, weights, options);
  output.bundle.files.push_back(std::move(file));
  output.weights = weight_rows(weights, options);
  output.loading_snippet =
      fmt::format("{}\nweights = {}\n", loading_import(options), loading_expression(options));
  output.incomplete = true;
  return output;
}

}  // namespace tensorferry::torch
