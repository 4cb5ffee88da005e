#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tensor/tensor_ref.h"
#include "torch/target.h"

namespace tensorferry::torch {

/// A tensor of probe.safetensors; `permute` as PortRow's.
struct ProbeTensor {
  std::string key;
  std::vector<std::size_t> permute;
};

/// A module whose numbers probe.safetensors has, as "layer." and its path; the shape is Keras's.
struct ProbeLayer {
  std::string path;
  std::vector<std::uint64_t> shape;
  std::vector<std::size_t> permute;
};

/// What verify.py is to say.
struct Verification {
  std::string class_name;
  WeightFormat weights = WeightFormat::Safetensors;
  std::vector<ProbeTensor> inputs;
  std::vector<ProbeTensor> outputs;
  std::vector<ProbeLayer> layers;     ///< in the order of the computation
  std::optional<MatchedRun> matched;  ///< the model is made by load.py
  std::string origin;  ///< of the outputs: "TensorFlow.js 4.22.0 computed from the Keras file,"
  std::optional<tensor::DType> half;  ///< the model computes in, or has weights of, this dtype
  bool several_layers = false;        ///< roundings add up
  bool deep = false;                  ///< over very many layers
  bool keras2 = false;                ///< the file is of Keras 2 (or 1)
};

/// The text of verify.py, which runs probe.safetensors through the model and says PASS or FAIL.
std::string verify_source(const Verification& verification);

}  // namespace tensorferry::torch
