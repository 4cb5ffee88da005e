#include "convert/probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <set>
#include <span>

#include "convert/version.h"
#include "graph/evaluate/kernels.h"
#include "io/error.h"
#include "torch/state_file.h"
#include "torch/verify.h"

namespace tensorferry::convert {
namespace {

// Inputs are tried in this order: another one where a number is not finite (the logarithm of a
// negative one) or out of range.
constexpr int attempts = 3;

// With more layers than these the roundings of float32 add up: to some five times those of one
// layer, and in the deepest nets to what only the spread of the outputs is a measure of.
constexpr std::size_t layers_of_one = 10;
constexpr std::size_t layers_of_deep_nets = 30;

// Where the outputs see less of the input, errors hide among roundings (as design.md has it).
constexpr double least_sensitivity = 0.05;

std::vector<std::byte> bytes_of_file(const tensor::Bundle& bundle, const tensor::OutputFile& file,
                                     const std::vector<io::Source>& sources) {
  std::vector<std::byte> bytes(file.size());
  std::uint64_t begin = 0;
  for (const tensor::Part& part : file.parts) {
    const std::uint64_t size = tensor::part_size(part);
    tensor::produce(bundle, part, 0, sources, {}, {}, std::span(bytes).subspan(begin, size));
    begin += size;
  }
  return bytes;
}

// The dropped files, then what is made of them.
std::vector<io::Source> sources_of(const keras::Model& model, std::vector<io::Source> files) {
  tensor::Bundle bundle;
  tensor::add_temporaries(bundle, model.made);
  for (const tensor::OutputFile& temporary : bundle.temporaries) {
    files.push_back(io::memory_source("made", bytes_of_file(bundle, temporary, files)));
  }
  return files;
}

std::optional<tensor::DType> rounded_dtype(const std::string& name) {
  for (const tensor::DType dtype :
       {tensor::DType::Float16, tensor::DType::BFloat16, tensor::DType::Float32}) {
    if (tensor::dtype_name(dtype) == name) return dtype;
  }
  return std::nullopt;
}

graph::LoadTensor weight_loader(std::vector<io::Source> sources,
                                std::optional<tensor::DType> rounded) {
  return [sources = std::move(sources), rounded](const tensor::TensorRef& ref) {
    tensor::Bundle bundle;
    bundle.computations.push_back(tensor::identity_computation(ref));
    tensor::Computation& computation = bundle.computations.back();
    if (rounded && tensor::is_floating_point(ref.dtype)) {
      computation.values.push_back(tensor::Cast{*rounded});
    }
    computation.values.push_back(tensor::Cast{tensor::DType::Float64});
    computation.dtype = tensor::DType::Float64;
    graph::Array array{ref.shape, std::vector<double>(tensor::element_count(ref.shape))};
    const auto bytes = std::as_writable_bytes(std::span(array.data));
    tensor::produce(bundle, tensor::ComputedPart{0, 0, bytes.size()}, 0, sources, {}, {}, bytes);
    return array;
  };
}

bool all_finite(const std::vector<graph::Array>& arrays) {
  return std::all_of(arrays.begin(), arrays.end(), [](const graph::Array& array) {
    return std::all_of(array.data.begin(), array.data.end(),
                       [](double value) { return std::isfinite(value); });
  });
}

std::vector<graph::Array> random_inputs(const graph::Graph& root, const ProbeShapes& shapes,
                                        int attempt) {
  Random random(static_cast<std::uint64_t>(attempt));
  std::vector<graph::Array> inputs;
  for (std::size_t i = 0; i < root.inputs.size(); ++i) {
    InputUse use = shapes.walk.uses[i];
    // An index may be counted up on its way.
    if (use.below) use.below = std::max<std::int64_t>(1, *use.below >> attempt);
    inputs.push_back(
        probe_input(root.values[root.inputs[i].value], shapes.inputs[i], use, attempt > 0, random));
  }
  return inputs;
}

const graph::Node* unsupported_node(const graph::Program& program) {
  for (const graph::Graph& graph : program.graphs) {
    for (const graph::Node& node : graph.nodes) {
      if (std::holds_alternative<graph::Unsupported>(node.op)) return &node;
    }
  }
  return nullptr;
}

// The elements as they lie in a file of this dtype, little-endian. Half precision is written as
// float32, which numpy knows.
template <class Element>
std::vector<std::byte> elements_as(const graph::Array& array) {
  static_assert(std::endian::native == std::endian::little);
  std::vector<std::byte> bytes(array.data.size() * sizeof(Element));
  for (std::size_t i = 0; i < array.data.size(); ++i) {
    const auto element = static_cast<Element>(array.data[i]);
    std::memcpy(bytes.data() + i * sizeof(Element), &element, sizeof(Element));
  }
  return bytes;
}

tensor::TensorRef tensor_of(const std::string& key, const graph::Array& array,
                            tensor::DType dtype) {
  using tensor::DType;
  tensor::TensorRef ref{key, dtype, array.shape, false, tensor::Inline{}};
  auto& bytes = std::get<tensor::Inline>(ref.storage).bytes;
  switch (dtype) {
    case DType::Float16:
    case DType::BFloat16:
    case DType::Float32:
      ref.dtype = DType::Float32;
      bytes = elements_as<float>(array);
      break;
    case DType::Float64:
      bytes = elements_as<double>(array);
      break;
    case DType::Bool:
    case DType::UInt8:
      bytes = elements_as<std::uint8_t>(array);
      break;
    case DType::Int8:
      bytes = elements_as<std::int8_t>(array);
      break;
    case DType::Int16:
      bytes = elements_as<std::int16_t>(array);
      break;
    case DType::UInt16:
      bytes = elements_as<std::uint16_t>(array);
      break;
    case DType::Int32:
      bytes = elements_as<std::int32_t>(array);
      break;
    case DType::UInt32:
      bytes = elements_as<std::uint32_t>(array);
      break;
    case DType::Int64:
      bytes = elements_as<std::int64_t>(array);
      break;
    case DType::UInt64:
      bytes = elements_as<std::uint64_t>(array);
      break;
  }
  return ref;
}

/// The tensors of probe.safetensors, as the target's model takes and gives them.
struct ProbeFile {
  std::vector<torch::Weight> tensors;
  std::vector<std::string> keys;
  std::set<std::string> taken;

  // Two outputs may have one name: both are of one layer.
  std::string free_key(const std::string& wanted) {
    std::string key = wanted;
    for (int count = 2; !taken.insert(key).second; ++count)
      key = fmt::format("{}_{}", wanted, count);
    return key;
  }

  std::vector<torch::ProbeTensor> add(const std::string& side,
                                      const std::vector<torch::PortRow>& ports,
                                      const std::vector<graph::Array>& arrays) {
    std::vector<torch::ProbeTensor> rows;
    for (std::size_t i = 0; i < ports.size(); ++i) {
      const torch::PortRow& port = ports[i];
      const graph::Array array = port.permute.empty()
                                     ? arrays.at(i)
                                     : graph::evaluate_permute({port.permute}, arrays.at(i));
      keys.push_back(free_key(side + "." + port.name));
      tensors.push_back(torch::stored_weight(tensor_of(keys.back(), array, port.dtype)));
      rows.push_back({keys.back(), port.permute});
    }
    return rows;
  }

  tensor::OutputFile file(tensor::Bundle& bundle) const {
    std::vector<torch::NamedWeight> named;
    for (std::size_t i = 0; i < keys.size(); ++i) named.push_back({keys[i], i, &tensors[i]});
    return torch::safetensors_file(bundle, "probe.safetensors", named);
  }
};

std::optional<tensor::DType> half_named(const std::string& name) {
  const std::optional<tensor::DType> dtype = rounded_dtype(name);
  return dtype == tensor::DType::Float32 ? std::nullopt : dtype;
}

// In which Keras computes a layer of a model, at any depth.
std::optional<tensor::DType> half_of_layers(const std::vector<keras::Layer>& layers) {
  for (const keras::Layer& layer : layers) {
    std::optional<tensor::DType> half = half_named(layer.compute_dtype);
    if (!half) half = half_of_layers(layer.wrapped);
    if (!half && layer.model) half = half_of_layers(layer.model->layers);
    if (half) return half;
  }
  return std::nullopt;
}

// Of Keras's layers, or of the weights.
std::optional<tensor::DType> half_of(const torch::Output& output, const keras::Model& model) {
  for (const torch::WeightRow& weight : output.weights) {
    const bool is_half =
        weight.dtype == tensor::DType::Float16 || weight.dtype == tensor::DType::BFloat16;
    if (is_half) return weight.dtype;
  }
  return half_of_layers(model.layers);
}

std::size_t weighted_layers(const graph::Program& program) {
  const auto weighted = [](const graph::Module& module) { return !module.parameters.empty(); };
  return static_cast<std::size_t>(
      std::count_if(program.modules.begin(), program.modules.end(), weighted));
}

std::optional<Probe> try_probe(const graph::Program& program, const keras::Model& model,
                               const std::vector<io::Source>& files, const std::string& dtype,
                               const ProbeLimits& limits, std::string& reason) {
  if (const graph::Node* node = unsupported_node(program)) {
    reason = fmt::format("layer \"{}\" cannot be computed", node->layer);
    return std::nullopt;
  }
  const std::optional<ProbeShapes> shapes = probe_shapes(program, limits, reason);
  if (!shapes) return std::nullopt;
  const auto load = weight_loader(sources_of(model, files), rounded_dtype(dtype));
  const graph::Graph& root = program.graphs.at(program.root);
  for (int attempt = 0; attempt < attempts; ++attempt) {
    Probe probe{random_inputs(root, *shapes, attempt), {}};
    try {
      probe.outputs = graph::evaluate(program, probe.inputs, load);
    } catch (const std::exception& error) {
      reason = std::string("the evaluator says: ") + error.what();
      continue;
    }
    if (all_finite(probe.outputs)) return probe;
    reason = "its outputs are not finite for random inputs";
  }
  return std::nullopt;
}

// What two samples differ in, as a share of the largest value, of the least sensitive output; 1 of
// a single sample.
double sensitivity(const Probe& probe) {
  double least = 1;
  for (const graph::Array& output : probe.outputs) {
    if (output.shape.empty() || output.shape[0] < 2 || output.data.empty()) continue;
    const std::size_t sample = output.data.size() / output.shape[0];
    const std::size_t last = output.data.size() - sample;
    double largest = 0;
    double spread = 0;
    for (std::size_t i = 0; i < sample; ++i) {
      largest = std::max({largest, std::abs(output.data[i]), std::abs(output.data[last + i])});
      spread = std::max(spread, std::abs(output.data[last + i] - output.data[i]));
    }
    if (largest > 0) least = std::min(least, spread / largest);
  }
  return least;
}

void append_file(torch::Output& output, const std::string& path, const std::string& text) {
  tensor::OutputFile file{path, {}};
  tensor::append_bytes(file, text);
  output.bundle.files.push_back(std::move(file));
}

}  // namespace

std::optional<Probe> make_probe(const graph::Program& program, const keras::Model& model,
                                const std::vector<io::Source>& files, const std::string& dtype,
                                const ProbeLimits& limits, std::string& reason) {
  try {
    return try_probe(program, model, files, dtype, limits, reason);
  } catch (const std::exception& error) {
    reason = error.what();
    return std::nullopt;
  }
}

bool add_probe(torch::Output& output, const torch::Options& options,
               const std::optional<graph::Program>& program, const keras::Model& model,
               const std::vector<io::Source>& files) {
  std::string reason = "the file holds weights alone";
  const auto probe =
      program ? make_probe(*program, model, files, options.dtype, {}, reason) : std::nullopt;
  if (!probe) {
    output.notes.push_back(
        {io::Severity::Warning, "", "probe-unavailable",
         fmt::format("There is no probe and no verify.py for this model: {}.", reason)});
    return false;
  }
  if (const double share = sensitivity(*probe); share < least_sensitivity) {
    output.notes.push_back(
        {io::Severity::Info, "", "probe-insensitive",
         fmt::format("The probe's samples differ in an output by {:.2g} of its largest value only: "
                     "an error might change it too little for verify.py to see.",
                     share)});
  }
  torch::Verification verification;
  verification.class_name = output.class_name;
  verification.weights = options.weights;
  verification.runtime = fmt::format("tensorferry {}'s reference evaluator", version_text);
  verification.half = half_of(output, model);
  const std::size_t layers = weighted_layers(*program);
  verification.several_layers = layers > layers_of_one;
  verification.deep = layers > layers_of_deep_nets;
  verification.keras2 = model.generation != keras::Generation::Keras3;
  ProbeFile file;
  verification.inputs = file.add("input", output.inputs, probe->inputs);
  verification.outputs = file.add("output", output.outputs, probe->outputs);
  output.bundle.files.push_back(file.file(output.bundle));
  append_file(output, "verify.py", torch::verify_source(verification));
  return true;
}

}  // namespace tensorferry::convert
