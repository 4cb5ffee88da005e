#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"
#include "tensor/bundle.h"
#include "torch/match/match.h"
#include "torch/module_rows.h"

namespace tensorferry::torch {

enum class WeightFormat { Safetensors, Pt };

/// The oldest torch that the source must run on.
struct TorchVersion {
  int major = 1;
  int minor = 13;
  auto operator<=>(const TorchVersion&) const = default;
};

/// "2.1", at least 1.13; none if it is another text.
std::optional<TorchVersion> parse_torch_version(std::string_view text);

struct Options {
  WeightFormat weights = WeightFormat::Safetensors;
  bool contiguous = false;  ///< `.pt` without strided tensors
  std::string dtype;        ///< "", "float16", "bfloat16", "float32": cast of floating weights
  std::string class_name;   ///< "": from the model's name
  bool channels_last_io = false;
  TorchVersion torch_min;
  bool assume_kinds = false;          ///< weights-only files: plain permutes by rank
  std::optional<MatchOptions> match;  ///< weights for a PyTorch model that is there already
};

/// One row of `manifest.json`'s `weights`.
struct WeightRow {
  std::vector<std::string> sources;
  std::string key;
  tensor::Shape shape;
  tensor::DType dtype = tensor::DType::Float32;
  std::string transform;
  bool strided = false;
};

/// One row of `inputs` or `outputs`; `permute` is empty where the layout is Keras's.
struct PortRow {
  std::string name;
  tensor::DType dtype = tensor::DType::Float32;
  std::vector<graph::Extent> keras_shape;
  std::vector<graph::Extent> shape;
  std::vector<std::size_t> permute;
};

/// What becomes of a Keras layer, for reports: e.g. {"conv1", "nn.Conv2d"}.
struct LayerRow {
  std::string layer;
  std::string becomes;
};

/// Lines of model.py that are of a Keras layer, counted from 1: where it is made, where it is
/// called.
struct LinesOfLayer {
  std::uint32_t graph = 0;  ///< index into `Program::graphs`: of the model that has the layer
  std::string layer;
  std::size_t first = 0;
  std::size_t last = 0;
};

/// How the model of a match is run, and what is to be done to its output to be Keras's.
struct MatchedRun {
  bool built_in = true;           ///< `load.load_model()`; else `load.load_into` of the user's
  bool rescales = false;          ///< `load.preprocess` comes first
  std::string output_activation;  ///< "softmax", "sigmoid" or empty
  bool same_outputs = true;       ///< false: without its head it gives something else
  bool is_compared = false;       ///< what has no weights, too; the notes say what differs
};

struct Output {
  tensor::Bundle bundle;  ///< model.py, model.safetensors or model.pt
  std::string class_name;
  std::vector<PortRow> inputs;
  std::vector<PortRow> outputs;
  std::vector<WeightRow> weights;
  std::vector<LayerRow> layers;
  std::vector<LinesOfLayer> lines;
  std::vector<ModuleRow> modules;
  std::string loading_snippet;        ///< the lines of Python that load the model
  io::Notes notes;                    ///< of lowering, passes and this target
  std::string mapping;                ///< text of mapping.json, with `Options::match`
  std::optional<MatchedRun> matched;  ///< with `Options::match`
  bool incomplete = false;            ///< a stub stands in for a layer: exit 1
};

/// `program` is what `keras::lower` made. Runs the layout pass, plans the files. No tensor byte is
/// read.
Output write(const graph::Program& program, const Options& options);

/// Weights without an architecture: Keras's own names and axes, bytes unchanged, and no model.py.
/// With `assume_kinds` kernels are permuted by their rank alone, each with a note `assumed-kind`.
struct NamedTensor {
  std::string key;
  tensor::TensorRef tensor;
};
Output write_weights_only(const std::vector<NamedTensor>& tensors, const Options& options);

}  // namespace tensorferry::torch
