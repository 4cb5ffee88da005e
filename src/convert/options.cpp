#include <nlohmann/json.hpp>

#include "convert.h"
#include "convert/guard.h"
#include "io/error.h"
#include "torch/match/target_modules.h"

namespace tensorferry {
namespace {

using Json = nlohmann::ordered_json;
using Setter = void (*)(Options& options, const Json& value);

[[noreturn]] void refuse(const std::string& sentence) {
  throw io::Error(io::ErrorCode::OptionInvalid, sentence);
}

tensor::DType quantized_dtype(const std::string& name) {
  if (name == "float16") {
    return tensor::DType::Float16;
  }
  if (name == "uint8") {
    return tensor::DType::UInt8;
  }
  if (name == "uint16") {
    return tensor::DType::UInt16;
  }
  refuse("Quantization is to float16, uint8 or uint16, not to \"" + name + "\".");
}

void set_target(Options& options, const Json& value) {
  const auto name = value.get<std::string>();
  if (name == "pytorch") {
    options.target = Target::PyTorch;
  } else if (name == "tfjs") {
    options.target = Target::TfJs;
  } else {
    refuse("The target is \"pytorch\" or \"tfjs\", not \"" + name + "\".");
  }
}

void set_weights(Options& options, const Json& value) {
  const auto name = value.get<std::string>();
  if (name == "safetensors") {
    options.torch.weights = torch::WeightFormat::Safetensors;
  } else if (name == "pt") {
    options.torch.weights = torch::WeightFormat::Pt;
  } else {
    refuse("Weights are written as \"safetensors\" or \"pt\", not as \"" + name + "\".");
  }
}

void set_dtype(Options& options, const Json& value) {
  const auto name = value.get<std::string>();
  if (!name.empty() && name != "float16" && name != "bfloat16" && name != "float32") {
    refuse("Weights are cast to float16, bfloat16 or float32, not to \"" + name + "\".");
  }
  options.torch.dtype = name;
}

void set_quantization(Options& options, const Json& value) {
  for (const Json& row : value) {
    options.tfjs.quantization.push_back(
        {quantized_dtype(row.at("dtype").get<std::string>()), row.value("glob", "*")});
  }
}

void set_shard_bytes(Options& options, const Json& value) {
  const auto bytes = value.get<std::int64_t>();
  if (bytes < 1) {
    refuse("A shard holds at least one byte, not " + std::to_string(bytes) + ".");
  }
  options.tfjs.shard_bytes = static_cast<std::uint64_t>(bytes);
}

void set_metadata(Options& options, const Json& value) {
  for (const auto& [key, content] : value.items()) {
    options.tfjs.metadata.emplace_back(key, content.dump());
  }
}

void set_torch_min(Options& options, const Json& value) {
  const auto text = value.get<std::string>();
  const auto version = torch::parse_torch_version(text);
  if (!version) refuse("torchMin is a version from 1.13 on, not \"" + text + "\".");
  options.torch.torch_min = *version;
}

torch::MatchOptions& match_of(Options& options) {
  if (!options.torch.match) options.torch.match.emplace();
  return *options.torch.match;
}

void set_match(Options& options, const Json& value) {
  torch::MatchOptions& match = match_of(options);
  match.name = value.at("name").get<std::string>();
  for (const Json& row : value.value("tensors", Json::array())) {
    match.tensors.push_back(
        {row.at("key").get<std::string>(), row.at("shape").get<tensor::Shape>()});
  }
}

void set_mapping(Options& options, const Json& value) {
  match_of(options).mapping = torch::mapping_of_json(value.dump());
}

void set_loss(Options& options, const Json& value) {
  options.loss = value.get<std::string>();
  const std::string problem = options.loss.empty() ? "" : loss_problem(options.loss);
  if (!problem.empty()) refuse(problem);
}

void set_optimizer(Options& options, const Json& value) {
  options.optimizer = value.get<std::string>();
  const std::string problem = options.optimizer.empty() ? "" : optimizer_problem(options.optimizer);
  if (!problem.empty()) refuse(problem);
}

struct Member {
  std::string_view name;
  Setter set;
};

constexpr Member members[] = {
    {"checksums", [](Options& o, const Json& v) { o.checksums = v.get<bool>(); }},
    {"className", [](Options& o, const Json& v) { o.torch.class_name = v.get<std::string>(); }},
    {"contiguous", [](Options& o, const Json& v) { o.torch.contiguous = v.get<bool>(); }},
    {"channelsLastIo", [](Options& o, const Json& v) { o.torch.channels_last_io = v.get<bool>(); }},
    {"assumeKinds", [](Options& o, const Json& v) { o.torch.assume_kinds = v.get<bool>(); }},
    {"dtype", set_dtype},
    {"loss", set_loss},
    {"mapping", set_mapping},
    {"match", set_match},
    {"metadata", set_metadata},
    {"optimizer", set_optimizer},
    {"probe", [](Options& o, const Json& v) { o.probe = v.get<bool>(); }},
    {"quantization", set_quantization},
    {"shardBytes", set_shard_bytes},
    {"splitWeightsByLayer",
     [](Options& o, const Json& v) { o.tfjs.split_weights_by_layer = v.get<bool>(); }},
    {"target", set_target},
    {"torchMin", set_torch_min},
    {"weights", set_weights},
    {"zip", [](Options& o, const Json& v) { o.zip_name = v.get<std::string>(); }},
};

void set_member(Options& options, const std::string& name, const Json& value) {
  for (const Member& member : members) {
    if (member.name == name) {
      member.set(options, value);
      return;
    }
  }
  refuse("There is no option \"" + name + "\".");
}

/// Whether there is an option that only model.py or training.py can follow.
bool writes_own_source(const Options& options) {
  const torch::Options& torch = options.torch;
  return !options.loss.empty() || !options.optimizer.empty() || !torch.class_name.empty() ||
         torch.channels_last_io || torch.assume_kinds || torch.torch_min != torch::TorchVersion{};
}

Options parse(std::string_view text) {
  Options options;
  try {
    const Json root = Json::parse(text);
    for (const auto& [name, value] : root.items()) {
      set_member(options, name, value);
    }
  } catch (const Json::exception& error) {
    refuse(std::string("The options are not as expected: ") + error.what());
  }
  if (options.torch.match && options.torch.match->name.empty()) {
    refuse("A mapping goes with a match.");
  }
  if (options.torch.match && writes_own_source(options)) {
    refuse(
        "A class's name, the inputs' layout, the oldest torch, assumed kinds, a loss and an "
        "optimizer are for model.py and training.py, which a match does not write.");
  }
  return options;
}

std::string names_json(const io::Source& file) {
  Json tensors = Json::array();
  for (const torch::NamedShape& tensor : torch::read_state_dict_names(file)) {
    tensors.push_back({{"key", tensor.key}, {"shape", tensor.shape}});
  }
  return Json({{"name", file.name}, {"tensors", std::move(tensors)}})
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Result<std::string> state_dict_json(const io::Source& file) {
  return convert::guarded([&] { return names_json(file); });
}

std::vector<std::string> match_targets() { return torch::built_in_targets(); }

Result<Options> options_from_json(std::string_view text) {
  return convert::guarded([&] { return parse(text); });
}

}  // namespace tensorferry
