#include "cli/arguments.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

namespace tensorferry::cli {
namespace {

/// Which targets an option is for.
/// OwnSource: of PyTorch what only model.py and training.py can follow, not a match.
enum class For { Any, PyTorch, OwnSource, TfJs };

/// Does an option take a value: never, `--name VALUE` or `--name=VALUE`, or only `--name=VALUE`?
enum class Value { None, Needed, Optional };

using Problem = std::optional<std::string>;

struct Flag {
  std::string_view name;
  Value value;
  For target;
  Problem (*set)(Arguments& arguments, const std::string& value);
};

Problem set_weights(Arguments& a, const std::string& value) {
  if (value != "safetensors" && value != "pt") {
    return "--weights is safetensors or pt, not \"" + value + "\".";
  }
  a.options.torch.weights =
      value == "pt" ? torch::WeightFormat::Pt : torch::WeightFormat::Safetensors;
  return {};
}

Problem set_dtype(Arguments& a, const std::string& value) {
  if (value != "float16" && value != "bfloat16" && value != "float32") {
    return "--dtype is float16, bfloat16 or float32, not \"" + value + "\".";
  }
  a.options.torch.dtype = value;
  return {};
}

Problem set_format(Arguments&, const std::string& value) {
  if (value == "auto" || value == "layers") {
    return {};
  }
  return value == "graph" ? "--format graph: not yet."
                          : "--format is auto, layers or graph, not \"" + value + "\".";
}

Problem set_shard_bytes(Arguments& a, const std::string& value) {
  std::uint64_t bytes = 0;
  const char* end = value.data() + value.size();
  const auto parsed = std::from_chars(value.data(), end, bytes);
  if (parsed.ec != std::errc{} || parsed.ptr != end || bytes == 0) {
    return "--weight_shard_size_bytes is a number of bytes above 0, not \"" + value + "\".";
  }
  a.options.tfjs.shard_bytes = bytes;
  return {};
}

// One or more key:file, apart by commas, as tensorflowjs_converter takes them.
Problem set_metadata(Arguments& a, const std::string& value) {
  const std::size_t comma = value.find(',');
  const std::string first = value.substr(0, comma);
  const std::size_t colon = first.find(':');
  if (colon == 0 || colon == std::string::npos || colon + 1 == first.size()) {
    return "--metadata is key:file, not \"" + first + "\".";
  }
  a.metadata_files.emplace_back(first.substr(0, colon), first.substr(colon + 1));
  return comma == std::string::npos ? Problem{} : set_metadata(a, value.substr(comma + 1));
}

template <tensor::DType dtype>
Problem add_quantization(Arguments& a, const std::string& value) {
  a.options.tfjs.quantization.push_back({dtype, value.empty() ? "*" : value});
  return {};
}

Problem set_torch_min(Arguments& a, const std::string& value) {
  const auto version = torch::parse_torch_version(value);
  if (!version) return "--torch-min is a version from 1.13 on, not \"" + value + "\".";
  a.options.torch.torch_min = *version;
  return {};
}

bool names_library(const std::string& value) {
  return value.starts_with("torchvision:") || value.starts_with("timm:");
}

Problem set_match(Arguments& a, const std::string& value) {
  a.options.torch.match.emplace().name = value;
  if (!names_library(value)) {
    a.state_dict_file = value;
    return {};
  }
  const std::vector<std::string> targets = match_targets();
  if (std::find(targets.begin(), targets.end(), value) != targets.end()) return {};
  std::string sentence = "--match knows no " + value + ". It knows";
  for (const std::string& target : targets) sentence += " " + target;
  return sentence + "; any other model is given as a file of its state_dict.";
}

Problem set_loss(Arguments& a, const std::string& value) {
  a.options.loss = value;
  const std::string problem = loss_problem(value);
  return problem.empty() ? Problem{} : Problem{problem};
}

Problem set_optimizer(Arguments& a, const std::string& value) {
  a.options.optimizer = value;
  const std::string problem = optimizer_problem(value);
  return problem.empty() ? Problem{} : Problem{problem};
}

// Alphabetical. `--to` decides which of them fit, so it is read in a pass of its own.
constexpr Flag flags[] = {
    {"--assume-kinds", Value::None, For::OwnSource,
     [](Arguments& a, const std::string&) -> Problem {
       a.options.torch.assume_kinds = true;
       return {};
     }},
    {"--channels-last-io", Value::None, For::OwnSource,
     [](Arguments& a, const std::string&) -> Problem {
       a.options.torch.channels_last_io = true;
       return {};
     }},
    {"--checksums", Value::None, For::Any,
     [](Arguments& a, const std::string&) -> Problem {
       a.options.checksums = true;
       return {};
     }},
    {"--class-name", Value::Needed, For::OwnSource,
     [](Arguments& a, const std::string& value) -> Problem {
       a.options.torch.class_name = value;
       return {};
     }},
    {"--contiguous", Value::None, For::PyTorch,
     [](Arguments& a, const std::string&) -> Problem {
       a.options.torch.contiguous = true;
       return {};
     }},
    {"--dtype", Value::Needed, For::PyTorch, set_dtype},
    {"--format", Value::Needed, For::TfJs, set_format},
    {"--json", Value::None, For::Any,
     [](Arguments& a, const std::string&) -> Problem {
       a.json = true;
       return {};
     }},
    {"--loss", Value::Needed, For::OwnSource, set_loss},
    {"--mapping", Value::Needed, For::PyTorch,
     [](Arguments& a, const std::string& value) -> Problem {
       a.mapping_file = value;
       return {};
     }},
    {"--match", Value::Needed, For::PyTorch, set_match},
    {"--metadata", Value::Needed, For::TfJs, set_metadata},
    {"--optimizer", Value::Needed, For::OwnSource, set_optimizer},
    {"--probe", Value::None, For::Any,
     [](Arguments& a, const std::string&) -> Problem {
       a.options.probe = true;
       return {};
     }},
    {"--quantize_float16", Value::Optional, For::TfJs, add_quantization<tensor::DType::Float16>},
    {"--quantize_uint16", Value::Optional, For::TfJs, add_quantization<tensor::DType::UInt16>},
    {"--quantize_uint8", Value::Optional, For::TfJs, add_quantization<tensor::DType::UInt8>},
    {"--quiet", Value::None, For::Any,
     [](Arguments& a, const std::string&) -> Problem {
       a.quiet = true;
       return {};
     }},
    {"--split_weights_by_layer", Value::None, For::TfJs,
     [](Arguments& a, const std::string&) -> Problem {
       a.options.tfjs.split_weights_by_layer = true;
       return {};
     }},
    {"--torch-min", Value::Needed, For::OwnSource, set_torch_min},
    {"--weight_shard_size_bytes", Value::Needed, For::TfJs, set_shard_bytes},
    {"--weights", Value::Needed, For::PyTorch, set_weights},
};

const Flag* find_flag(std::string_view name) {
  for (const Flag& flag : flags) {
    if (flag.name == name) {
      return &flag;
    }
  }
  return nullptr;
}

/// One argument as it was given: a flag with its value, or a file.
struct Token {
  std::string name;  ///< empty: a file
  std::string value;
  bool has_value = false;
};

struct Parser {
  Arguments result;
  std::optional<Target> target;
  std::vector<std::pair<const Flag*, std::string>> given;

  Problem set_target(const std::string& value) {
    if (value == "pytorch") {
      target = Target::PyTorch;
    } else if (value == "tfjs") {
      target = Target::TfJs;
    } else if (value == "keras" || value == "tensorflow") {
      return "--to " + value + ": not yet.";
    } else {
      return "--to is pytorch or tfjs, not \"" + value + "\".";
    }
    return {};
  }

  Problem add(const Token& token) {
    if (token.name == "--to") {
      return set_target(token.value);
    }
    if (token.name == "-o") {
      result.output = token.value;
      return {};
    }
    const Flag* flag = find_flag(token.name);
    given.emplace_back(flag, token.value);
    return {};
  }

  // Only --json fits `inspect` and `layers`.
  Problem apply_json() {
    for (const auto& [flag, value] : given) {
      if (flag->name != "--json") {
        return std::string(flag->name) + " goes with convert.";
      }
      flag->set(result, value);
    }
    if (target || !result.output.empty()) {
      return "-o and --to go with convert.";
    }
    return {};
  }

  Problem apply_convert() {
    if (!target) {
      return "Say what to convert to: --to pytorch or --to tfjs.";
    }
    if (result.output.empty()) {
      return "Say where to write: -o OUT, a folder or a name that ends in .zip.";
    }
    result.options.target = *target;
    for (const auto& [flag, value] : given) {
      const bool is_of_torch = flag->target == For::PyTorch || flag->target == For::OwnSource;
      if ((is_of_torch && *target != Target::PyTorch) ||
          (flag->target == For::TfJs && *target != Target::TfJs)) {
        return std::string(flag->name) + " goes with --to " + (is_of_torch ? "pytorch." : "tfjs.");
      }
      if (Problem problem = flag->set(result, value)) {
        return problem;
      }
    }
    if (!result.mapping_file.empty() && !result.options.torch.match) {
      return "--mapping goes with --match.";
    }
    if (result.options.torch.match) {
      for (const auto& [flag, value] : given) {
        if (flag->target == For::OwnSource) {
          return std::string(flag->name) +
                 " is for model.py and training.py, which --match does not write.";
        }
      }
    }
    if (result.output.ends_with(".zip")) {
      const std::size_t slash = result.output.rfind('/');
      result.options.zip_name =
          slash == std::string::npos ? result.output : result.output.substr(slash + 1);
    }
    return {};
  }

  Problem finish() {
    if (result.command == Command::Layers) {
      return result.files.empty() ? apply_json() : "layers takes no file: it tells of all classes.";
    }
    if (result.files.empty()) {
      return "Name the file, or the folder, of the model.";
    }
    return result.command == Command::Inspect ? apply_json() : apply_convert();
  }
};

Value value_of(std::string_view name) {
  if (name == "--to" || name == "-o") {
    return Value::Needed;
  }
  return find_flag(name)->value;
}

bool is_known(std::string_view name) { return name == "--to" || name == "-o" || find_flag(name); }

// Reads one argument, and the next one where it is the value.
tl::expected<Token, std::string> next_token(const std::vector<std::string>& arguments,
                                            std::size_t& index) {
  const std::string& text = arguments[index++];
  if (text.size() < 2 || text[0] != '-') {
    return Token{"", text, true};
  }
  const std::size_t equals = text.find('=');
  Token token{text.substr(0, equals), "", equals != std::string::npos};
  if (token.has_value) {
    token.value = text.substr(equals + 1);
  }
  if (!is_known(token.name)) {
    return tl::unexpected("There is no option " + token.name + "; see tensorferry --help.");
  }
  const Value value = value_of(token.name);
  if (value == Value::None && token.has_value) {
    return tl::unexpected(token.name + " takes no value.");
  }
  if (value == Value::Needed && !token.has_value) {
    if (index == arguments.size()) {
      return tl::unexpected(token.name + " needs a value.");
    }
    token.value = arguments[index++];
  }
  return token;
}

}  // namespace

tl::expected<Arguments, std::string> parse_arguments(const std::vector<std::string>& arguments) {
  Parser parser;
  if (arguments.empty()) {
    return tl::unexpected(
        std::string("Say what to do: tensorferry inspect or tensorferry convert; "
                    "see tensorferry --help."));
  }
  const std::string& command = arguments[0];
  for (const std::string& argument : arguments) {
    if (argument == "--help" || argument == "-h" || command == "help") {
      return parser.result;
    }
  }
  if (command == "--version") {
    parser.result.command = Command::Version;
    return parser.result;
  }
  if (command == "inspect") {
    parser.result.command = Command::Inspect;
  } else if (command == "convert") {
    parser.result.command = Command::Convert;
  } else if (command == "layers") {
    parser.result.command = Command::Layers;
  } else {
    return tl::unexpected("There is no command \"" + command + "\"; see tensorferry --help.");
  }

  for (std::size_t index = 1; index < arguments.size();) {
    const auto token = next_token(arguments, index);
    if (!token) {
      return tl::unexpected(token.error());
    }
    if (token->name.empty()) {
      parser.result.files.push_back(token->value);
    } else if (Problem problem = parser.add(*token)) {
      return tl::unexpected(*problem);
    }
  }
  if (Problem problem = parser.finish()) {
    return tl::unexpected(*problem);
  }
  return parser.result;
}

std::string_view help_text() {
  return R"(Usage:
  tensorferry inspect FILE… [--json]
  tensorferry convert FILE… --to pytorch|tfjs -o OUT [options]
  tensorferry layers [--json]           what becomes of each layer class

FILE… is a Keras model (.keras, .h5), an architecture JSON with its weights (one file,
or shards with their list), or a folder that holds exactly one of these. OUT is a folder,
or a name that ends in .zip.
Nothing in the model is executed, and nothing leaves this machine.

Any target:
  --checksums                     SHA-256 of each file in manifest.json
  --json                          progress and report as JSON lines
  --probe                         adds probe.safetensors and verify.py (TF.js: verify.mjs), which
                                  runs the model on it and says PASS or FAIL
  --quiet                         errors only

PyTorch:
  --weights safetensors|pt        how weights are written (safetensors)
  --contiguous                    no strided tensors in a .pt
  --dtype float16|bfloat16|float32
                                  casts the floating weights
  --class-name NAME               of the nn.Module
  --channels-last-io              inputs and outputs keep Keras's layout
  --torch-min VERSION             the oldest torch that runs it (1.13); from 2.1 on attention is
                                  F.scaled_dot_product_attention
  --assume-kinds                  weights without an architecture: permutes by rank
  --loss NAME --optimizer NAME    for training.py, by Keras's names (mse, Adam), in place of what
                                  the file was compiled with
  --match TARGET                  weights for a PyTorch model that you have: torchvision:NAME,
                                  timm:NAME, or a file of its state_dict (.pt, .safetensors)
  --mapping FILE                  mapping.json of such a conversion, corrected

TF.js (tensorflowjs_converter's spellings):
  --format auto|layers
  --quantize_float16[=GLOB] --quantize_uint8[=GLOB] --quantize_uint16[=GLOB]
  --weight_shard_size_bytes N
  --split_weights_by_layer
  --metadata KEY:FILE             JSON of a file, under userDefinedMetadata

Exit codes: 0 converted; 1 converted with something left out, as the notes say;
2 can't be converted; 64 usage.
)";
}

}  // namespace tensorferry::cli
