#pragma once

#include <string>

#include "graph/graph.h"
#include "torch/python.h"

namespace tensorferry::torch {

/// A loss for one output of the model, as torch has to spell it.
struct LossSpelling {
  const graph::Configured* loss = nullptr;
  int keras = 3;
  const graph::Value* output = nullptr;  ///< as the converted model gives it
  bool takes_logits = false;             ///< its outputs are logits
};

/// Whether Keras looks behind the activation that made the output and takes its logits.
bool takes_logits_behind(const graph::OutputLoss& loss, int keras);

/// Whether the outputs that it is given are logits, by its own word.
bool says_logits(const graph::Configured& loss);

/// Why there is no spelling of it; empty where there is one. `has_logits`: the model gives them.
std::string loss_refusal(const LossSpelling& spelling, graph::EndActivation end, bool has_logits);

/// Writes the function `name(outputs, targets, sample_weight=None)`, which gives the loss of a
/// batch as Keras computes it. Sources of the formulas: keras/src/losses/losses.py,
/// keras/src/backend/tensorflow/nn.py, tf_keras/src/losses.py, tf_keras/src/backend.py.
void write_loss(const LossSpelling& spelling, const std::string& name, python::Writer& writer);

}  // namespace tensorferry::torch
