#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

#include "graph/ops/elementwise.h"
#include "graph/ops/extents.h"

/// Layers that go along the time.
namespace tensorferry::graph {

/// A function that a recurrent step applies to the values of one time.
using StepFunction = std::variant<Identity, Unary, Softmax>;

/// A layer that goes along axis 1 of x (batch, time, in_features), step by step
/// (keras/src/layers/rnn: lstm.py, gru.py, simple_rnn.py). With `activation` a,
/// `recurrent_activation` s, and the blocks of the kernels' columns in this order:
/// - Lstm: i, f, c, o: c' = s(f) · c + s(i) · a(c-block); h' = s(o) · a(c').
/// - Gru: z, r, h: h' = s(z) · h + (1 − s(z)) · a(h-block). The state's part of the h-block is
///   (s(r) · h) · U, or s(r) · (h · U + b) with `reset_after`, which has two biases: (2, 3 ·
///   units).
/// - Simple: h' = a(x · W + h · U + b).
/// Parameters "kernel"(in, gates · units), "recurrent_kernel"(units, gates · units), "bias". With
/// `cudnn` a kernel's block of columns, flattened, is (units, in) or (units, units) row-major, and
/// the bias holds those of the input, then those of the state: (2 · gates · units)
/// (tf_keras/src/saving/legacy/hdf5_format.py: _convert_rnn_weights). With
/// `bidirectional` there are "backward_kernel"… too, for a second layer that reads the other way
/// and whose sequence is turned back before it meets the first. Inputs: x, then with
/// `initial_state` the states (h; Lstm: h, c), forward's first; else zeros. Outputs: the sequence h
/// (with `go_backwards` in the order in which it was read), or its last step; of both directions
/// merged, or two for Merge::None; then with `return_state` the last states, forward's first.
/// `masked`: the last input is a mask (batch, time). Where it is false the states stay, and the
/// output is the last one again (zeros before the first), or zeros with `zero_output`.
struct Recurrent {
  enum class Cell { Lstm, Gru, Simple };
  enum class Merge { Concatenate, Sum, Multiply, Average, None };
  Cell cell = Cell::Lstm;
  std::int64_t in_features = 0;
  std::int64_t units = 0;
  StepFunction activation;
  StepFunction recurrent_activation;
  bool bias = true;
  bool reset_after = false;  ///< of Gru
  bool cudnn = false;        ///< the parameters lie as cuDNN has them
  bool go_backwards = false;
  bool return_sequences = false;
  bool return_state = false;
  bool initial_state = false;
  bool masked = false;
  bool zero_output = false;
  bool bidirectional = false;
  Merge merge = Merge::Concatenate;
  bool operator==(const Recurrent&) const = default;
};

/// An LSTM along axis 1 of x (batch, time, and a map with its channels), whose matrices are
/// convolutions (keras/src/layers/rnn/conv_lstm.py): that of the map by `kernel`(spatial…, in, 4 ·
/// filters) with these strides, dilations and pads, and that of the state h by
/// `recurrent_kernel`(spatial…, filters, 4 · filters), of the same size, padded "same". Blocks,
/// `bias`, formula, inputs and outputs as of Recurrent's Lstm; a state is a map.
/// The axes of a Softmax are those of a state.
struct ConvRecurrent {
  int spatial_rank = 2;
  std::int64_t in_channels = 0;
  std::int64_t filters = 0;
  std::vector<std::int64_t> kernel_size;
  std::vector<std::int64_t> strides;
  std::vector<std::int64_t> dilations;
  std::vector<Pad> pads;
  StepFunction activation;
  StepFunction recurrent_activation;
  bool bias = true;
  bool go_backwards = false;
  bool return_sequences = false;
  bool return_state = false;
  bool initial_state = false;
  bool masked = false;
  bool zero_output = false;
  std::size_t channel_axis = 0;  ///< of x
  bool operator==(const ConvRecurrent&) const = default;
};

}  // namespace tensorferry::graph
