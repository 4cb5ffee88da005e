#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "graph/graph.h"

namespace tensorferry::graph {

/// Row-major float64 array; integers are held exactly up to 2^53.
struct Array {
  std::vector<std::uint64_t> shape;
  std::vector<double> data;
};

/// Loads the elements of a stored tensor.
using LoadTensor = std::function<Array(const tensor::TensorRef&)>;

/// Is told what each node has computed, nodes of a nested graph before the one that calls it.
using ObserveNode =
    std::function<void(std::uint32_t graph, const Node&, const std::vector<Array>&)>;

/// The plain reference: computes the root graph's outputs from its inputs in float64, op by op, in
/// the layout that the program has (Keras's before the layout pass). For tests and the proof; slow
/// and obvious.
std::vector<Array> evaluate(const Program& program, const std::vector<Array>& inputs,
                            const LoadTensor& load, const ObserveNode& observe = {});

}  // namespace tensorferry::graph
