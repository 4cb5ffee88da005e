#include "convert/probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "io/error.h"
#include "tensor/produce.h"

namespace tensorferry::convert {
namespace {

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

std::optional<ProbeRun> try_probe(const graph::Program& program, const keras::Model& model,
                                  const std::vector<io::Source>& files, const std::string& dtype,
                                  const ProbeLimits& limits, std::string& reason) {
  for (int attempt = 0; attempt < probe_attempts; ++attempt) {
    std::optional<ProbeInputs> made = make_probe_inputs(program, limits, attempt, reason);
    if (!made) return std::nullopt;
    ProbeRun run{"", std::move(made->inputs), {}, {}};
    const auto observe = [&run](std::uint32_t, const graph::Node& node,
                                const std::vector<graph::Array>& outputs) {
      take_sample(node, outputs, run.modules);
    };
    try {
      run.outputs = evaluate_model(program, model, files, dtype, run.inputs, observe);
    } catch (const std::exception& error) {
      reason = std::string("the evaluator says: ") + error.what();
      continue;
    }
    if (all_finite(run.outputs)) return run;
    reason = "its outputs are not finite for random inputs";
  }
  return std::nullopt;
}

}  // namespace

std::optional<ProbeInputs> make_probe_inputs(const graph::Program& program,
                                             const ProbeLimits& limits, int attempt,
                                             std::string& reason) {
  if (const graph::Node* node = unsupported_node(program)) {
    reason = fmt::format("layer \"{}\" cannot be computed", node->layer);
    return std::nullopt;
  }
  const std::optional<ProbeShapes> shapes = probe_shapes(program, limits, reason);
  if (!shapes) return std::nullopt;
  return ProbeInputs{random_inputs(program.graphs.at(program.root), *shapes, attempt),
                     shapes->walk};
}

std::vector<graph::Array> evaluate_model(const graph::Program& program, const keras::Model& model,
                                         const std::vector<io::Source>& files,
                                         const std::string& dtype,
                                         const std::vector<graph::Array>& inputs,
                                         const graph::ObserveNode& observe) {
  const auto load = weight_loader(sources_of(model, files), rounded_dtype(dtype));
  return graph::evaluate(program, inputs, load, observe);
}

std::optional<ProbeRun> make_probe(const graph::Program& program, const keras::Model& model,
                                   const std::vector<io::Source>& files, const std::string& dtype,
                                   const ProbeLimits& limits, std::string& reason) {
  try {
    return try_probe(program, model, files, dtype, limits, reason);
  } catch (const std::exception& error) {
    reason = error.what();
    return std::nullopt;
  }
}

}  // namespace tensorferry::convert
