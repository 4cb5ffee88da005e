#pragma once

#include <string>
#include <vector>

#include "tensor/bundle.h"
#include "tfjs/network.h"
#include "tfjs/target.h"

namespace tensorferry::tfjs {

/// A weight with its name in the whole model, "<layer>/<role>".
struct NamedWeight {
  std::string name;
  LayerWeight weight;
};

/// Weights that share shards: all of the model, or those of one layer.
using WeightGroup = std::vector<NamedWeight>;

/// The weights of a network, nested ones included, in groups as the options say.
std::vector<WeightGroup> weight_groups(const Network& network, bool split_by_layer);

/// `weightsManifest` of model.json as text; its numbers are known late where weights are quantized.
struct WeightsManifest {
  tensor::NumberText text;
  std::vector<WeightRow> rows;
};

/// Plans the shards "group<g>-shard<i>of<n>.bin" of each group and appends them to the bundle. A
/// group's bytes are joined and cut every `shard_bytes`, through tensors too.
/// (tensorflowjs/write_weights.py)
WeightsManifest plan_weights(tensor::Bundle& bundle, const std::vector<WeightGroup>& groups,
                             const Options& options);

}  // namespace tensorferry::tfjs
