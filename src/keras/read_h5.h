#pragma once

#include <optional>

#include "io/source.h"
#include "keras/model.h"

namespace tensorferry::keras {

/// An architecture that lies in a file of its own (`model.to_json()`).
struct ArchitectureFile {
  std::string name;
  Json content;
};

/// A whole model, or weights alone in the layout of `.h5` or of `.weights.h5`; `architecture`
/// completes weights.
Model read_h5(const io::Source& file, const io::Placement& placement,
              const std::optional<ArchitectureFile>& architecture);

}  // namespace tensorferry::keras
