#include "keras/recurrent_cells.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>

#include "keras/json_text.h"
#include "keras/saved_weights.h"

namespace tensorferry::keras {
namespace {

// Arguments of a stack that say nothing about the numbers.
constexpr std::array<std::string_view, 4> stack_arguments = {"cells", "dtype", "name", "trainable"};

constexpr std::string_view cell_suffix = "Cell";
constexpr std::array<std::string_view, 4> classes_of_cells = {"GRUCell", "LSTMCell",
                                                              "SimpleRNNCell", "StackedRNNCells"};

}  // namespace

std::span<const std::string_view> cell_classes() { return classes_of_cells; }

WrittenCells written_cells(const Json& rnn_config) {
  WrittenCells written;
  const auto cell = rnn_config.find("cell");
  if (cell == rnn_config.end() || !cell->is_object()) return written;
  if (text_member(*cell, "class_name") != "StackedRNNCells") {
    written.cells = {&*cell};
    written.attributes = {"cell"};
    return written;
  }
  written.stacked = true;
  const auto config = cell->find("config");
  if (config == cell->end() || !config->is_object()) return written;
  for (const auto& [name, value] : config->items()) {
    const bool known =
        std::find(stack_arguments.begin(), stack_arguments.end(), name) != stack_arguments.end() ||
        value.is_null() || value == false;
    if (!known) written.unknown[name] = value;
  }
  const auto cells = config->find("cells");
  if (cells == config->end() || !cells->is_array()) return written;
  std::map<std::string, std::size_t> counts;
  for (const Json& one : *cells) {
    const std::string name = snake_case(text_member(one, "class_name"));
    written.cells.push_back(&one);
    written.attributes.push_back("cell/cells/" + counted_name(name, counts[name]++));
  }
  return written;
}

bool is_cell_of_layer(const Layer& cell) {
  return cell.class_name == "LSTMCell" || cell.class_name == "GRUCell" ||
         cell.class_name == "SimpleRNNCell";
}

Layer layer_of_cell(const Layer& rnn, Layer cell, bool first, bool last) {
  Layer layer = std::move(cell);
  layer.class_name.resize(layer.class_name.size() - cell_suffix.size());
  for (const auto& [name, value] : rnn.config.items()) {
    if (name != "cell" && name != "dtype" && name != "name") layer.config[name] = value;
  }
  layer.config["trainable"] = layer.trainable;
  if (!first) layer.config["go_backwards"] = false;
  if (!last) layer.config["return_sequences"] = true;
  return layer;
}

}  // namespace tensorferry::keras
