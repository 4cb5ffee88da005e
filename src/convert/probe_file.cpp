#include "convert/probe_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <set>

#include "convert/probe.h"
#include "convert/version.h"
#include "graph/evaluate/kernels.h"
#include "io/error.h"
#include "tfjs/verify.h"
#include "torch/state_file.h"
#include "torch/verify.h"

namespace tensorferry::convert {
namespace {

// With more layers than these the roundings of float32 add up: to some five times those of one
// layer, and in the deepest nets to what only the spread of the outputs is a measure of.
constexpr std::size_t layers_of_one = 10;
constexpr std::size_t layers_of_deep_nets = 30;

// Where the outputs see less of the input, errors hide among roundings (as design.md has it).
constexpr double least_sensitivity = 0.05;

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

  /// "input.0", in Keras's layout.
  void add(const std::string& side, const std::vector<tensor::DType>& dtypes,
           const std::vector<graph::Array>& arrays) {
    for (std::size_t i = 0; i < arrays.size(); ++i) {
      keys.push_back(fmt::format("{}.{}", side, i));
      tensors.push_back(torch::stored_weight(tensor_of(keys.back(), arrays[i], dtypes.at(i))));
    }
  }

  /// Of each module that the target calls where the evaluator does.
  std::vector<torch::ProbeLayer> add(const std::vector<ModuleSample>& samples,
                                     const std::vector<torch::ModuleRow>& modules) {
    std::vector<torch::ProbeLayer> rows;
    for (const ModuleSample& sample : samples) {
      const auto row = std::find_if(
          modules.begin(), modules.end(),
          [&](const torch::ModuleRow& module) { return module.module == sample.module; });
      if (row == modules.end()) continue;
      const graph::Array numbers{{sample.values.data.size()}, sample.values.data};
      keys.push_back("layer." + row->path);
      tensors.push_back(
          torch::stored_weight(tensor_of(keys.back(), numbers, tensor::DType::Float32)));
      rows.push_back({row->path, sample.values.shape, row->permute});
    }
    return rows;
  }

  tensor::OutputFile file(tensor::Bundle& bundle) const {
    std::vector<torch::NamedWeight> named;
    for (std::size_t i = 0; i < keys.size(); ++i) named.push_back({keys[i], i, &tensors[i]});
    return torch::safetensors_file(bundle, "probe.safetensors", named);
  }
};

// The half precision of that name.
std::optional<tensor::DType> half_named(const std::string& name) {
  for (const tensor::DType dtype : {tensor::DType::Float16, tensor::DType::BFloat16}) {
    if (tensor::dtype_name(dtype) == name) return dtype;
  }
  return std::nullopt;
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

// What two samples differ in, as a share of the largest value, of the least sensitive output; 1 of
// a single sample.
double sensitivity(const ProbeRun& probe) {
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

std::vector<tensor::DType> dtypes_of(const graph::Graph& graph,
                                     const std::vector<graph::Port>& ports) {
  std::vector<tensor::DType> dtypes;
  for (const graph::Port& port : ports) dtypes.push_back(graph.values[port.value].dtype);
  return dtypes;
}

bool fits(const graph::Array& array, const graph::Value& value) {
  return (!value.rank_known || array.shape.size() == value.shape.size()) &&
         array.data.size() == tensor::element_count(array.shape) &&
         std::all_of(array.data.begin(), array.data.end(),
                     [](double number) { return std::isfinite(number); });
}

bool all_fit(const std::vector<graph::Array>& arrays, const std::vector<graph::Port>& ports,
             const graph::Graph& graph) {
  return std::equal(arrays.begin(), arrays.end(), ports.begin(), ports.end(),
                    [&](const graph::Array& array, const graph::Port& port) {
                      return fits(array, graph.values[port.value]);
                    });
}

// It becomes a part of verify.py's text.
bool is_plain(const std::string& runtime) {
  return runtime.size() < 100 && std::all_of(
                                     runtime.begin(), runtime.end(),
                                     [](char c) {
                                       return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                              (c >= '0' && c <= '9') || c == ' ' || c == '.' ||
                                              c == '-';
                                     });
}

void check_given(const ProbeRun& run, const graph::Program& program) {
  if (!is_plain(run.runtime)) {
    throw io::Error(io::ErrorCode::OptionInvalid,
                    "The probe's runtime is named in letters, digits, spaces, dots and dashes.");
  }
  const graph::Graph& root = program.graphs.at(program.root);
  if (!all_fit(run.inputs, root.inputs, root) || !all_fit(run.outputs, root.outputs, root)) {
    throw io::Error(io::ErrorCode::OptionInvalid, "The probe is not of this model.");
  }
}

void append_file(tensor::Bundle& bundle, const std::string& path, const std::string& text) {
  tensor::OutputFile file{path, {}};
  tensor::append_bytes(file, text);
  bundle.files.push_back(std::move(file));
}

// Nothing of it may be hidden, and what hides an error is said.
void note_sensitivity(const ProbeRun& probe, const std::string& script, io::Notes& notes) {
  const double share = sensitivity(probe);
  if (share >= least_sensitivity) return;
  notes.push_back({io::Severity::Info, "", "probe-insensitive",
                   fmt::format("The probe's samples differ in an output by {:.2g} of its largest "
                               "value only: an error might change it too little for {} to see.",
                               share, script)});
}

io::Note unavailable(const std::string& script, const std::string& reason) {
  return {io::Severity::Warning, "", "probe-unavailable",
          fmt::format("There is no probe and no {} for this model: {}.", script, reason)};
}

std::string by_evaluator() {
  return fmt::format("tensorferry {}'s reference evaluator computed from the Keras file,",
                     version_text);
}

}  // namespace

bool add_probe(torch::Output& output, const torch::Options& options,
               const std::optional<graph::Program>& program, const keras::Model& model,
               const std::vector<io::Source>& files, const std::optional<ProbeRun>& given) {
  std::string reason = "the file holds weights alone";
  if (output.matched && (output.incomplete || !output.matched->same_outputs)) {
    output.notes.push_back(
        unavailable("verify.py", "the matched model does not compute all that Keras's does"));
    return false;
  }
  if (given && program) check_given(*given, *program);
  std::optional<ProbeRun> probe = program ? given : std::nullopt;
  if (!probe && program) {
    probe = make_probe(*program, model, files, options.dtype, {}, reason);
  }
  if (!probe) {
    output.notes.push_back(unavailable("verify.py", reason));
    return false;
  }
  note_sensitivity(*probe, "verify.py", output.notes);
  torch::Verification verification;
  verification.class_name = output.class_name;
  verification.weights = options.weights;
  verification.origin =
      probe->runtime.empty()
          ? by_evaluator()
          : fmt::format("{} computed from the model that tensorferry {} wrote for it,",
                        probe->runtime, version_text);
  verification.half = half_of(output, model);
  const std::size_t layers = weighted_layers(*program);
  verification.several_layers = layers > layers_of_one;
  verification.deep = layers > layers_of_deep_nets;
  verification.keras2 = model.generation != keras::Generation::Keras3;
  ProbeFile file;
  verification.inputs = file.add("input", output.inputs, probe->inputs);
  verification.outputs = file.add("output", output.outputs, probe->outputs);
  verification.matched = output.matched;
  // A match has modules of other names.
  if (!output.matched) verification.layers = file.add(probe->modules, output.modules);
  output.bundle.files.push_back(file.file(output.bundle));
  append_file(output.bundle, "verify.py", torch::verify_source(verification));
  return true;
}

bool add_probe(tfjs::Output& output, const graph::Program& program, const keras::Model& model,
               const std::vector<io::Source>& files) {
  std::string reason;
  const auto probe = make_probe(program, model, files, "", {}, reason);
  if (!probe) {
    output.notes.push_back(unavailable("verify.mjs", reason));
    return false;
  }
  note_sensitivity(*probe, "verify.mjs", output.notes);
  const graph::Graph& root = program.graphs.at(program.root);
  ProbeFile file;
  file.add("input", dtypes_of(root, root.inputs), probe->inputs);
  file.add("output", dtypes_of(root, root.outputs), probe->outputs);
  output.bundle.files.push_back(file.file(output.bundle));
  const std::size_t layers = weighted_layers(program);
  append_file(
      output.bundle, "verify.mjs",
      tfjs::verify_source({by_evaluator(), layers > layers_of_one, layers > layers_of_deep_nets}));
  return true;
}

}  // namespace tensorferry::convert
