#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "convert.h"

namespace tensorferry::cli {

/// What `layers` prints, of the text of `layers_json`: a line a class.
std::string layers_text(std::string_view json);

/// What `inspect` prints, of the text of `inspect_json`: the model's head, a table of its layers,
/// its notes.
std::string inspection_text(std::string_view json);

/// What `convert` prints when it is done.
std::string conversion_text(const Plan& plan, const std::string& output);

/// A failure as sentences: its own, then each refused layer's.
std::string failure_text(const Failure& failure);

/// The same as JSON lines: {"event": "report", exitCode, output, files, notes}, {"event": "error",
/// exitCode, code, message, notes}.
std::string conversion_json(const Plan& plan, const std::string& output);
std::string failure_json(const Failure& failure, int exit_code);

}  // namespace tensorferry::cli
