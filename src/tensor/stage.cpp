#include "tensor/stage.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "io/overloaded.h"
#include "tensor/boxes.h"
#include "tensor/gather.h"

namespace tensorferry::tensor {

namespace {

// Two passes cost reading twice and writing once more; a computation whose reads cost less than
// this many times its bytes stays as it is.
constexpr double worth_staging = 4;

constexpr std::uint64_t longest_block = 1024;  // rows; longer ones gain nothing

// An axis of a view, with its place in the output.
struct Axis {
  std::uint64_t extent = 1;
  std::uint64_t step = 0;  ///< of the input, in elements
  std::size_t place = 0;   ///< in the view
};

// The axes of a view of a whole input, by falling step; none if it is anything else.
std::vector<Axis> axes_of_whole(const Computation& computation) {
  const View& view = computation.views.front();
  std::vector<Axis> axes;
  for (std::size_t place = 0; place < view.shape.size(); ++place) {
    if (view.shape[place] == 1) continue;
    if (view.strides[place] <= 0) return {};
    axes.push_back({view.shape[place], static_cast<std::uint64_t>(view.strides[place]), place});
  }
  std::stable_sort(axes.begin(), axes.end(),
                   [](const Axis& a, const Axis& b) { return a.step > b.step; });
  std::uint64_t dense = 1;
  for (std::size_t i = axes.size(); i-- > 0;) {
    if (axes[i].step != dense) return {};
    dense *= axes[i].extent;
  }
  return axes;
}

// What reading a computation directly costs, in bytes read: a run that begins anew costs a gap's
// worth.
double direct_cost(const Bundle& bundle, std::uint32_t index, const MemoryLimits& limits) {
  const Computation& computation = bundle.computations[index];
  const View& view = computation.views.front();
  const std::uint64_t element = dtype_size(computation.dtype);
  const std::uint64_t size = element_count(computation.shape) * element;
  const std::uint64_t piece = preferred_piece(bundle, ComputedPart{index, 0, size}, limits);
  const std::vector<std::uint64_t> steps = row_major_steps(view.shape);
  double cost = 0;
  for (const Box& box : boxes_of_range(view.shape, 0, piece / element)) {
    GatherBox gathered;
    for (std::size_t axis = 0; axis < box.start.size(); ++axis) {
      gathered.axes.push_back(
          {box.extent[axis], view.strides[axis], static_cast<std::int64_t>(steps[axis])});
    }
    cost +=
        read_cost(std::move(gathered), dtype_size(computation.inputs[view.input].dtype), limits);
  }
  return cost * static_cast<double>(size) / static_cast<double>(piece);
}

// The rows of a block: the largest divisor of the innermost row axis of which a block fits into a
// tile.
std::uint64_t block_rows(std::uint64_t innermost, std::uint64_t row_bytes,
                         const MemoryLimits& limits) {
  const std::uint64_t fitting = std::min(longest_block, limits.tile / row_bytes);
  for (std::uint64_t rows = std::min(innermost, fitting); rows > 1; --rows) {
    if (innermost % rows == 0) return rows;
  }
  return 1;
}

class Stager {
 public:
  Stager(const Bundle& bundle, std::uint32_t source_count, const MemoryLimits& limits)
      : bundle_(bundle), source_count_(source_count), limits_(limits) {}

  Bundle run() && {
    const auto count = static_cast<std::uint32_t>(bundle_.computations.size());
    for (std::uint32_t index = 0; index < count; ++index) stage(index);
    return std::move(bundle_);
  }

 private:
  void stage(std::uint32_t index) {
    const Computation computation = bundle_.computations[index];
    if (computation.views.size() != 1) return;
    const TensorRef& input = computation.inputs[computation.views.front().input];
    const std::uint64_t element = dtype_size(input.dtype);
    const std::uint64_t size = element_count(input.shape) * element;
    if (!std::holds_alternative<Contiguous>(input.storage) || size <= limits_.tile) return;
    const std::vector<Axis> axes = axes_of_whole(computation);
    if (axes.size() < 2) return;
    if (direct_cost(bundle_, index, limits_) < worth_staging * static_cast<double>(size)) return;

    // The input as a matrix: its innermost axis is the columns.
    const std::uint64_t columns = axes.back().extent;
    const std::uint64_t innermost = axes[axes.size() - 2].extent;
    const std::uint64_t rows = element_count(input.shape) / columns;
    const std::uint64_t block = block_rows(innermost, columns * element, limits_);
    if (block < 16) return;

    const auto number = static_cast<std::uint32_t>(bundle_.temporaries.size());
    TensorRef temporary = input;
    temporary.shape = {rows / block, columns, block};
    temporary.storage = Contiguous{source_count_ + number, 0};
    bundle_.temporaries.push_back({"", {}});
    add_blocks(input, temporary.shape);
    bundle_.computations[index] = second_pass(computation, temporary, axes, block);
  }

  // Blocks of rows, each transposed. Stored bytes are moved as they are: values change in the
  // second pass.
  void add_blocks(const TensorRef& input, const Shape& shape) {
    Computation pass;
    pass.inputs = {input};
    pass.inputs[0].big_endian = false;
    const View matrix = identity_view(0, {shape[0], shape[2], shape[1]});
    pass.views = {permuted(matrix, {0, 2, 1})};
    pass.dtype = input.dtype;
    pass.shape = shape;
    OutputFile& file = bundle_.temporaries.back();
    const auto index = static_cast<std::uint32_t>(bundle_.computations.size());
    bundle_.computations.push_back(std::move(pass));
    file.parts = {ComputedPart{index, 0, element_count(shape) * dtype_size(input.dtype)}};
  }

  // The same view, whose steps are now those of the temporary (rows / block, columns, block). The
  // innermost row axis becomes two: which block, and which row of it.
  static Computation second_pass(const Computation& computation, const TensorRef& temporary,
                                 const std::vector<Axis>& axes, std::uint64_t block) {
    const View& view = computation.views.front();
    const Axis& innermost = axes[axes.size() - 2];
    const std::uint64_t columns = axes.back().extent;
    View staged{0, {}, {}, 0};
    const auto add = [&staged](std::uint64_t extent, std::uint64_t step) {
      staged.shape.push_back(extent);
      staged.strides.push_back(static_cast<std::int64_t>(step));
    };
    for (std::size_t place = 0; place < view.shape.size(); ++place) {
      const auto step = static_cast<std::uint64_t>(view.strides[place]);
      if (view.shape[place] == 1) continue;
      if (place == axes.back().place) {
        add(columns, block);
      } else if (place == innermost.place) {
        add(innermost.extent / block, columns * block);
        add(block, 1);
      } else {
        add(view.shape[place], step);  // a multiple of a whole block: as many elements before it
      }
    }
    Computation second = computation;
    second.inputs = {temporary};
    second.views = {staged};
    return second;
  }

  Bundle bundle_;
  std::uint32_t source_count_;
  MemoryLimits limits_;
};

}  // namespace

Bundle stage_transposes(const Bundle& bundle, std::uint32_t source_count,
                        const MemoryLimits& limits) {
  return Stager(bundle, source_count, limits).run();
}

std::vector<std::uint32_t> temporaries_of(const Bundle& bundle, const Part& part,
                                          std::uint32_t source_count) {
  std::set<std::uint32_t> found;
  const auto add = [&](std::uint32_t file) {
    if (file >= source_count) found.insert(file - source_count);
  };
  std::visit(io::overloaded{[](const InlinePart&) {}, [&](const SlicePart& it) { add(it.file); },
                            [&](const ComputedPart& it) {
                              for (const TensorRef& input :
                                   bundle.computations.at(it.computation).inputs) {
                                if (const auto* at = std::get_if<Contiguous>(&input.storage)) {
                                  add(at->file);
                                }
                              }
                            },
                            [](const DeferredPart&) {}},
             part);
  return {found.begin(), found.end()};
}

}  // namespace tensorferry::tensor
