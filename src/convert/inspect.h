#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "keras/model.h"
#include "torch/target.h"

namespace tensorferry::convert {

/// What becomes of each layer in a target, by the layer's name.
using Fates = std::map<std::string, std::string>;

/// The root's inputs and outputs in Keras's own layout.
struct KerasPorts {
  std::vector<torch::PortRow> inputs;
  std::vector<torch::PortRow> outputs;
};
KerasPorts keras_ports(const graph::Program& program);

/// The JSON of `tensorferry::inspect_json`; its members are said there. `program` is null for
/// weights without an architecture.
std::string inspection_json(const keras::Model& model, const graph::Program* program,
                            const Fates& pytorch, const Fates& tfjs, const io::Notes& notes);

}  // namespace tensorferry::convert
