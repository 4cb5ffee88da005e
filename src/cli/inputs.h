#pragma once

#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "convert.h"
#include "io/host.h"

namespace tensorferry::cli {

/// A model that was opened, with what is needed to read it again.
struct Input {
  Document document;
  std::vector<std::string> paths;
  std::vector<io::Source> sources;
};

/// Why there is none: a failure (exit code 2), or a folder of several models (64).
struct InputFailure {
  Failure failure;
  int exit_code = 2;
};

/// Opens the model that these paths name: files, or one folder that holds exactly one model.
tl::expected<Input, InputFailure> open_input(const std::vector<std::string>& paths,
                                             const io::Host& host);

}  // namespace tensorferry::cli
