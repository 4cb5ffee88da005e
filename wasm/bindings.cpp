// The module's surface for JavaScript: `convert.h`, with files read through a callback. Answers are
// JSON texts
// {"ok": …} or {"error": {code, message, notes}}; bytes are views into the module's memory, valid
// until the next call. Its use is typed in web/src/worker/module.ts.

#include <emscripten/bind.h>
#include <emscripten/val.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "convert.h"
#include "io/crc32.h"
#include "io/note_json.h"
#include "io/overloaded.h"
#include "js_arrays.h"
#include "js_source.h"

namespace {

using emscripten::val;
using Json = nlohmann::ordered_json;
using namespace tensorferry;

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string failed(const Failure& failure) {
  return text_of({{"error",
                   {{"code", io::error_code_name(failure.code)},
                    {"message", failure.message},
                    {"notes", io::notes_json(failure.notes)}}}});
}

std::string failed(const std::string& message) {
  return failed(Failure{io::ErrorCode::Internal, message, {}});
}

std::string succeeded(Json value) { return text_of({{"ok", std::move(value)}}); }

// A FileReaderSync call costs as much as reading 256 KB. The larger a tile, the fewer they are.
tensor::MemoryLimits browser_limits() {
  tensor::MemoryLimits limits;
  limits.tile = 25u << 20;
  limits.read_gap = 256u << 10;
  return limits;
}

Json part_json(const tensor::Bundle& bundle, const tensor::Part& part) {
  Json row = {{"kind", ""}, {"length", tensor::part_size(part)}};
  std::visit(io::overloaded{[&](const tensor::InlinePart&) { row["kind"] = "inline"; },
                            [&](const tensor::SlicePart& slice) {
                              row["kind"] = "slice";
                              row["file"] = slice.file;
                              row["offset"] = slice.offset;
                            },
                            [&](const tensor::ComputedPart&) {
                              row["kind"] = "computed";
                              row["piece"] =
                                  tensor::preferred_piece(bundle, part, browser_limits());
                              row["needs"] = tensor::needs_of(bundle, part);
                            },
                            [&](const tensor::DeferredPart&) {
                              row["kind"] = "deferred";
                              row["needs"] = tensor::needs_of(bundle, part);
                            }},
             part);
  return row;
}

Json lines_json(const std::vector<torch::LinesOfLayer>& lines) {
  Json rows = Json::array();
  for (const torch::LinesOfLayer& found : lines) {
    rows.push_back({{"model", found.graph},
                    {"layer", found.layer},
                    {"first", found.first},
                    {"last", found.last}});
  }
  return rows;
}

std::string_view kind_name(tensor::ReduceKind kind) {
  switch (kind) {
    case tensor::ReduceKind::Minimum:
      return "min";
    case tensor::ReduceKind::Maximum:
      return "max";
    case tensor::ReduceKind::Crc32:
      return "crc32";
    case tensor::ReduceKind::Sha256:
      return "sha256";
  }
  return "";
}

Json files_json(const tensor::Bundle& bundle, const std::vector<tensor::OutputFile>& files) {
  Json rows = Json::array();
  for (const tensor::OutputFile& file : files) {
    Json parts = Json::array();
    for (const tensor::Part& part : file.parts) {
      parts.push_back(part_json(bundle, part));
    }
    rows.push_back({{"path", file.path}, {"bytes", file.size()}, {"parts", std::move(parts)}});
  }
  return rows;
}

Json bundle_json(const tensor::Bundle& bundle) {
  Json reduces = Json::array();
  for (tensor::ReduceId id = 0; id < bundle.reduces.size(); ++id) {
    const tensor::Reduce& reduce = bundle.reduces[id];
    Json row = {{"kind", kind_name(reduce.kind)},
                {"bytes", tensor::reduce_size(bundle, reduce)},
                {"needs", tensor::needs_of(bundle, id)}};
    if (const auto* parts = std::get_if<tensor::FileParts>(&reduce.over)) {
      row["parts"] = {{"file", parts->file}, {"first", parts->first}, {"count", parts->count}};
    }
    reduces.push_back(std::move(row));
  }
  return {{"files", files_json(bundle, bundle.files)},
          {"temporaries", files_json(bundle, bundle.temporaries)},
          {"reduces", std::move(reduces)}};
}

Json result_json(const tensor::ReduceResult& result) {
  return std::visit([](const auto& value) { return Json(value); }, result);
}

// A result is told by its reduction's kind, as JSON has one kind of number.
tensor::ReduceResults results_of(const tensor::Bundle& bundle, const std::string& text) {
  tensor::ReduceResults results;
  const Json known = Json::parse(text);
  for (const auto& [key, value] : known.items()) {
    const auto id = static_cast<tensor::ReduceId>(std::stoul(key));
    switch (bundle.reduces.at(id).kind) {
      case tensor::ReduceKind::Minimum:
      case tensor::ReduceKind::Maximum:
        results[id] = value.get<double>();
        break;
      case tensor::ReduceKind::Crc32:
        results[id] = value.get<std::uint32_t>();
        break;
      case tensor::ReduceKind::Sha256:
        results[id] = value.get<std::string>();
        break;
    }
  }
  return results;
}

std::string bytes_of(const val& array) { return array.as<std::string>(); }

struct OpenJob {
  tensor::Job job;
  std::vector<io::Source> sources;
};

/// One instance for each worker: it holds what was opened and planned, by handles.
class Converter {
 public:
  std::string find_models(const val& files) const {
    const auto models = tensorferry::find_models(js_sources(files));
    return models ? succeeded(*models) : failed(models.error());
  }

  std::string match_targets() const { return succeeded(tensorferry::match_targets()); }

  std::string read_state_dict(const val& file) const {
    const Result<std::string> names = state_dict_json(js_source(file));
    return names ? "{\"ok\":" + *names + "}" : failed(names.error());
  }

  std::string open(const val& files) {
    std::vector<io::Source> sources = js_sources(files);
    Result<Document> document = tensorferry::open(std::move(sources));
    if (!document) {
      return failed(document.error());
    }
    documents_.emplace(++last_handle_, *document);
    return succeeded(last_handle_);
  }

  void close(int handle) { documents_.erase(handle); }

  std::string inspect(int handle) {
    const auto document = documents_.find(handle);
    if (document == documents_.end()) {
      return failed("This model was closed.");
    }
    const Result<std::string> text = inspect_json(document->second);
    return text ? "{\"ok\":" + *text + "}" : failed(text.error());
  }

  std::string statistics(int handle, unsigned tensor, const val& progress) {
    const auto document = documents_.find(handle);
    if (document == documents_.end()) {
      return failed("This model was closed.");
    }
    const Result<std::string> text =
        statistics_json(document->second, tensor, browser_limits(),
                        [&](std::uint64_t read) { progress(static_cast<double>(read)); });
    return text ? "{\"ok\":" + *text + "}" : failed(text.error());
  }

  val probe_inputs(int handle, int attempt) const {
    const auto document = documents_.find(handle);
    if (document == documents_.end()) {
      return val(failed("This model was closed."));
    }
    const Result<ProbeInputs> found = tensorferry::probe_inputs(document->second, attempt);
    if (!found) {
      return val(failed(found.error()));
    }
    val answer = val::object();
    answer.set("inputs", js_arrays(found->inputs));
    answer.set("work", found->work);
    answer.set("bytes", found->bytes);
    answer.set("unavailable", found->unavailable);
    return answer;
  }

  // `step(model, layer, nested, outputs)` is told of each node; `nested` is the model that it
  // calls, or -1; `outputs` (of Float64Arrays) is asked for by a true `with_layers`.
  val evaluate(int handle, const std::string& dtype, const val& inputs, bool with_layers,
               const val& step) const {
    const auto document = documents_.find(handle);
    if (document == documents_.end()) {
      return val(failed("This model was closed."));
    }
    std::vector<convert::ModuleSample> samples;
    const auto outputs = tensorferry::evaluate(
        document->second, dtype, arrays_of(inputs),
        [&](std::uint32_t graph, const graph::Node& node, const std::vector<graph::Array>& made) {
          convert::take_sample(node, made, samples);
          const auto* call = std::get_if<graph::CallGraph>(&node.op);
          step(graph, node.layer, call ? static_cast<int>(call->graph) : -1,
               with_layers ? js_arrays(made) : val::array());
        });
    if (!outputs) {
      return val(failed(outputs.error()));
    }
    val answer = val::object();
    answer.set("outputs", js_arrays(*outputs));
    answer.set("modules", js_samples(samples));
    return answer;
  }

  // `run`: {runtime, inputs, outputs, modules} for the probe, or undefined.
  std::string plan(int handle, const std::string& options_text, const val& run) {
    const auto document = documents_.find(handle);
    if (document == documents_.end()) {
      return failed("This model was closed.");
    }
    Result<Options> options = options_from_json(options_text);
    if (!options) {
      return failed(options.error());
    }
    if (!run.isUndefined()) {
      options->probe = true;
      options->probe_run = probe_run_of(run);
    }
    const Staging staging{browser_limits(), true};
    Result<Plan> plan = tensorferry::plan(document->second, *options, staging);
    if (!plan) {
      return failed(plan.error());
    }
    Json answer = bundle_json(plan->bundle);
    answer["plan"] = ++last_handle_;
    answer["exitCode"] = plan->exit_code;
    answer["notes"] = io::notes_json(plan->notes);
    answer["manifest"] = plan->manifest;
    answer["source"] = plan->source;
    answer["entry"] = plan->entry;
    answer["snippet"] = plan->snippet;
    answer["lines"] = lines_json(plan->lines);
    if (!plan->mapping.empty()) {
      answer["mapping"] = Json::parse(plan->mapping);
    }
    plans_.emplace(last_handle_, std::move(plan->bundle));
    return succeeded(std::move(answer));
  }

  void release_plan(int handle) { plans_.erase(handle); }

  val bytes(int plan, unsigned file, unsigned part, const std::string& results) {
    return with_part(plan, file, part,
                     [&](const tensor::Bundle& bundle, const tensor::Part& found) {
                       return produced(bundle, found, 0, tensor::part_size(found), {},
                                       results_of(bundle, results));
                     });
  }

  val job(int plan, unsigned file, unsigned part, const std::string& results) {
    return with_part(
        plan, file, part, [&](const tensor::Bundle& bundle, const tensor::Part& found) {
          return message(tensor::encode_job(bundle, found, results_of(bundle, results)));
        });
  }

  val reduce_job(int plan, unsigned id, const std::string& results) {
    return with_plan(plan, [&](const tensor::Bundle& bundle) {
      return message(tensor::encode_reduce_job(bundle, id, results_of(bundle, results)));
    });
  }

  std::string open_job(const val& job_bytes, const val& files) {
    try {
      OpenJob opened{tensor::decode_job(bytes_of(job_bytes)), js_sources(files)};
      jobs_.emplace(++last_handle_, std::move(opened));
      return succeeded(last_handle_);
    } catch (const std::exception& error) {
      return failed(error.what());
    }
  }

  void close_job(int handle) { jobs_.erase(handle); }

  val produce(int handle, double begin, double length) {
    const auto found = jobs_.find(handle);
    if (found == jobs_.end()) {
      return val(failed("This job was closed."));
    }
    const OpenJob& opened = found->second;
    return produced(opened.job.bundle, opened.job.part, static_cast<std::uint64_t>(begin),
                    static_cast<std::uint64_t>(length), opened.sources, opened.job.results);
  }

  std::string ranges_read(int handle, double begin, double length) {
    const auto found = jobs_.find(handle);
    if (found == jobs_.end()) {
      return failed("This job was closed.");
    }
    const tensor::Job& job = found->second.job;
    Json ranges = Json::array();
    for (const tensor::SlicePart& range :
         tensor::ranges_read(job.bundle, job.part, static_cast<std::uint64_t>(begin),
                             static_cast<std::uint64_t>(length), browser_limits())) {
      ranges.push_back({{"file", range.file}, {"offset", range.offset}, {"length", range.length}});
    }
    return succeeded(std::move(ranges));
  }

  // To be filled from outside, for crc32.
  val memory(unsigned length) {
    resize_buffer(length);
    return buffer_view();
  }

  // Of what `memory` or `produce` gave last, behind bytes whose CRC is `before`.
  unsigned crc32(unsigned before) const { return io::crc32(buffer_, before); }

  std::string reduce(const val& job_bytes, const val& files, const val& progress) {
    try {
      const tensor::ReduceJob job = tensor::decode_reduce_job(bytes_of(job_bytes));
      const Result<tensor::ReduceResult> result =
          tensorferry::reduce(job.bundle, 0, js_sources(files), job.results, browser_limits(),
                              [&](std::uint64_t read) { progress(static_cast<double>(read)); });
      return result ? succeeded(result_json(*result)) : failed(result.error());
    } catch (const std::exception& error) {
      return failed(error.what());
    }
  }

 private:
  template <class Work>
  val with_plan(int handle, Work&& work) {
    const auto plan = plans_.find(handle);
    if (plan == plans_.end()) {
      return val(failed("This plan was released."));
    }
    try {
      return work(plan->second);
    } catch (const std::exception& error) {
      return val(failed(error.what()));
    }
  }

  template <class Work>
  val with_part(int handle, unsigned file, unsigned part, Work&& work) {
    return with_plan(handle, [&](const tensor::Bundle& bundle) {
      const bool temporary = file >= bundle.files.size();
      const tensor::OutputFile& found =
          temporary ? bundle.temporaries.at(file - bundle.files.size()) : bundle.files[file];
      return work(bundle, found.parts.at(part));
    });
  }

  val message(std::string bytes) {
    message_ = std::move(bytes);
    return val(emscripten::typed_memory_view(
        message_.size(), reinterpret_cast<const unsigned char*>(message_.data())));
  }

  val produced(const tensor::Bundle& bundle, const tensor::Part& part, std::uint64_t begin,
               std::uint64_t length, const std::vector<io::Source>& sources,
               const tensor::ReduceResults& results) {
    resize_buffer(length);
    const Result<void> done =
        tensorferry::produce(bundle, part, begin, sources, results, browser_limits(), buffer_);
    if (!done) {
      return val(failed(done.error()));
    }
    return buffer_view();
  }

  // As large as a tile from the first: memory that a growing vector leaves behind is too small for
  // the next one.
  void resize_buffer(std::uint64_t length) {
    if (buffer_.capacity() < length) {
      buffer_ = std::vector<std::byte>();
      buffer_.reserve(std::max(length, browser_limits().tile));
    }
    buffer_.resize(length);
  }

  val buffer_view() const {
    return val(emscripten::typed_memory_view(
        buffer_.size(), reinterpret_cast<const unsigned char*>(buffer_.data())));
  }

  int last_handle_ = 0;
  std::map<int, Document> documents_;
  std::map<int, tensor::Bundle> plans_;
  std::map<int, OpenJob> jobs_;
  std::vector<std::byte> buffer_;
  std::string message_;
};

std::string version_string() { return std::string(version()); }

}  // namespace

EMSCRIPTEN_BINDINGS(tensorferry) {
  emscripten::function("version", &version_string);
  emscripten::class_<Converter>("Converter")
      .constructor<>()
      .function("findModels", &Converter::find_models)
      .function("matchTargets", &Converter::match_targets)
      .function("readStateDict", &Converter::read_state_dict)
      .function("open", &Converter::open)
      .function("close", &Converter::close)
      .function("inspect", &Converter::inspect)
      .function("statistics", &Converter::statistics)
      .function("probeInputs", &Converter::probe_inputs)
      .function("evaluate", &Converter::evaluate)
      .function("plan", &Converter::plan)
      .function("releasePlan", &Converter::release_plan)
      .function("bytes", &Converter::bytes)
      .function("job", &Converter::job)
      .function("reduceJob", &Converter::reduce_job)
      .function("openJob", &Converter::open_job)
      .function("closeJob", &Converter::close_job)
      .function("rangesRead", &Converter::ranges_read)
      .function("produce", &Converter::produce)
      .function("memory", &Converter::memory)
      .function("crc32", &Converter::crc32)
      .function("reduce", &Converter::reduce);
}
