#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "tensor/resampling.h"
#include "tensor/tensor_ref.h"

/// The vocabulary of meaning (wall 4): what a layer computes, free of any framework's spelling.
/// Axes are numbered from 0 with the batch at 0, resolved (never negative) in the layout of the
/// values as they are: Keras's before the layout pass, the target's after it. Spatial lists are in
/// the order of the spatial axes. Each op says its inputs; parameters are those of the node's
/// Module, by role.
namespace tensorferry::graph {

using Extent = std::int64_t;
inline constexpr Extent unknown_extent = -1;

/// What lies around one axis.
struct Pad {
  std::int64_t before = 0;
  std::int64_t after = 0;
  bool operator==(const Pad&) const = default;
};

/// `Explicit`: `pads`, one a spatial axis. `Same`: TensorFlow's rule on an extent known only at run
/// time: out = ceil(in / stride), total = max((out − 1)·stride + (k − 1)·dilation + 1 − in, 0),
/// before = total / 2 rounded down. Where the extent is known the lowering has resolved it to
/// Explicit.
struct SpatialPadding {
  enum class Kind { Explicit, Same };
  Kind kind = Kind::Explicit;
  std::vector<Pad> pads;
  bool operator==(const SpatialPadding&) const = default;
};

/// A graph input. No inputs.
struct Input {
  std::string name;
  bool operator==(const Input&) const = default;
};

/// A tensor that the model holds but that is no variable. No inputs. Parameter "value".
struct Constant {
  bool operator==(const Constant&) const = default;
};

/// Convolution (cross-correlation) over `kernel` (spatial…, in/groups, out) and optional
/// `bias`(out). A depthwise convolution is groups = in, its kernel's named axes (spatial…, in,
/// multiplier), where output channel = in · multiplier + m. Input: x. Transposed: the gradient of a
/// convolution. Of the full result, extent (in − 1)·stride + (k − 1)·dilation + 1, `padding.pads`
/// elements are cut off at each side; a negative `after` adds zeros (before the bias). Kernel's
/// named axes (spatial…, out, in).
struct Conv {
  int spatial_rank = 2;
  std::int64_t in_channels = 0;
  std::int64_t out_channels = 0;
  std::vector<std::int64_t> kernel_size;
  std::vector<std::int64_t> strides;
  std::vector<std::int64_t> dilations;
  SpatialPadding padding;
  std::int64_t groups = 1;
  bool transposed = false;
  bool bias = true;
  std::size_t channel_axis = 0;
  bool operator==(const Conv&) const = default;
};

/// A convolution that has a kernel of its own at each place of its result
/// (tf_keras/src/layers/locally_connected). Parameter "kernel", as Keras's `implementation` has it:
/// - Windows (1): (places, window, out), a window being flattened in the order of the data.
/// - Whole (2): (in…, out…), the matrix of a Dense in which a place looks at its window only.
/// - Sparse (3): that matrix's entries of the windows, of which those outside the input are left
///   out; sorted by output, then input, both flattened.
/// In the last two channels stand where they do in the data: `channels_first`. Parameter
/// "bias"(spatial…, out). `in_extents` and `out_extents` are spatial. Input: x.
struct LocallyConnected {
  enum class Kernel { Windows, Whole, Sparse };
  Kernel kernel = Kernel::Windows;
  bool channels_first = false;
  std::int64_t in_channels = 0;
  std::int64_t out_channels = 0;
  std::vector<std::int64_t> kernel_size;
  std::vector<std::int64_t> strides;
  std::vector<Pad> pads;
  std::vector<Extent> in_extents;
  std::vector<Extent> out_extents;
  bool bias = true;
  std::size_t channel_axis = 0;
  bool operator==(const LocallyConnected&) const = default;
};

/// y = x · kernel(in, out) + bias over the last axis. Input: x.
struct Dense {
  std::int64_t in_features = 0;
  std::int64_t out_features = 0;
  bool bias = true;
  bool operator==(const Dense&) const = default;
};

/// Inference: (x − moving_mean) / sqrt(moving_variance + epsilon) · gamma + beta along `axis`.
/// `momentum` is Keras's m (new = m · old + (1 − m) · batch). Input: x.
struct BatchNorm {
  std::size_t axis = 0;
  std::int64_t features = 0;
  double epsilon = 1e-3;
  double momentum = 0.99;
  bool scale = true;
  bool center = true;
  bool operator==(const BatchNorm&) const = default;
};

/// Over all `axes` at once; gamma and beta have the shape of those axes; each axis of a parameter
/// is called by its number in Keras's layout ("axis3"), so it is found whatever the layout is.
/// Standard: (x − mean) / sqrt(variance + ε). Deviation (Keras 3's `rms_scaling`): the mean is not
/// subtracted, x / sqrt(variance + ε). MeanSquare (RMSNormalization): x / sqrt(mean of x² + ε).
/// Then · gamma + beta. Input: x.
struct LayerNorm {
  enum class Kind { Standard, Deviation, MeanSquare };
  Kind kind = Kind::Standard;
  std::vector<std::size_t> axes;
  std::vector<std::int64_t> extents;
  double epsilon = 1e-3;
  bool scale = true;
  bool center = true;
  bool operator==(const LayerNorm&) const = default;
};

/// The channels along `axis` in `groups` of neighbours: (x − mean) / sqrt(variance + ε), both over
/// a sample's elements of a group; then · gamma(features) + beta(features) along the axis. Input:
/// x.
struct GroupNorm {
  std::size_t axis = 0;
  std::int64_t groups = 1;
  std::int64_t features = 0;
  double epsilon = 1e-3;
  bool scale = true;
  bool center = true;
  bool operator==(const GroupNorm&) const = default;
};

/// x / max(sqrt(Σx²), `least`), the sum over `axes` together. Input: x.
struct UnitNorm {
  std::vector<std::size_t> axes;  ///< ascending
  double least = 1e-12;
  bool operator==(const UnitNorm&) const = default;
};

/// Max pads with −∞, average divides by the real cells only. Input: x.
struct Pool {
  enum class Kind { Max, Average };
  Kind kind = Kind::Max;
  int spatial_rank = 2;
  std::vector<std::int64_t> size;
  std::vector<std::int64_t> strides;
  SpatialPadding padding;
  std::size_t channel_axis = 0;
  bool operator==(const Pool&) const = default;
};

/// Reduction over axes; also what global pooling is. Input: x.
struct ReduceAxes {
  enum class Kind { Max, Mean, Sum, Min };
  Kind kind = Kind::Mean;
  std::vector<std::size_t> axes;  ///< ascending
  bool keep_dims = false;
  bool operator==(const ReduceAxes&) const = default;
};

/// Elementwise functions of one value. Where a kind takes numbers, they are said beside it.
enum class UnaryKind {
  Abs,
  Celu,  ///< alpha
  Cos,
  Elu,  ///< alpha
  Exp,
  Erf,
  GeluErf,
  GeluTanh,
  HardShrink,    ///< alpha: threshold
  HardSigmoid2,  ///< Keras 1 and 2: clip(0.2 x + 0.5, 0, 1)
  HardSigmoid3,  ///< Keras 3: relu6(x + 3) / 6
  HardSilu,      ///< x · relu6(x + 3) / 6
  HardTanh,
  LeakyRelu,  ///< alpha: negative slope
  Log,
  LogSigmoid,
  Mish,
  Negate,
  Reciprocal,
  Relu,
  Relu6,
  ReluGeneral,  ///< alpha: negative slope, beta: max value (∞: none), gamma: threshold
  Rsqrt,
  Selu,
  Sigmoid,
  Silu,
  Sin,
  SoftShrink,  ///< alpha: threshold
  Softplus,
  Softsign,
  SparsePlus,
  SparseSigmoid,
  Sqrt,
  Square,
  SquarePlus,  ///< alpha: b
  Tanh,
  TanhShrink,
  Threshold,  ///< alpha: threshold, beta: value below it
};

struct Unary {
  UnaryKind kind = UnaryKind::Relu;
  double alpha = 0;
  double beta = 0;
  double gamma = 0;
  bool operator==(const Unary&) const = default;
};

/// exp(x) / Σ exp(x) over `axes` together (one in most models). Sparsemax is Keras's, whose
/// threshold is (Σ of the cumulative sums of the support − 1) / size of the support: not that of
/// the paper. Input: x.
struct Softmax {
  enum class Kind { Softmax, LogSoftmax, Sparsemax };
  Kind kind = Kind::Softmax;
  std::vector<std::size_t> axes;
  bool operator==(const Softmax&) const = default;
};

/// The first half along `axis` times the sigmoid of the second. Input: x.
struct Glu {
  std::size_t axis = 0;
  bool operator==(const Glu&) const = default;
};

/// max(x, 0) + alpha · min(x, 0); parameter `alpha` has the shape of the non-batch axes, 1 where
/// shared; its axes are called by their numbers in Keras's layout ("axis1"…).
struct PRelu {
  std::vector<std::int64_t> alpha_shape;  ///< without the batch
  bool operator==(const PRelu&) const = default;
};

/// All axes but the batch into one, in the order of the values' *Keras* layout. Input: x.
struct Flatten {
  bool operator==(const Flatten&) const = default;
};

/// `shape` without the batch; at most one extent is −1 (inferred). Meaning: Keras's order of
/// elements.
struct Reshape {
  std::vector<std::int64_t> shape;
  bool operator==(const Reshape&) const = default;
};

/// numpy's transpose, batch included: axis k of the result is axis `axes[k]`.
struct Permute {
  std::vector<std::size_t> axes;
  bool operator==(const Permute&) const = default;
};

/// (batch, features) → (batch, count, features).
struct RepeatVector {
  std::int64_t count = 1;
  bool operator==(const RepeatVector&) const = default;
};

/// Zeros (or `value`) around, one Pad for each axis, batch included; a negative Pad cuts off.
struct PadAxes {
  std::vector<Pad> pads;
  double value = 0;
  bool operator==(const PadAxes&) const = default;
};

/// Each spatial extent times `factors`; Nearest repeats (tensor/resampling.h, without
/// antialiasing).
struct Upsample {
  tensor::Interpolation kind = tensor::Interpolation::Nearest;
  std::vector<std::int64_t> factors;
  std::size_t channel_axis = 0;
  bool operator==(const Upsample&) const = default;
};

/// numpy's einsum of x and the parameter `kernel`, plus the parameter `bias` if there is one, which
/// broadcasts along the last axes. `equation` is "abc,cde->abde", of letters only but for one "…"
/// at the beginning or the end of x and of the result ("...x,xy->...y"). Input: x.
struct EinsumDense {
  std::string equation;
  std::vector<std::int64_t> kernel_shape;
  bool bias = false;
  bool operator==(const EinsumDense&) const = default;
};

/// softmax(scores) · value, where `scores` (…, T, S) tell how much each of T queries has to do with
/// each of S keys; with `causal` query t sees keys 0…t only. Dot: q · k, times parameter `scale` if
/// there is one. Concat: `weight` · Σ tanh(scale · (q + k)), both scalars. Additive: Σ scale ·
/// tanh(q + k), scale(features). The sums are over the last axis. `masked`: the last input is a
/// mask (…, T or 1, S or 1) of the keys that a query sees; one that sees none takes all alike.
/// `dropout` is of the softmax's result, in training. Inputs: query (…, T, features), value (…, S,
/// any), key (…, S, features). Outputs: (…, T, any), and with `return_scores` softmax(scores).
struct Attention {
  enum class Score { Dot, Concat, Additive };
  Score score = Score::Dot;
  bool scale = false;
  bool causal = false;
  bool masked = false;
  bool return_scores = false;
  double dropout = 0;
  bool operator==(const Attention&) const = default;
};

/// For each head softmax(q · k / sqrt(key_dim)) · v, of projections of query, key and value; the
/// results of the heads side by side are projected once more. Query head h is with key and value
/// head h · key_value_heads / heads (rounded down). With a `window` above 0 query t sees keys
/// t − window + 1 … t + window − 1 only. With `gate` the heads' results are multiplied by sigmoid
/// of one more projection of the query, "gate/kernel"(in, heads, value_dim). Parameters
/// "query/kernel"(in, heads, key_dim), "query/bias"(heads, key_dim), the same of "key" and "value"
/// with their own heads, "attention_output/kernel"(heads, value_dim, out…),
/// "attention_output/bias"(out…). Inputs and outputs as of Attention; its scores are (…, heads, T,
/// S), its mask is of all heads. With `blind_is_zero` a query that sees no key takes nothing.
struct MultiHeadAttention {
  std::int64_t heads = 1;
  std::int64_t key_value_heads = 1;
  std::int64_t key_dim = 1;
  std::int64_t value_dim = 1;
  std::int64_t query_features = 0;
  std::int64_t key_features = 0;
  std::int64_t value_features = 0;
  std::int64_t out_features = 0;  ///< all of them
  bool bias = true;
  bool gate = false;
  std::int64_t window = 0;
  bool causal = false;
  bool masked = false;
  bool blind_is_zero = false;
  bool return_scores = false;
  double dropout = 0;
  bool operator==(const MultiHeadAttention&) const = default;
};

/// Row lookup in parameter `embeddings` (input_dim, output_dim). Input: integers (or floats that
/// hold them).
struct Embedding {
  std::int64_t input_dim = 0;
  std::int64_t output_dim = 0;
  bool operator==(const Embedding&) const = default;
};

/// x · embeddingsᵀ over the last axis: an Embedding the other way round, as scores of its rows.
/// Parameter `embeddings` (input_dim, output_dim), of the Embedding's own module if it has one.
/// Input: x (…, output_dim).
struct ReverseEmbedding {
  std::int64_t input_dim = 0;
  std::int64_t output_dim = 0;
  bool operator==(const ReverseEmbedding&) const = default;
};

/// Elementwise with numpy broadcasting; Add, Multiply, Maximum, Minimum, Average take two or more
/// inputs, Subtract and Divide two.
struct Merge {
  enum class Kind { Add, Subtract, Multiply, Divide, Average, Maximum, Minimum };
  Kind kind = Kind::Add;
  bool operator==(const Merge&) const = default;
};

struct Concatenate {
  std::size_t axis = 0;
  bool operator==(const Concatenate&) const = default;
};

/// Keras's Dot: contracts axis `axes[0]` of a with `axes[1]` of b, the batch (axis 0) shared; the
/// result is (batch, a's other axes…, b's other axes…); (batch, 1) where none is left. `normalize`:
/// L2 along those axes first, x · rsqrt(max(Σx², 1e-12)). (keras/src/layers/merging/dot.py).
/// Inputs: a, b.
struct Dot {
  std::int64_t axis_a = 1;
  std::int64_t axis_b = 1;
  bool normalize = false;
  bool operator==(const Dot&) const = default;
};

/// x · scale + offset with constants of the config; one number, or one for each position of `axis`.
struct ScaleOffset {
  std::vector<double> scale;
  std::vector<double> offset;
  std::size_t axis = 0;
  bool operator==(const ScaleOffset&) const = default;
};

/// (x − mean) / max(sqrt(variance), 1e-7), or its inverse. Parameters `mean`, `variance` as stored
/// (shape of `axes`, called by their numbers in Keras's layout: "axis3"), or constants of the
/// config in `mean` and `variance`, row-major over `axes` in the order that they stand there.
/// (keras/src/layers/preprocessing/normalization.py)
struct Normalize {
  std::vector<std::size_t> axes;  ///< kept axes; none: one scalar for all
  std::vector<double> mean;       ///< empty: a parameter
  std::vector<double> variance;
  bool invert = false;
  bool operator==(const Normalize&) const = default;
};

/// x · gamma along one axis (ConvNeXt's LayerScale). Parameter `gamma`(features).
struct ChannelScale {
  std::size_t axis = 0;
  std::int64_t features = 0;
  bool operator==(const ChannelScale&) const = default;
};

/// Nothing at inference. Kept because a model that goes on training needs it.
struct Dropout {
  enum class Kind { Elementwise, Channels, Gaussian, Alpha, GaussianNoise, StochasticDepth };
  Kind kind = Kind::Elementwise;
  double rate = 0.5;     ///< GaussianNoise: the standard deviation
  int spatial_rank = 0;  ///< of Channels
  std::size_t channel_axis = 0;
  std::vector<std::int64_t>
      noise_shape;  ///< Elementwise: empty, or one extent an axis, −1 as the input's
  bool operator==(const Dropout&) const = default;
};

/// To another dtype: Keras casts what a layer is given to the layer's compute dtype. Input: x.
struct Cast {
  tensor::DType to = tensor::DType::Float32;
  bool operator==(const Cast&) const = default;
};

/// The value itself (ActivityRegularization, `linear`).
struct Identity {
  bool operator==(const Identity&) const = default;
};

/// Numbers that stand in a call, as an array: row-major, of any dtype. No inputs.
struct Literal {
  tensor::DType dtype = tensor::DType::Float32;
  std::vector<std::int64_t> shape;
  std::vector<double> values;
  bool operator==(const Literal&) const = default;
};

/// A number in a call in the place of a tensor. `whole`: Python's 2, which keeps an integer
/// tensor's dtype, where 2.0 does not.
struct Scalar {
  double value = 0;
  bool whole = false;
  bool operator==(const Scalar&) const = default;
};

struct FunctionKind;

/// A function of a tensor library (numpy's, for most) that is no layer: a row of the tables of
/// functions.h, which say what its axes, integers, numbers and text are. The lowering has brought
/// the operands to the dtype in which it computes. Inputs: the operands that are tensors.
struct Function {
  const FunctionKind* kind = nullptr;
  std::vector<std::optional<Scalar>> operands;  ///< in the function's order; none: the next input
  std::vector<std::size_t> axes;
  bool keep_dims = false;
  std::vector<std::int64_t> integers;
  std::vector<double> numbers;
  std::string text;
  std::vector<tensor::DType> dtypes;  ///< one for each result
  bool operator==(const Function&) const = default;
};

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

/// A mask: x ≠ `value`, of any element along the last axis with `any_of_last`. Input: x. Booleans.
struct NotEqualTo {
  double value = 0;
  bool any_of_last = false;
  bool operator==(const NotEqualTo&) const = default;
};

/// x where the mask holds, else 0. Inputs: x; a mask of all axes but its last.
struct ApplyMask {
  bool operator==(const ApplyMask&) const = default;
};

/// The mean over axis 1 of the times at which the mask holds. Inputs: x (batch, time, features), a
/// mask (batch, time).
struct MaskedMean {
  bool keep_dims = false;
  bool operator==(const MaskedMean&) const = default;
};

/// (batch, time, …) → (batch · time, …): what follows works at each time by itself. Input: x.
struct FoldTime {
  bool operator==(const FoldTime&) const = default;
};

/// (batch · times, …) → (batch, times, …). Inputs: x; where `times` is unknown, also a value that
/// has the batch and the times as its first axes.
struct UnfoldTime {
  Extent times = unknown_extent;
  bool operator==(const UnfoldTime&) const = default;
};

/// A nested model. Inputs and outputs are those of the graph.
struct CallGraph {
  std::uint32_t graph = 0;  ///< index into `Program::graphs`
  bool operator==(const CallGraph&) const = default;
};

/// What cannot be converted (wall 6). Its weights are the module's parameters, by Keras's names.
/// Output shapes may be unknown.
struct Unsupported {
  std::string class_name;
  std::string reason;
  bool operator==(const Unsupported&) const = default;
};

using Op = std::variant<Input, Constant, Conv, LocallyConnected, Dense, BatchNorm, LayerNorm,
                        GroupNorm, UnitNorm, Pool, ReduceAxes, Unary, Softmax, Glu, PRelu, Flatten,
                        Reshape, Permute, RepeatVector, PadAxes, Upsample, EinsumDense, Attention,
                        MultiHeadAttention, Embedding, ReverseEmbedding, Merge, Concatenate, Dot,
                        ScaleOffset, Normalize, ChannelScale, Dropout, Cast, Literal, Function,
                        Recurrent, ConvRecurrent, NotEqualTo, ApplyMask, MaskedMean, FoldTime,
                        UnfoldTime, Identity, CallGraph, Unsupported>;

}  // namespace tensorferry::graph
