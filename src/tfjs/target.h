#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "keras/model.h"
#include "tensor/bundle.h"

namespace tensorferry::tfjs {

/// tensorflowjs_converter's flags: a glob over weight names (`*` where the flag has no value).
struct Quantization {
  tensor::DType dtype = tensor::DType::UInt8;  ///< Float16, UInt8, UInt16
  std::string glob = "*";
};

struct Options {
  std::vector<Quantization> quantization;
  std::uint64_t shard_bytes = 4u << 20;
  bool split_weights_by_layer = false;
  std::vector<std::pair<std::string, std::string>> metadata;  ///< key → JSON text
};

struct WeightRow {
  std::vector<std::string> sources;
  std::string key;
  tensor::Shape shape;
  tensor::DType dtype = tensor::DType::Float32;
  std::string transform;
};

struct LayerRow {
  std::string layer;
  std::string becomes;  ///< TF.js's class, or "lowered: …"
};

struct Output {
  tensor::Bundle bundle;  ///< model.json, group1-shardXofY.bin
  std::vector<WeightRow> weights;
  std::vector<LayerRow> layers;
  std::string loading_snippet;  ///< JavaScript
  io::Notes notes;
};

/// Throws io::Error{LayerUnsupported} naming *all* layers that TF.js cannot have (wall 6).
Output write(const keras::Model& model, const Options& options);

}  // namespace tensorferry::tfjs
