#include "torch/module_rows.h"

#include <set>

#include "torch/classes.h"

namespace tensorferry::torch {
namespace {

// What Keras gives is picked from the module's results, which may be none of them.
bool gives_more(const graph::Op& op) {
  if (const auto* recurrent = std::get_if<graph::Recurrent>(&op)) {
    return recurrent->masked && !recurrent->return_sequences;
  }
  const auto* recurrent = std::get_if<graph::ConvRecurrent>(&op);
  return recurrent != nullptr && recurrent->masked && !recurrent->return_sequences;
}

bool is_single(const Layer& layer) {
  if (layer.sites.size() != 1 || !layer.declaration || layer.declaration->state.empty()) {
    return false;
  }
  const Site& site = layer.sites.front();
  return site.node.module.has_value() && site.output().layout.last_axis.empty() &&
         !gives_more(site.node.op);
}

void append_rows(const Classes& classes, const Class& own, const std::string& prefix,
                 std::set<graph::ModuleId>& seen, std::vector<ModuleRow>& rows) {
  for (const Attribute& attribute : own.attributes) {
    const std::string place = prefix + attribute.name;
    if (attribute.graph) {
      append_rows(classes, classes.of(*attribute.graph), place + ".", seen, rows);
      continue;
    }
    for (const std::size_t number : attribute.layers) {
      const Layer& layer = classes.layers[number];
      if (!is_single(layer)) continue;
      const Site& site = layer.sites.front();
      if (!seen.insert(*site.node.module).second) continue;
      rows.push_back({layer.part.empty() ? place : place + "." + layer.part, *site.node.module,
                      site.output().layout.axes});
    }
  }
}

}  // namespace

std::vector<ModuleRow> module_rows(const Classes& classes) {
  std::vector<ModuleRow> rows;
  std::set<graph::ModuleId> seen;
  append_rows(classes, classes.classes.back(), "", seen, rows);
  return rows;
}

}  // namespace tensorferry::torch
