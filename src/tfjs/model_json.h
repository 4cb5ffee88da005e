#pragma once

#include <string>
#include <utility>
#include <vector>

#include "keras/model.h"
#include "tfjs/network.h"

namespace tensorferry::tfjs {

/// `model_config` in the dialect of Keras 2 that TF.js reads: {"class_name", "config"}.
Json model_config(const Network& network);

/// The text of model.json up to `"weightsManifest":`, whose value and a closing brace follow.
/// `metadata`: key and JSON text. Throws io::Error{OptionInvalid} for metadata that is no JSON.
std::string model_json_head(const keras::Model& model, const Network& network,
                            const std::vector<std::pair<std::string, std::string>>& metadata);

}  // namespace tensorferry::tfjs
