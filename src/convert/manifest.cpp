#include "convert/manifest.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "convert/version.h"
#include "io/note_json.h"

namespace tensorferry::convert {
namespace {

using Json = nlohmann::ordered_json;

// Sixty-four digits that JSON's writer leaves alone, put where a digest goes.
std::string digest_mark(std::size_t file) {
  std::string mark = std::to_string(file);
  return std::string(64 - mark.size(), '#') + mark;
}

Json port_json(const torch::PortRow& port) {
  Json row;
  row["name"] = port.name;
  row["dtype"] = tensor::dtype_name(port.dtype);
  row["keras_shape"] = shape_json(port.keras_shape);
  row["shape"] = shape_json(port.shape);
  row["permute"] = port.permute.empty() ? Json(nullptr) : Json(port.permute);
  return row;
}

Json inputs_json(const Manifest& manifest) {
  Json rows = Json::array();
  for (std::size_t i = 0; i < manifest.inputs.size(); ++i) {
    Json row = port_json(manifest.inputs[i]);
    const bool known = i < manifest.preprocessing.size() && !manifest.preprocessing[i].empty();
    row["preprocess"] = known ? Json(manifest.preprocessing[i]) : Json(nullptr);
    rows.push_back(std::move(row));
  }
  return rows;
}

Json outputs_json(const Manifest& manifest) {
  Json rows = Json::array();
  for (const torch::PortRow& port : manifest.outputs) {
    rows.push_back(port_json(port));
  }
  return rows;
}

Json weight_json(const torch::WeightRow& weight) {
  Json row;
  row["sources"] = weight.sources;
  row["key"] = weight.key;
  row["shape"] = weight.shape;
  row["dtype"] = tensor::dtype_name(weight.dtype);
  row["transform"] = weight.transform;
  if (weight.strided) {
    row["strided"] = true;
  }
  return row;
}

Json files_json(const tensor::Bundle& bundle, bool checksums) {
  Json rows = Json::array();
  for (std::size_t i = 0; i < bundle.files.size(); ++i) {
    Json row = {{"name", bundle.files[i].path}, {"bytes", bundle.files[i].size()}};
    if (checksums) {
      row["sha256"] = digest_mark(i);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

Json source_json(const Manifest& manifest) {
  Json files = Json::array();
  for (const SourceFile& file : manifest.source_files) {
    files.push_back({{"name", file.name}, {"bytes", file.bytes}});
  }
  return {{"files", files},
          {"container", manifest.container},
          {"keras_version", manifest.keras_version},
          {"kind", manifest.kind}};
}

Json entry_json(const Manifest& manifest) {
  if (manifest.entry_file.empty()) {
    return nullptr;
  }
  Json entry = {{"file", manifest.entry_file}};
  if (!manifest.entry_class.empty()) {
    entry["class"] = manifest.entry_class;
  }
  return entry;
}

#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 sees the vector of another alternative used uninitialized (its bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
tensor::Part digest_part(tensor::ReduceId id) {
  return tensor::DeferredPart{64, tensor::ShaText{id}};
}

// Cuts the text at the marks, so that each digest is a part of its own. A mark is looked for as a
// JSON member with its key, behind the last place where one was found, in the list that stands
// last and begins a line: no text of a model can be taken for one.
void append_with_digests(tensor::Bundle& bundle, tensor::OutputFile& file, std::string& text) {
  std::size_t done = 0;
  std::size_t from = text.rfind("\n \"files\": [");
  for (std::uint32_t i = 0; i < bundle.files.size(); ++i) {
    const std::size_t at = text.find("\"sha256\":\"" + digest_mark(i), from) + 10;
    tensor::append_bytes(file, std::string_view(text).substr(done, at - done));
    const auto id = static_cast<tensor::ReduceId>(bundle.reduces.size());
    bundle.reduces.push_back({tensor::ReduceKind::Sha256, tensor::FileBytes{i}});
    file.parts.push_back(digest_part(id));
    text.replace(at, 64, 64, ' ');
    done = at + 64;
    from = done;
  }
  tensor::append_bytes(file, std::string_view(text).substr(done));
}

std::string dumped(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// One line for each member of the root, and for each row of its lists.
std::string text_of(const Json& root) {
  std::string text;
  for (const auto& [name, value] : root.items()) {
    text += (text.empty() ? "{\n \"" : ",\n \"") + name + "\": ";
    if (!value.is_array() || value.empty()) {
      text += dumped(value);
      continue;
    }
    std::string rows;
    for (const Json& row : value) {
      rows += (rows.empty() ? "\n  " : ",\n  ") + dumped(row);
    }
    text += "[" + rows + "\n ]";
  }
  return text + "\n}\n";
}

}  // namespace

nlohmann::ordered_json shape_json(const std::vector<graph::Extent>& shape) {
  Json result = Json::array();
  for (const graph::Extent extent : shape) {
    result.push_back(extent == graph::unknown_extent ? Json(nullptr) : Json(extent));
  }
  return result;
}

std::string append_manifest(tensor::Bundle& bundle, const Manifest& manifest, bool checksums) {
  Json root;
  root["generator"] = "tensorferry " + std::string(version_text);
  root["target"] = manifest.target;
  root["entry"] = entry_json(manifest);
  root["source"] = source_json(manifest);
  root["inputs"] = inputs_json(manifest);
  root["outputs"] = outputs_json(manifest);
  root["weights"] = Json::array();
  for (const torch::WeightRow& weight : manifest.weights) {
    root["weights"].push_back(weight_json(weight));
  }
  root["notes"] = io::notes_json(manifest.notes);
  root["files"] = files_json(bundle, checksums);

  std::string text = text_of(root);
  tensor::OutputFile file{"manifest.json", {}};
  if (checksums) {
    append_with_digests(bundle, file, text);
  } else {
    tensor::append_bytes(file, text);
  }
  bundle.files.push_back(std::move(file));
  return text;
}

}  // namespace tensorferry::convert
