#include "torch/weights_file.h"

namespace tensorferry::torch {

std::vector<WeightRow> weight_rows(const std::vector<NamedWeight>& weights,
                                   const Options& options) {
  std::vector<WeightRow> rows;
  const bool may_stride = options.weights == WeightFormat::Pt && !options.contiguous;
  for (const NamedWeight& named : weights) {
    const Weight& weight = *named.weight;
    rows.push_back({weight.sources, named.key, weight.contiguous.shape, weight.contiguous.dtype,
                    weight.contiguous.chain, may_stride && is_strided(weight)});
  }
  return rows;
}

std::string weights_path(const Options& options) {
  return options.weights == WeightFormat::Pt ? "model.pt" : "model.safetensors";
}

tensor::OutputFile weights_file(tensor::Bundle& bundle, const std::vector<NamedWeight>& weights,
                                const Options& options) {
  return options.weights == WeightFormat::Pt
             ? pt_file(bundle, weights_path(options), weights, !options.contiguous)
             : safetensors_file(bundle, weights_path(options), weights);
}

tensor::OutputFile text_file(const std::string& path, const std::string& text) {
  tensor::OutputFile file{path, {}};
  append_bytes(file, text);
  return file;
}

}  // namespace tensorferry::torch
