#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "keras/model.h"

/// An RNN of cells as the layers that it is: keras/src/layers/rnn/rnn.py, stacked_rnn_cells.py.
namespace tensorferry::keras {

/// The cells that the config of an RNN holds.
struct WrittenCells {
  bool stacked = false;
  std::vector<const Json*> cells;       ///< as written: class_name, config
  std::vector<std::string> attributes;  ///< what the RNN calls each: "cell", "cell/cells/gru_cell"
  Json unknown = Json::object();        ///< arguments of a stack that are honoured nowhere
};
WrittenCells written_cells(const Json& rnn_config);

/// The classes of cells that an RNN may hold, and of their stack.
std::span<const std::string_view> cell_classes();

/// Whether an RNN of the cell is a layer of its own: of LSTMCell, GRUCell, SimpleRNNCell.
bool is_cell_of_layer(const Layer& cell);
/// That layer, with the arguments of the RNN. The cells of a stack each read the sequence that the
/// one before gives: `first` and `last` say where it stands.
Layer layer_of_cell(const Layer& rnn, Layer cell, bool first, bool last);

}  // namespace tensorferry::keras
