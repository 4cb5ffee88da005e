#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/source.h"
#include "keras/model.h"

namespace tensorferry::keras {

/// An architecture that lies in a file of its own (`model.to_json()`, or a `.keras` archive's
/// config.json).
struct ArchitectureFile {
  std::string name;
  Json content;
  std::string keras_version;  ///< of metadata.json; empty where there is none
};

/// Weights, and where they lie in the dropped files.
struct WeightsFile {
  io::Source source;
  io::Placement placement;
};

/// A whole model, or weights alone in the layout of `.h5` or of `.weights.h5`; `architecture`
/// completes weights.
Model read_h5(const WeightsFile& file, const std::optional<ArchitectureFile>& architecture);

/// The shards of one model's `.weights.h5`, in any order.
Model read_shards(const std::vector<WeightsFile>& shards,
                  const std::optional<ArchitectureFile>& architecture);

}  // namespace tensorferry::keras
