#pragma once

#include <optional>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "torch/state_file.h"

namespace tensorferry::torch {

struct TrainingScript {
  std::string text;                ///< of training.py; empty: nothing of it could be written
  std::optional<StateDict> state;  ///< of the optimizer: optimizer.pt
  io::Notes notes;                 ///< what is not in it
};

/// What training.py needs to know of the converted model.
struct TrainedModel {
  const graph::Program* program = nullptr;  ///< with a training, in torch's layout
  std::string class_name;
  bool has_logits = false;  ///< model.py has `forward_logits`
  const std::vector<NamedWeight>* weights = nullptr;
  std::string loading_import;      ///< "from safetensors.torch import load_file"
  std::string loading_expression;  ///< "load_file(\"model.safetensors\")"
  std::string loading_state;       ///< "torch.load(\"optimizer.pt\")"
};

/// The script that goes on training as the Keras file says: `criterion`, `penalty`,
/// `make_optimizer`, `train_epoch`, and a batch of random numbers in place of data.
TrainingScript training_script(const TrainedModel& model);

}  // namespace tensorferry::torch
