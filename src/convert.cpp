#include "convert.h"

#include <utility>

#include "convert/guard.h"
#include "convert/inspect.h"
#include "convert/manifest.h"
#include "convert/preprocessing.h"
#include "convert/probe.h"
#include "convert/probe_file.h"
#include "convert/readme.h"
#include "convert/statistics.h"
#include "convert/version.h"
#include "keras/group_files.h"
#include "keras/lower.h"
#include "keras/read.h"

namespace tensorferry {

struct Document::State {
  std::vector<io::Source> files;
  keras::Model model;
  std::optional<graph::Program> program;  ///< none for weights without an architecture
};

namespace {

bool has_architecture(const keras::Model& model) {
  return model.kind != keras::ModelKind::WeightsOnly;
}

std::shared_ptr<const Document::State> read(std::vector<io::Source> files) {
  auto state = std::make_shared<Document::State>();
  state->model = keras::read_model(files);
  state->files = std::move(files);
  if (has_architecture(state->model)) {
    state->program = keras::lower(state->model);
  }
  return state;
}

io::Note architecture_missing() {
  return {io::Severity::Refused, "", "architecture-missing",
          "The file holds weights without the layers that use them, so no model can be written: a "
          "transposed convolution cannot be told from a convolution, nor a Dense layer after a "
          "Flatten from another. The weights keep Keras's names and axis order. Drop the "
          "architecture (the text of model.to_json()) together with the file to complete it."};
}

std::vector<torch::NamedTensor> named_tensors(const keras::Model& model) {
  std::vector<torch::NamedTensor> tensors;
  for (const tensor::TensorRef& tensor : model.tensors) {
    tensors.push_back({tensor.name, tensor});
  }
  return tensors;
}

torch::Output write_torch(const Document::State& state, const torch::Options& options) {
  if (state.program) {
    return torch::write(*state.program, options);
  }
  if (options.match) {
    throw io::Error(io::ErrorCode::ArchitectureMissing,
                    "The file holds weights without the layers that use them, and only layers can "
                    "be matched with a model. Drop the architecture (the text of model.to_json()) "
                    "together with the file.");
  }
  torch::Output output = torch::write_weights_only(named_tensors(state.model), options);
  output.notes.insert(output.notes.begin(), architecture_missing());
  output.incomplete = true;
  return output;
}

tfjs::Output write_tfjs(const Document::State& state, const tfjs::Options& options) {
  if (!state.program) {
    throw io::Error(io::ErrorCode::ArchitectureMissing,
                    "The file holds weights without the layers that use them, and a TF.js model "
                    "needs both. Drop the architecture (the text of model.to_json()) together "
                    "with the file.");
  }
  return tfjs::write(state.model, options);
}

// The model with one's own loss or optimizer in place of the file's.
Document::State trained_as_chosen(const Document::State& state, const Options& options) {
  if (!state.program) {
    throw io::Error(io::ErrorCode::ArchitectureMissing,
                    "The file holds weights without the layers that use them, so there is nothing "
                    "to train with a loss or an optimizer. Drop the architecture (the text of "
                    "model.to_json()) together with the file.");
  }
  Document::State chosen = state;
  chosen.program = keras::lower(state.model, {options.loss, options.optimizer});
  return chosen;
}

// The report begins with what was refused, then what is approximate.
io::Notes in_order_of_severity(const io::Notes& first, const io::Notes& second) {
  io::Notes result;
  for (const io::Severity severity :
       {io::Severity::Refused, io::Severity::Warning, io::Severity::Info}) {
    for (const io::Notes* notes : {&first, &second}) {
      for (const io::Note& note : *notes) {
        if (note.severity == severity) {
          result.push_back(note);
        }
      }
    }
  }
  return result;
}

convert::Manifest manifest_of(const Document::State& state) {
  convert::Manifest manifest;
  for (const io::Source& file : state.files) {
    manifest.source_files.push_back({file.name, file.size});
  }
  manifest.container = state.model.container;
  manifest.keras_version = state.model.keras_version;
  manifest.kind = has_architecture(state.model) ? "model" : "weights";
  manifest.preprocessing = convert::preprocessing_of_inputs(state.model);
  return manifest;
}

std::string inline_text(const tensor::Bundle& bundle, const std::string& path) {
  std::string text;
  for (const tensor::OutputFile& file : bundle.files) {
    if (file.path == path) {
      for (const tensor::Part& part : file.parts) {
        if (const auto* bytes = std::get_if<tensor::InlinePart>(&part)) {
          text += bytes->bytes;
        }
      }
    }
  }
  return text;
}

void append_readme(tensor::Bundle& bundle, const convert::Manifest& manifest,
                   const std::string& snippet, const std::string& language) {
  tensor::OutputFile file{"README.md", {}};
  tensor::append_bytes(file, convert::readme_text(manifest, snippet, language));
  bundle.files.push_back(std::move(file));
}

tensor::Bundle staged(const tensor::Bundle& bundle, std::uint32_t source_count,
                      const Staging& staging) {
  tensor::Bundle decoded = tensor::stage_chunks(bundle, source_count, staging.limits);
  if (!staging.transposes) {
    return decoded;
  }
  return tensor::stage_transposes(decoded, source_count, staging.limits);
}

// README.md and manifest.json join the files; then all of it becomes one zip where that is asked
// for.
Plan finished(tensor::Bundle bundle, const convert::Manifest& manifest, const std::string& snippet,
              const std::string& language, const Options& options, const Staging& staging,
              const std::vector<tensor::Computation>& made) {
  tensor::add_temporaries(bundle, made);
  Plan plan;
  plan.entry = manifest.entry_file;
  plan.source = inline_text(bundle, manifest.entry_file);
  plan.notes = manifest.notes;
  plan.snippet = snippet;
  append_readme(bundle, manifest, snippet, language);
  plan.manifest = convert::append_manifest(bundle, manifest, options.checksums);
  const auto source_count = static_cast<std::uint32_t>(manifest.source_files.size());
  plan.bundle = staged(bundle, source_count, staging);
  if (!options.zip_name.empty()) {
    plan.bundle = tensor::zip_bundle(plan.bundle, options.zip_name, staging.limits);
  }
  return plan;
}

// The commonest error with weights of keras.applications. What the Keras model does by itself
// ("raw"), the matched one does not.
void tell_preprocessing(const torch::MatchOptions& match, convert::Manifest& manifest,
                        io::Notes& notes) {
  if (!match.tensors.empty()) return;
  for (std::string& mode : manifest.preprocessing) {
    if (mode.empty()) continue;
    std::string text;
    if (mode == "torch") {
      text = "These weights want what torchvision's own transforms give. ";
    } else {
      text = "The transforms of torchvision and timm are WRONG for these weights. ";
    }
    text += mode == "raw"
                ? "Give RGB pixels from 0 to 255 to preprocess of load.py, and what comes "
                  "out of it to the model."
                : convert::preprocessing_text(mode) + ".";
    notes.push_back({mode == "torch" ? io::Severity::Info : io::Severity::Warning, "",
                     "match-preprocessing", std::move(text)});
    if (mode == "raw") mode.clear();
  }
}

// Only a run tells.
io::Note match_unverified() {
  return {io::Severity::Warning, "", "match-unverified",
          "What has no weights (activations, additions, the head) was not compared: with a probe "
          "there is a verify.py, which runs both."};
}

Plan plan_torch(const Document::State& state, const Options& options, const Staging& staging) {
  torch::Output output = write_torch(state, options.torch);
  convert::Manifest manifest = manifest_of(state);
  if (options.torch.match) {
    tell_preprocessing(*options.torch.match, manifest, output.notes);
  }
  if (output.matched && !output.matched->is_compared && !options.probe) {
    output.notes.push_back(match_unverified());
  }
  if (options.probe) {
    manifest.has_probe = convert::add_probe(output, options.torch, state.program, state.model,
                                            state.files, options.probe_run);
  }
  manifest.target = "pytorch";
  manifest.entry_file = !state.program ? "" : options.torch.match ? "load.py" : "model.py";
  manifest.entry_class = output.class_name;
  manifest.inputs = std::move(output.inputs);
  manifest.outputs = std::move(output.outputs);
  manifest.weights = std::move(output.weights);
  manifest.notes = in_order_of_severity(state.model.notes, output.notes);
  Plan plan = finished(std::move(output.bundle), manifest, output.loading_snippet, "python",
                       options, staging, state.model.made);
  plan.exit_code = output.incomplete ? 1 : 0;
  plan.lines = std::move(output.lines);
  plan.mapping = std::move(output.mapping);
  return plan;
}

std::vector<torch::WeightRow> weight_rows(const std::vector<tfjs::WeightRow>& weights) {
  std::vector<torch::WeightRow> rows;
  for (const tfjs::WeightRow& weight : weights) {
    rows.push_back(
        {weight.sources, weight.key, weight.shape, weight.dtype, weight.transform, false});
  }
  return rows;
}

Plan plan_tfjs(const Document::State& state, const Options& options, const Staging& staging) {
  tfjs::Output output = write_tfjs(state, options.tfjs);
  const bool has_probe =
      options.probe && convert::add_probe(output, *state.program, state.model, state.files);
  convert::KerasPorts ports = convert::keras_ports(*state.program);
  convert::Manifest manifest = manifest_of(state);
  manifest.has_probe = has_probe;
  manifest.target = "tfjs";
  manifest.entry_file = "model.json";
  manifest.inputs = std::move(ports.inputs);
  manifest.outputs = std::move(ports.outputs);
  manifest.weights = weight_rows(output.weights);
  manifest.notes = in_order_of_severity(state.model.notes, output.notes);
  return finished(std::move(output.bundle), manifest, output.loading_snippet, "js", options,
                  staging, state.model.made);
}

template <class Rows>
convert::Fates fates_of(const Rows& rows) {
  convert::Fates fates;
  for (const auto& row : rows) {
    fates[row.layer] = row.becomes;
  }
  return fates;
}

// What TF.js makes of each layer, or why it can't: the layers that were refused have a note each.
convert::Fates tfjs_fates(const Document::State& state) {
  try {
    return fates_of(write_tfjs(state, {}).layers);
  } catch (const io::Error& error) {
    convert::Fates fates;
    for (const io::Note& note : error.notes()) {
      fates[note.layer] = "refused: " + note.text;
    }
    return fates;
  }
}

std::string inspect_state(const Document::State& state) {
  const torch::Output output = write_torch(state, {});
  return convert::inspection_json(state.model, state.program ? &*state.program : nullptr,
                                  fates_of(output.layers), tfjs_fates(state),
                                  in_order_of_severity(state.model.notes, output.notes));
}

}  // namespace

Result<std::vector<std::vector<std::uint32_t>>> find_models(const std::vector<io::Source>& files) {
  return convert::guarded([&] { return keras::group_files(files); });
}

bool has_architecture(const Document& document) { return document.state().program.has_value(); }

Result<Document> open(std::vector<io::Source> files) {
  return convert::guarded([&] { return Document(read(std::move(files))); });
}

Result<std::string> inspect_json(const Document& document) {
  return convert::guarded([&] { return inspect_state(document.state()); });
}

Result<std::string> statistics_json(const Document& document, std::size_t index,
                                    const tensor::MemoryLimits& limits,
                                    const std::function<void(std::uint64_t)>& progress) {
  return convert::guarded([&] {
    const Document::State& state = document.state();
    const tensor::Computation tensor = convert::computation_of(state.model, state.files, index);
    return convert::statistics_text(tensor::statistics_of(tensor, state.files, limits, progress));
  });
}

Result<ProbeInputs> probe_inputs(const Document& document, int attempt) {
  return convert::guarded([&] {
    ProbeInputs result;
    result.unavailable = "the file holds weights alone";
    const std::optional<graph::Program>& program = document.state().program;
    if (!program) return result;
    auto made = convert::make_probe_inputs(*program, {}, attempt, result.unavailable);
    if (!made) return result;
    return ProbeInputs{std::move(made->inputs), made->walk.work, made->walk.bytes, ""};
  });
}

Result<std::vector<graph::Array>> evaluate(const Document& document, const std::string& dtype,
                                           const std::vector<graph::Array>& inputs,
                                           const graph::ObserveNode& observe) {
  return convert::guarded([&] {
    const Document::State& state = document.state();
    if (!state.program) {
      throw io::Error(io::ErrorCode::ArchitectureMissing, "Weights alone compute nothing.");
    }
    return convert::evaluate_model(*state.program, state.model, state.files, dtype, inputs,
                                   observe);
  });
}

Result<Plan> plan(const Document& document, const Options& options, const Staging& staging) {
  return convert::guarded([&] {
    switch (options.target) {
      case Target::PyTorch:
        if (options.loss.empty() && options.optimizer.empty()) {
          return plan_torch(document.state(), options, staging);
        }
        return plan_torch(trained_as_chosen(document.state(), options), options, staging);
      case Target::TfJs:
        return plan_tfjs(document.state(), options, staging);
    }
    throw io::Error(io::ErrorCode::OptionInvalid, "There is no such target.");
  });
}

Result<void> produce(const tensor::Bundle& bundle, const tensor::Part& part, std::uint64_t begin,
                     const std::vector<io::Source>& sources, const tensor::ReduceResults& results,
                     const tensor::MemoryLimits& limits, std::span<std::byte> out) {
  return convert::guarded(
      [&] { tensor::produce(bundle, part, begin, sources, results, limits, out); });
}

Result<tensor::ReduceResult> reduce(const tensor::Bundle& bundle, tensor::ReduceId id,
                                    const std::vector<io::Source>& sources,
                                    const tensor::ReduceResults& results,
                                    const tensor::MemoryLimits& limits,
                                    const std::function<void(std::uint64_t)>& progress) {
  return convert::guarded(
      [&] { return tensor::reduce(bundle, id, sources, results, limits, progress); });
}

std::string_view version() { return convert::version_text; }

}  // namespace tensorferry
