#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"

namespace tensorferry::torch {

struct Classes;

/// A module of model.py with weights that is called at one place.
struct ModuleRow {
  std::string path;                  ///< as `named_modules` has it: "encoder.conv1"
  graph::ModuleId module = 0;        ///< of the program that was written
  std::vector<std::size_t> permute;  ///< of what it computes, as PortRow's
};

/// In the order of the state_dict. None whose output is flattened in another order than Keras's.
std::vector<ModuleRow> module_rows(const Classes& classes);

}  // namespace tensorferry::torch
