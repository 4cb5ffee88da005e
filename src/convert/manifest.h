#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "io/note.h"
#include "tensor/bundle.h"
#include "torch/target.h"

namespace tensorferry::convert {

/// One of the files that were dropped.
struct SourceFile {
  std::string name;
  std::uint64_t bytes = 0;
};

/// Everything that `manifest.json` says; the contract is in site/docs/design.md.
struct Manifest {
  std::string target;  ///< "pytorch", "tfjs"
  std::string entry_file;
  std::string entry_class;  ///< empty where the target has no class
  std::vector<SourceFile> source_files;
  std::string container;
  std::string keras_version;
  std::string kind;  ///< "model", "weights"
  std::vector<torch::PortRow> inputs;
  std::vector<std::string> preprocessing;  ///< of each input: a mode, or empty where none is known
  std::vector<torch::PortRow> outputs;
  std::vector<torch::WeightRow> weights;
  io::Notes notes;
  bool has_probe = false;  ///< of the README only: verify.py is among the files
};

/// A shape as JSON: a free extent is null.
nlohmann::ordered_json shape_json(const std::vector<graph::Extent>& shape);

/// Appends `manifest.json`, which lists the files that are in the bundle now. With `checksums` each
/// of them has a `sha256`, which is known only when its bytes are. Each row of a list is one line.
/// Returns the text; a checksum is spaces there.
std::string append_manifest(tensor::Bundle& bundle, const Manifest& manifest, bool checksums);

}  // namespace tensorferry::convert
