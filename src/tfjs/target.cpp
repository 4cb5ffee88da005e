#include "tfjs/target.h"

#include "io/error.h"
#include "tfjs/lower_model.h"
#include "tfjs/manifest.h"
#include "tfjs/model_json.h"

namespace tensorferry::tfjs {
namespace {

constexpr const char* loading_snippet =
    "import * as tf from '@tensorflow/tfjs';\n"
    "\n"
    "const model = await tf.loadLayersModel('model.json');\n"
    "const y = model.predict(x);\n";

/// model.json: text alone, or with numbers that are known late.
tensor::OutputFile model_file(const std::string& head, tensor::NumberText manifest) {
  tensor::OutputFile file{"model.json", {}};
  manifest.pieces.back() += "}\n";
  tensor::append_bytes(file, head);
  if (manifest.slots.empty()) {
    tensor::append_bytes(file, manifest.pieces.front());
    return file;
  }
  const std::uint64_t size = tensor::number_text_size(manifest);
  file.parts.push_back(tensor::DeferredPart{size, std::move(manifest)});
  return file;
}

}  // namespace

Output write(const keras::Model& model, const Options& options) {
  if (options.shard_bytes == 0) {
    throw io::Error(io::ErrorCode::OptionInvalid, "The shard size must be 1 byte at least.");
  }
  LoweredModel lowered = lower_model(model);
  Output output;
  WeightsManifest manifest = plan_weights(
      output.bundle, weight_groups(*lowered.network, options.split_weights_by_layer), options);
  const std::string head = model_json_head(model, *lowered.network, options.metadata);
  output.bundle.files.insert(output.bundle.files.begin(),
                             model_file(head, std::move(manifest.text)));
  output.weights = std::move(manifest.rows);
  output.layers = std::move(lowered.layers);
  output.notes = std::move(lowered.notes);
  output.loading_snippet = loading_snippet;
  return output;
}

}  // namespace tensorferry::tfjs
