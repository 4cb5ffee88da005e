#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "convert/probe_run.h"
#include "graph/evaluate.h"
#include "io/error.h"
#include "io/note.h"
#include "io/source.h"
#include "tensor/bundle.h"
#include "tensor/produce.h"
#include "tensor/read_ahead.h"
#include "tensor/rectangle.h"
#include "tensor/stage.h"
#include "tfjs/target.h"
#include "torch/target.h"

/// The façade: all that `wasm/` and the command line include, with what it takes to write a plan
/// (tensor/stage.h, tensor/read_ahead.h, tensor/rectangle.h). No exception leaves its functions.
namespace tensorferry {

/// Why something cannot be done. `notes` names all refused layers where that is the reason.
struct Failure {
  io::ErrorCode code = io::ErrorCode::Internal;
  std::string message;
  io::Notes notes;
};

template <class Value>
using Result = tl::expected<Value, Failure>;

/// An opened model: described, no tensor read. Cheap to copy.
class Document {
 public:
  struct State;
  explicit Document(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  const State& state() const { return *state_; }

 private:
  std::shared_ptr<const State> state_;
};

/// Which of these files make up a model each, by their contents, as indices; see
/// keras/group_files.h. None where no file is a model's.
Result<std::vector<std::vector<std::uint32_t>>> find_models(const std::vector<io::Source>& files);

/// Opens the one model that these files hold (a model; architecture JSON and weights; shards).
Result<Document> open(std::vector<io::Source> files);

/// False for weights alone.
bool has_architecture(const Document& document);

enum class Target { PyTorch, TfJs };

struct Options {
  Target target = Target::PyTorch;
  torch::Options torch;
  tfjs::Options tfjs;
  std::string loss;       ///< PyTorch: of training.py; one of `loss_names`, empty: as the file says
  std::string optimizer;  ///< PyTorch: one of `optimizer_names`
  bool checksums = false;  ///< `files[].sha256` of manifest.json
  bool probe = false;  ///< probe.safetensors and verify.py or .mjs; `plan` computes the model once
  std::optional<convert::ProbeRun> probe_run;  ///< PyTorch: made elsewhere, in place of that
  std::string zip_name;  ///< non-empty: one stored zip of that name, with true CRCs
};

/// Options from the spelling that the page and the npm package use; see `web/src/options.ts`:
/// {"target": "pytorch"|"tfjs", "weights": "safetensors"|"pt", "contiguous", "dtype", "className",
///  "channelsLastIo", "torchMin": "2.1", "assumeKinds", "checksums", "probe", "zip": "name.zip",
///  "quantization": [{"dtype": "float16"|"uint8"|"uint16", "glob": "*"}], "shardBytes",
///  "splitWeightsByLayer", "metadata": {"key": {…}}, "match": {"name": a built-in target} or what
/// `state_dict_json` gives, "mapping": [{"layer", "module"}], "loss", "optimizer"}. Unknown members
/// are refused.
Result<Options> options_from_json(std::string_view text);

/// The PyTorch models that weights can be matched with by name: "torchvision:resnet50"….
std::vector<std::string> match_targets();

/// Names and shapes of a state_dict (`.pt` or `.safetensors`), as the option "match" takes them:
/// {"name", "tensors": [{"key", "shape"}]}. Nothing of a pickle is executed.
Result<std::string> state_dict_json(const io::Source& file);

/// What the options "loss" and "optimizer" take: of each class its name, then its other names.
/// Optimizers are found in any case ("adam").
std::vector<std::vector<std::string>> loss_names();
std::vector<std::vector<std::string>> optimizer_names();

/// Why a loss or an optimizer of that name cannot be chosen, with the names that can; empty: it
/// can.
std::string loss_problem(const std::string& name);
std::string optimizer_problem(const std::string& name);

/// What is in the file, as JSON: {"name", "container", "kerasVersion", "generation", "kind",
/// "parameters", "trainableParameters", "bytes", "inputs": [{name, dtype, shape}], "outputs": […],
/// "layers": [{"name", "class", "depth", "outputShape", "parameters", "trainable", "pytorch",
/// "tfjs", "model", "calls", "weights"}], "weights": [{"name", "shape", "dtype", "storage"}],
/// "notes": [{severity, layer, code, text}], "training": {"losses": of each output the class or
/// null, "optimizer": its class or null, "lossChoices": [classes], "optimizerChoices": [classes]}
/// or null for weights alone}. Unknown extents are null. Layers of a nested model
/// follow it, one deeper; "model" is the number of the model that a layer is in, as in
/// `Plan::lines`; "calls" has for each call of the layer the layers whose outputs it takes, as
/// indices of "layers"; "weights" are indices too.
Result<std::string> inspect_json(const Document& document);

/// Random inputs for a run of the model, the same each time for one `attempt` (0, 1, 2: others
/// where outputs were not finite). `work`: multiply-adds of the reference evaluator, or what takes
/// as long; `bytes` that it holds at once. `unavailable`: why there are none, else empty.
struct ProbeInputs {
  std::vector<graph::Array> inputs;
  double work = 0;
  double bytes = 0;
  std::string unavailable;
};
Result<ProbeInputs> probe_inputs(const Document& document, int attempt);

/// What the reference evaluator makes of inputs, with weights rounded to `dtype` ("" for none).
/// Unlike a plan this reads weights.
Result<std::vector<graph::Array>> evaluate(const Document& document, const std::string& dtype,
                                           const std::vector<graph::Array>& inputs,
                                           const graph::ObserveNode& observe);

/// The plan of an output. `exit_code` is 0, or 1 where something was left out.
struct Plan {
  tensor::Bundle bundle;
  io::Notes notes;
  int exit_code = 0;
  std::string manifest;                    ///< text of manifest.json without checksums
  std::string source;                      ///< text of model.py, or of model.json for TF.js
  std::string entry;                       ///< "model.py", "model.json"
  std::string snippet;                     ///< the lines that load it, as README.md has them
  std::string mapping;                     ///< text of mapping.json, of a match
  std::vector<torch::LinesOfLayer> lines;  ///< which of model.py are of which layer
};

/// How a plan's bytes will be made.
struct Staging {
  tensor::MemoryLimits limits;  ///< the same that `produce` will get
  /// Large transposes go through temporaries; else whoever writes takes rectangles
  /// (tensor/rectangle.h).
  bool transposes = false;
};
Result<Plan> plan(const Document& document, const Options& options, const Staging& staging);

/// Makes bytes of one part; see tensor::produce.
Result<void> produce(const tensor::Bundle& bundle, const tensor::Part& part, std::uint64_t begin,
                     const std::vector<io::Source>& sources, const tensor::ReduceResults& results,
                     const tensor::MemoryLimits& limits, std::span<std::byte> out);
Result<tensor::ReduceResult> reduce(const tensor::Bundle& bundle, tensor::ReduceId id,
                                    const std::vector<io::Source>& sources,
                                    const tensor::ReduceResults& results,
                                    const tensor::MemoryLimits& limits,
                                    const std::function<void(std::uint64_t)>& progress);

/// What the elements of a tensor are like (`weights[index]` of `inspect_json`), as JSON: {"count",
/// "notFinite", "minimum", "maximum", "mean", "deviation", "histogram": [counts of equal bins]}.
/// Reads the tensor twice.
Result<std::string> statistics_json(const Document& document, std::size_t index,
                                    const tensor::MemoryLimits& limits,
                                    const std::function<void(std::uint64_t)>& progress);

/// What becomes of each layer class of Keras, as JSON: [{"class", "pytorch", "tfjs", "reason"}], by
/// class. "pytorch" is "converted", "training only" (nothing at inference), "refused" or
/// "abstract"; "tfjs" is "converted", "refused" or "abstract"; "reason" says why "pytorch" is none
/// of the first two.
std::string layers_json();

/// "0.1.0", the one place of the version (CMake's project version).
std::string_view version();

}  // namespace tensorferry
