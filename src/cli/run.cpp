#include "cli/run.h"

#include <utility>

#include "cli/arguments.h"
#include "cli/inputs.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/write.h"
#include "io/error.h"

namespace tensorferry::cli {
namespace {

constexpr int exit_refused = 2;
constexpr int exit_usage = 64;

int tell(const Failure& failure, int exit_code, const Arguments& arguments, const io::Host& host) {
  if (arguments.json) {
    host.print(failure_json(failure, exit_code));
  } else {
    host.print_error("tensorferry: " + failure_text(failure));
  }
  return exit_code;
}

int inspect(const Arguments& arguments, const io::Host& host) {
  const auto input = open_input(arguments.files, host);
  if (!input) {
    return tell(input.error().failure, input.error().exit_code, arguments, host);
  }
  const Result<std::string> json = inspect_json(input->document);
  if (!json) {
    return tell(json.error(), exit_refused, arguments, host);
  }
  host.print(arguments.json ? *json + "\n" : inspection_text(*json));
  return 0;
}

int layers(const Arguments& arguments, const io::Host& host) {
  const std::string json = layers_json();
  host.print(arguments.json ? json + "\n" : layers_text(json));
  return 0;
}

std::string text_of(const io::Source& source) {
  std::string text(source.size, '\0');
  source.read(0, std::as_writable_bytes(std::span(text.data(), text.size())));
  return text;
}

/// The options, with what their files hold.
Result<Options> options_with_files(const Arguments& arguments, const io::Host& host) {
  Options options = arguments.options;
  try {
    for (const auto& [key, path] : arguments.metadata_files) {
      options.tfjs.metadata.emplace_back(key, text_of(host.open(path)));
    }
    if (!arguments.state_dict_file.empty()) {
      options.torch.match->tensors =
          torch::read_state_dict_names(host.open(arguments.state_dict_file));
    }
    if (!arguments.mapping_file.empty()) {
      options.torch.match->mapping =
          torch::mapping_of_json(text_of(host.open(arguments.mapping_file)));
    }
  } catch (const io::Error& error) {
    return tl::unexpected(Failure{error.code(), error.what(), {}});
  }
  return options;
}

ProgressStyle progress_style(const Arguments& arguments, const io::Host& host) {
  if (arguments.json) {
    return ProgressStyle::JsonLines;
  }
  return arguments.quiet || !host.is_terminal() ? ProgressStyle::None : ProgressStyle::Bar;
}

// A zip stands beside OUT's own folder, files stand in OUT.
std::string folder_of(const Arguments& arguments) {
  if (arguments.options.zip_name.empty()) {
    return arguments.output;
  }
  const std::size_t slash = arguments.output.rfind('/');
  return slash == std::string::npos ? "." : arguments.output.substr(0, slash);
}

Result<Plan> carry_out(const Input& input, const Arguments& arguments, const io::Host& host) {
  const Result<Options> options = options_with_files(arguments, host);
  if (!options) {
    return tl::unexpected(options.error());
  }
  Result<Plan> planned = plan(input.document, *options, Staging{limits_of(host), false});
  if (!planned) {
    return planned;
  }
  ProgressDisplay display(progress_style(arguments, host), host);
  const Result<void> written =
      write_bundle(planned->bundle, folder_of(arguments), input.paths, input.sources, host,
                   [&](std::uint64_t done, std::uint64_t total) { display.show(done, total); });
  display.finish();
  if (!written) {
    return tl::unexpected(written.error());
  }
  return planned;
}

int convert(const Arguments& arguments, const io::Host& host) {
  const auto input = open_input(arguments.files, host);
  if (!input) {
    return tell(input.error().failure, input.error().exit_code, arguments, host);
  }
  const Result<Plan> done = carry_out(*input, arguments, host);
  if (!done) {
    return tell(done.error(), exit_refused, arguments, host);
  }
  if (arguments.json) {
    host.print(conversion_json(*done, arguments.output));
  } else if (!arguments.quiet) {
    host.print(conversion_text(*done, arguments.output));
  }
  return done->exit_code;
}

}  // namespace

int run(const std::vector<std::string>& arguments, const io::Host& host) {
  const auto parsed = parse_arguments(arguments);
  if (!parsed) {
    host.print_error("tensorferry: " + parsed.error() + "\n");
    return exit_usage;
  }
  switch (parsed->command) {
    case Command::Help:
      host.print(help_text());
      return 0;
    case Command::Version:
      host.print("tensorferry " + std::string(version()) + "\n");
      return 0;
    case Command::Layers:
      return layers(*parsed, host);
    case Command::Inspect:
      return inspect(*parsed, host);
    case Command::Convert:
      return convert(*parsed, host);
  }
  return exit_usage;
}

}  // namespace tensorferry::cli
