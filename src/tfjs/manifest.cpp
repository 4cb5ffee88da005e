#include "tfjs/manifest.h"

#include <fmt/format.h>

#include "io/overloaded.h"
#include "tfjs/quantization.h"
#include "tfjs/shards.h"

namespace tensorferry::tfjs {
namespace {

void collect(const Network& network, std::vector<WeightGroup>& groups) {
  for (const NetworkLayer& layer : network.layers) {
    WeightGroup group;
    for (const LayerWeight& weight : layer.weights) {
      group.push_back({layer.name + "/" + weight.role, weight});
    }
    if (!group.empty()) {
      groups.push_back(std::move(group));
    }
    if (layer.network != nullptr) {
      collect(*layer.network, groups);
    }
  }
}

void append(tensor::NumberText& text, const std::string& more) { text.pieces.back() += more; }

void append(tensor::NumberText& text, tensor::NumberText::Slot slot) {
  text.slots.push_back(slot);
  text.pieces.emplace_back();
}

std::string json_text(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

tensor::ReduceId add_reduce(tensor::Bundle& bundle, tensor::ReduceKind kind,
                            std::uint32_t computation) {
  bundle.reduces.push_back({kind, tensor::TensorElements{computation}});
  return static_cast<tensor::ReduceId>(bundle.reduces.size() - 1);
}

/// Writes the weights of one group into one stream of bytes and their rows into the manifest.
class GroupWriter {
 public:
  GroupWriter(tensor::Bundle& bundle, WeightsManifest& manifest)
      : bundle_(bundle), manifest_(manifest) {}

  void write(const NamedWeight& named, const std::map<std::string, tensor::DType>& quantized) {
    const auto found = quantized.find(named.name);
    const bool empty = tensor::element_count(named.weight.value.shape) == 0;
    tensor::Computation computation = named.weight.value;
    std::string quantization;
    tensor::NumberText::Slot slot;
    if (found != quantized.end() && !empty && !named.weight.exact) {
      computation.dtype = found->second;
      computation.chain +=
          fmt::format(" > {}({})", found->second == tensor::DType::Float16 ? "cast" : "quantize",
                      tensor::dtype_name(found->second));
      if (found->second == tensor::DType::Float16) {
        computation.values.push_back(tensor::Cast{tensor::DType::Float16});
      } else {
        slot = quantize(computation, found->second);
      }
      quantization = tensor::dtype_name(found->second);
    }
    add_entry(named, quantization, slot);
    manifest_.rows.push_back({named.weight.sources, named.name, computation.shape,
                              computation.dtype, computation.chain});
    tensor::append_tensor(bundle_, stream_, std::move(computation));
  }

  const tensor::OutputFile& stream() const { return stream_; }

 private:
  tensor::NumberText::Slot quantize(tensor::Computation& computation, tensor::DType to) {
    // The next computation of the bundle is this one: a quantized tensor is never a slice.
    const auto index = static_cast<std::uint32_t>(bundle_.computations.size());
    tensor::NumberText::Slot slot;
    slot.minimum = add_reduce(bundle_, tensor::ReduceKind::Minimum, index);
    slot.maximum = add_reduce(bundle_, tensor::ReduceKind::Maximum, index);
    slot.to = to;
    computation.values.push_back(tensor::Quantize{to, slot.minimum, slot.maximum});
    return slot;
  }

  void add_entry(const NamedWeight& named, const std::string& quantization,
                 tensor::NumberText::Slot slot) {
    std::string entry = json_text(
        {{"name", named.name}, {"shape", named.weight.value.shape}, {"dtype", "float32"}});
    tensor::NumberText& text = manifest_.text;
    if (!first_) {
      append(text, ",");
    }
    first_ = false;
    if (quantization.empty()) {
      append(text, entry);
      return;
    }
    entry.pop_back();
    append(text, entry + ",\"quantization\":{\"dtype\":\"" + quantization + "\"");
    if (quantization != "float16") {
      append(text, ",\"min\":");
      slot.number = tensor::NumberText::Number::Minimum;
      append(text, slot);
      append(text, ",\"scale\":");
      slot.number = tensor::NumberText::Number::Scale;
      append(text, slot);
    }
    append(text, ",\"original_dtype\":\"float32\"}}");
  }

  tensor::Bundle& bundle_;
  WeightsManifest& manifest_;
  tensor::OutputFile stream_;
  bool first_ = true;
};

}  // namespace

std::vector<WeightGroup> weight_groups(const Network& network, bool split_by_layer) {
  std::vector<WeightGroup> by_layer;
  collect(network, by_layer);
  if (split_by_layer) {
    return by_layer;
  }
  WeightGroup all;
  for (WeightGroup& group : by_layer) {
    std::move(group.begin(), group.end(), std::back_inserter(all));
  }
  return {all};
}

WeightsManifest plan_weights(tensor::Bundle& bundle, const std::vector<WeightGroup>& groups,
                             const Options& options) {
  WeightsManifest manifest;
  manifest.text.pieces = {"["};
  for (std::size_t g = 0; g < groups.size(); ++g) {
    std::vector<std::string> names;
    for (const NamedWeight& weight : groups[g]) {
      names.push_back(weight.name);
    }
    const auto quantized = quantized_names(options.quantization, names);
    append(manifest.text, g == 0 ? "{\"weights\":[" : ",{\"weights\":[");
    GroupWriter writer(bundle, manifest);
    for (const NamedWeight& weight : groups[g]) {
      writer.write(weight, quantized);
    }
    Json paths = Json::array();
    for (tensor::OutputFile& shard : cut_into_shards(writer.stream(), g + 1, options.shard_bytes)) {
      paths.push_back(shard.path);
      bundle.files.push_back(std::move(shard));
    }
    append(manifest.text, "],\"paths\":" + json_text(paths) + "}");
  }
  append(manifest.text, "]");
  return manifest;
}

}  // namespace tensorferry::tfjs
