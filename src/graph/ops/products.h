#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// Products with a kernel or of two values, and lookups, which are products with one-hot rows.
namespace tensorferry::graph {

/// y = x · kernel(in, out) + bias over the last axis. Input: x.
struct Dense {
  std::int64_t in_features = 0;
  std::int64_t out_features = 0;
  bool bias = true;
  bool operator==(const Dense&) const = default;
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

}  // namespace tensorferry::graph
