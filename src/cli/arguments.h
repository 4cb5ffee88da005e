#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "convert.h"

namespace tensorferry::cli {

enum class Command { Help, Version, Layers, Inspect, Convert };

/// What the command line asks for. `options.zip_name` is set where OUT ends in `.zip`.
struct Arguments {
  Command command = Command::Help;
  std::vector<std::string> files;
  std::string output;
  bool json = false;
  bool quiet = false;
  Options options;
  /// `--metadata key:file`: read by the command, as the parser touches no file.
  std::vector<std::pair<std::string, std::string>> metadata_files;
  std::string state_dict_file;  ///< `--match FILE`; `--mapping FILE` is the other
  std::string mapping_file;
};

/// The arguments after the program's name, or a sentence that says what is wrong (exit code 64).
tl::expected<Arguments, std::string> parse_arguments(const std::vector<std::string>& arguments);

std::string_view help_text();

}  // namespace tensorferry::cli
