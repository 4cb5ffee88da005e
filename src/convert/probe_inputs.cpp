#include "convert/probe_inputs.h"

#include <fmt/format.h>

#include <algorithm>

#include "graph/evaluate/array.h"
#include "graph/evaluate/kernels.h"
#include "io/error.h"

namespace tensorferry::convert {
namespace {

using Shapes = std::vector<std::vector<graph::Extent>>;

/// Extents of the open axes behind the batch: of maps, axis by axis, and of sequences.
struct OpenExtents {
  graph::Extent map[3];
  graph::Extent sequence;
};

// Odd and unequal first, as these show the most; powers of two for nets that halve a map and put it
// together again; then small ones, equal ones, and large ones.
constexpr OpenExtents choices[] = {
    {{33, 35, 9}, 11}, {{32, 64, 16}, 8},  {{64, 96, 32}, 16},   {{7, 9, 5}, 7},
    {{7, 7, 7}, 7},    {{65, 67, 17}, 33}, {{128, 160, 64}, 64}, {{256, 288, 64}, 128},
};
constexpr graph::Extent batches[] = {3, 2, 1};

bool is_open(const std::vector<graph::Extent>& shape, std::size_t axis) {
  return axis < shape.size() && shape[axis] == graph::unknown_extent;
}

bool is_map(const std::vector<graph::Extent>& shape) { return shape.size() >= 4; }

Shapes shapes_of(const graph::Graph& root, const OpenExtents& open, graph::Extent batch) {
  Shapes shapes;
  for (const graph::Port& port : root.inputs) {
    shapes.push_back(root.values[port.value].shape);
  }
  // A sequence of maps beside a sequence: of as many times.
  const bool has_times = std::any_of(shapes.begin(), shapes.end(), [](const auto& shape) {
    return !is_map(shape) && is_open(shape, 1);
  });
  for (std::vector<graph::Extent>& shape : shapes) {
    const bool by_axis = is_map(shape);
    for (std::size_t axis = 1; axis < shape.size(); ++axis) {
      if (!is_open(shape, axis)) continue;
      const bool is_time = !by_axis || (axis == 1 && has_times);
      shape[axis] = is_time ? open.sequence : open.map[std::min<std::size_t>(axis - 1, 2)];
    }
    if (is_open(shape, 0)) shape[0] = batch;
  }
  return shapes;
}

// The last third of the times of the last sample.
void mask_end(graph::Array& array, const InputUse& use) {
  const std::size_t behind = use.any_of_last ? 2 : 1;
  if (array.shape.size() < behind + 1) return;
  const std::size_t axis = array.shape.size() - behind;
  const std::uint64_t first_masked = array.shape[axis] - array.shape[axis] / 3;
  std::size_t next = 0;
  graph::for_each_index(array.shape, [&](const graph::Index& index) {
    double& value = array.data[next++];
    const bool is_last = index[0] + 1 == array.shape[0];
    if (is_last && index[axis] >= first_masked) value = *use.masked_by;
  });
}

double whole_number(const graph::Value& input, const InputUse& use, Random& random) {
  const std::uint64_t usual = input.dtype == tensor::DType::UInt8 ? 256 : 10;
  const std::uint64_t end = use.below ? static_cast<std::uint64_t>(*use.below) : usual;
  const bool zero_masks = use.masked_by == 0.0 && end > 1;
  return static_cast<double>(zero_masks ? 1 + random.below(end - 1) : random.below(end));
}

}  // namespace

std::optional<ProbeShapes> probe_shapes(const graph::Program& program, const ProbeLimits& limits,
                                        std::string& reason) {
  const graph::Graph& root = program.graphs.at(program.root);
  std::string refusal;
  std::optional<Walk> least;
  for (const OpenExtents& open : choices) {
    for (const graph::Extent batch : batches) {
      ProbeShapes found{shapes_of(root, open, batch), {}};
      try {
        found.walk = walk(program, found.inputs);
      } catch (const io::Error& error) {
        if (refusal.empty()) refusal = error.what();
        continue;
      }
      if (found.walk.work <= limits.work && found.walk.bytes <= limits.bytes) return found;
      if (!least || found.walk.work < least->work) least = found.walk;
    }
  }
  if (!least) {
    reason = "no extents were found for its open axes (" + refusal + ")";
  } else if (least->bytes > limits.bytes) {
    reason = fmt::format("it would hold {:.1f} GB, and has {:.1f} GB", least->bytes / 1e9,
                         limits.bytes / 1e9);
  } else {
    reason = fmt::format("{:.1f} billion multiply-adds are more than the {:.1f} that it may take",
                         least->work / 1e9, limits.work / 1e9);
  }
  return std::nullopt;
}

graph::Array probe_input(const graph::Value& input, const std::vector<graph::Extent>& shape,
                         const InputUse& use, bool positive, Random& random) {
  graph::Array array;
  array.shape.assign(shape.begin(), shape.end());
  const std::uint64_t count = tensor::element_count(array.shape);
  const std::uint64_t row = array.shape.size() < 2 ? 1 : array.shape.back();
  const bool is_truth = input.dtype == tensor::DType::Bool || use.is_mask;
  const bool is_whole = use.below || !tensor::is_floating_point(input.dtype);
  const std::uint64_t sample = array.shape.empty() ? 1 : count / array.shape[0];
  std::vector<double> means(row, 0);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (is_truth) {
      array.data.push_back(random.below(2) == 1 || i % row == 0 ? 1 : 0);
    } else if (is_whole) {
      array.data.push_back(whole_number(input, use, random));
    } else if (positive) {
      array.data.push_back(random.uniform());
    } else {
      if (i % sample == 0)
        std::generate(means.begin(), means.end(), [&] { return random.normal(); });
      array.data.push_back(means[i % row] + random.normal());
    }
  }
  if (use.masked_by && !is_truth) mask_end(array, use);
  return graph::evaluate_cast({input.dtype}, array);
}

}  // namespace tensorferry::convert
