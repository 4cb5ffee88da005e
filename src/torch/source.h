#pragma once

#include <map>
#include <string>

#include "torch/classes.h"
#include "torch/target.h"

namespace tensorferry::torch {

/// How the floating-point tensors of the file are held: one dtype for all, or the layers' own.
struct Precision {
  std::optional<tensor::DType> all;  ///< not float32: the whole model is built in it
  std::map<std::size_t, tensor::DType>
      of_layer;  ///< where they differ: layers that are not float32
};
Precision precision_of(const Classes& classes);

struct ModelSource {
  std::string text;  ///< of model.py
  std::vector<LinesOfLayer> lines;
};

/// `becomes`: Keras layer → what it became. `with_logits`: the root has `forward_logits` as well,
/// which gives what its last activation takes (torch/training/logits.h).
ModelSource model_source(const graph::Program& program, Classes& classes, bool with_logits,
                         std::map<std::string, std::string>& becomes);

}  // namespace tensorferry::torch
