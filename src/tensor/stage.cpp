#include "tensor/stage.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "io/overloaded.h"
#include "tensor/boxes.h"
#include "tensor/gather.h"
#include "tensor/read_ahead.h"

namespace tensorferry::tensor {

namespace {

// Two passes cost reading twice, each time in one go (read_ahead.h), and writing once more; a
// computation whose reads cost less than this many times its bytes stays as it is.
constexpr double worth_staging = 2.5;

// A chunk at the border of two pieces is decoded for both; a temporary costs more than a few such.
constexpr double bearable_decoding = 1.1;

constexpr std::uint64_t longest_block = 1024;  // rows; longer ones gain nothing
constexpr std::uint64_t shortest_block = 16;

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

// How many chunks of an input are decoded when a part is made piece by piece.
std::uint64_t decoded_chunks(const Bundle& bundle, const ComputedPart& part, std::uint32_t input,
                             const MemoryLimits& limits) {
  const Computation& computation = bundle.computations[part.computation];
  const std::uint64_t element = dtype_size(computation.dtype);
  const std::uint64_t piece = preferred_piece(bundle, part, limits);
  std::uint64_t chunks = 0;
  for (std::uint64_t at = 0; at < part.length; at += piece) {
    const std::uint64_t first = (part.begin + at) / element;
    const std::uint64_t bytes = std::min(piece, part.length - at);
    const std::uint64_t count = (part.begin + at + bytes + element - 1) / element - first;
    for (const View& view : computation.views) {
      if (view.input != input || element_count(view.shape) == 0) continue;
      for (GatherBox& box : boxes_of_view(computation, view, first, count)) {
        chunks += chunks_read(computation.inputs[input], std::move(box));
      }
    }
  }
  return chunks;
}

// What reading a computation directly costs, in bytes read: a run that begins anew costs a gap's
// worth.
double direct_cost(const Bundle& bundle, std::uint32_t index, const MemoryLimits& limits) {
  const Computation& computation = bundle.computations[index];
  const View& view = computation.views.front();
  const std::uint64_t element = dtype_size(computation.dtype);
  const std::uint64_t size = element_count(computation.shape) * element;
  const std::uint64_t piece = preferred_piece(bundle, ComputedPart{index, 0, size}, limits);
  double cost = 0;
  for (GatherBox& box : boxes_of_view(computation, view, 0, piece / element)) {
    cost += read_cost(std::move(box), dtype_size(computation.inputs[view.input].dtype), limits);
  }
  return cost * static_cast<double>(size) / static_cast<double>(piece);
}

// The largest divisor of `extent` that is at most `limit`, and at least 1.
std::uint64_t largest_divisor(std::uint64_t extent, std::uint64_t limit) {
  for (std::uint64_t divisor = std::min(extent, limit); divisor > 1; --divisor) {
    if (extent % divisor == 0) return divisor;
  }
  return 1;
}

// A matrix that is transposed through temporaries: its blocks are some rows, its groups some
// columns, and both divide it evenly.
struct Blocks {
  std::uint64_t rows = 0;
  std::uint64_t columns = 0;
  std::uint64_t block = 0;  ///< rows
  std::uint64_t group = 0;  ///< columns; all of them where grouping gains nothing

  std::uint64_t block_count() const { return rows / block; }
  std::uint64_t group_count() const { return columns / group; }
};

// A temporary reads earlier ones only, so its own computation is not staged.
std::set<std::uint32_t> computations_of(const std::vector<OutputFile>& files) {
  std::set<std::uint32_t> found;
  for (const OutputFile& file : files) {
    for (const Part& part : file.parts) {
      if (const auto* computed = std::get_if<ComputedPart>(&part)) {
        found.insert(computed->computation);
      }
    }
  }
  return found;
}

class ChunkStager {
 public:
  ChunkStager(const Bundle& bundle, std::uint32_t source_count, const MemoryLimits& limits)
      : bundle_(bundle), source_count_(source_count), limits_(limits) {}

  Bundle run() && {
    const auto count = static_cast<std::uint32_t>(bundle_.computations.size());
    std::vector<std::vector<ComputedPart>> parts(count);
    for (const OutputFile& file : bundle_.files) {
      for (const Part& part : file.parts) {
        const auto* computed = std::get_if<ComputedPart>(&part);
        if (computed != nullptr) parts[computed->computation].push_back(*computed);
      }
    }
    for (std::uint32_t index = 0; index < count; ++index) {
      const auto inputs = static_cast<std::uint32_t>(bundle_.computations[index].inputs.size());
      for (std::uint32_t input = 0; input < inputs; ++input) stage(index, input, parts[index]);
    }
    return std::move(bundle_);
  }

 private:
  void stage(std::uint32_t index, std::uint32_t input, const std::vector<ComputedPart>& parts) {
    const TensorRef& tensor = bundle_.computations[index].inputs[input];
    const auto* storage = std::get_if<Chunked>(&tensor.storage);
    if (storage == nullptr || storage->filters.empty() || storage->chunks.empty()) return;
    std::uint64_t decoded = 0;
    for (const ComputedPart& part : parts) decoded += decoded_chunks(bundle_, part, input, limits_);
    if (is_bearable(decoded, *storage)) return;
    Storage made = decoded_storage(tensor, *storage);
    bundle_.computations[index].inputs[input].storage = std::move(made);
  }

  static bool is_bearable(std::uint64_t decoded, const Chunked& storage) {
    return static_cast<double>(decoded) <=
           bearable_decoding * static_cast<double>(storage.chunks.size());
  }

  // The decoded elements in a temporary, which several computations may share: as they follow one
  // another where rows of chunks fit into a tile, else chunk by chunk.
  Storage decoded_storage(const TensorRef& tensor, const Chunked& storage) {
    const auto next = static_cast<std::uint32_t>(bundle_.temporaries.size());
    const auto [found, fresh] =
        numbers_.emplace(std::pair(storage.file, storage.chunks.front().offset), next);
    const std::uint32_t file = source_count_ + found->second;
    TensorRef stored = tensor;
    stored.big_endian = false;  // bytes are moved as they are
    Bundle trial;
    trial.computations = {identity_computation(stored)};
    const std::uint64_t size = element_count(tensor.shape) * dtype_size(tensor.dtype);
    const std::uint64_t decoded_for_rows =
        decoded_chunks(trial, ComputedPart{0, 0, size}, 0, limits_);
    const bool in_rows = is_bearable(decoded_for_rows, storage);
    if (fresh) add_temporary(in_rows ? stored : as_vector(stored, storage));
    if (in_rows) return Contiguous{file, 0};
    Chunked decoded = storage;
    decoded.file = file;
    decoded.filters.clear();
    const std::uint64_t chunk = element_count(storage.chunk_shape) * dtype_size(tensor.dtype);
    for (std::size_t i = 0; i < decoded.chunks.size(); ++i) {
      decoded.chunks[i].offset = i * chunk;
      decoded.chunks[i].stored_size = chunk;
      decoded.chunks[i].filter_mask = 0;
    }
    return decoded;
  }

  // The same chunks as those of a vector.
  static TensorRef as_vector(TensorRef tensor, Chunked storage) {
    const std::uint64_t elements = element_count(storage.chunk_shape);
    storage.chunk_shape = {elements};
    for (std::size_t i = 0; i < storage.chunks.size(); ++i) {
      storage.chunks[i].first_element = {i * elements};
    }
    tensor.shape = {storage.chunks.size() * elements};
    tensor.storage = std::move(storage);
    return tensor;
  }

  void add_temporary(const TensorRef& tensor) {
    OutputFile file;
    append_tensor(bundle_, file, identity_computation(tensor));
    bundle_.temporaries.push_back(std::move(file));
  }

  Bundle bundle_;
  std::uint32_t source_count_;
  MemoryLimits limits_;
  std::map<std::pair<std::uint32_t, std::uint64_t>, std::uint32_t> numbers_;
};

class TransposeStager {
 public:
  TransposeStager(const Bundle& bundle, std::uint32_t source_count, const MemoryLimits& limits)
      : bundle_(bundle), source_count_(source_count), limits_(limits) {}

  Bundle run() && {
    const auto count = static_cast<std::uint32_t>(bundle_.computations.size());
    const std::set<std::uint32_t> of_temporaries = computations_of(bundle_.temporaries);
    for (std::uint32_t index = 0; index < count; ++index) {
      if (of_temporaries.count(index) == 0) stage(index);
    }
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

    const Blocks blocks = blocks_of(input, axes);
    if (blocks.block < shortest_block) return;
    std::uint32_t temporary = add_blocks(input, blocks);
    if (blocks.group < blocks.columns) temporary = add_groups(temporary, element, blocks);
    TensorRef staged = input;
    staged.shape = {blocks.group_count(), blocks.block_count(), blocks.group, blocks.block};
    staged.storage = Contiguous{source_count_ + temporary, 0};
    bundle_.computations[index] = second_pass(computation, staged, axes, blocks);
  }

  // The input as a matrix: its innermost axis is the columns.
  Blocks blocks_of(const TensorRef& input, const std::vector<Axis>& axes) const {
    const std::uint64_t element = dtype_size(input.dtype);
    Blocks blocks;
    blocks.columns = axes.back().extent;
    blocks.rows = element_count(input.shape) / blocks.columns;
    const std::uint64_t row_limit = limits_.tile / (blocks.columns * element);
    blocks.block =
        largest_divisor(axes[axes.size() - 2].extent, std::min(longest_block, row_limit));
    blocks.group = blocks.columns;
    const bool columns_first = std::all_of(axes.begin(), axes.end(), [&](const Axis& axis) {
      return axes.back().place <= axis.place;
    });
    if (!columns_first) return blocks;
    const std::uint64_t group =
        largest_divisor(blocks.columns, limits_.tile / (blocks.rows * element));
    if (group * blocks.block * element >= limits_.read_gap) blocks.group = group;
    return blocks;
  }

  std::uint32_t add_temporary(OutputFile file) {
    bundle_.temporaries.push_back(std::move(file));
    return static_cast<std::uint32_t>(bundle_.temporaries.size() - 1);
  }

  // Blocks of rows, each transposed. Stored bytes are moved as they are: values change in the
  // second pass.
  std::uint32_t add_blocks(const TensorRef& input, const Blocks& blocks) {
    Computation pass;
    pass.inputs = {input};
    pass.inputs[0].big_endian = false;
    const View matrix = identity_view(0, {blocks.block_count(), blocks.block, blocks.columns});
    pass.views = {permuted(matrix, {0, 2, 1})};
    pass.dtype = input.dtype;
    pass.shape = pass.views.front().shape;
    const auto index = static_cast<std::uint32_t>(bundle_.computations.size());
    const std::uint64_t size = element_count(pass.shape) * dtype_size(input.dtype);
    bundle_.computations.push_back(std::move(pass));
    return add_temporary({"", {ComputedPart{index, 0, size}}});
  }

  // The same bytes in slices, so that what a tile of the output needs lies together.
  std::uint32_t add_groups(std::uint32_t blocks_file, std::uint64_t element, const Blocks& blocks) {
    OutputFile file;
    const std::uint64_t slice = blocks.group * blocks.block * element;
    for (std::uint64_t group = 0; group < blocks.group_count(); ++group) {
      for (std::uint64_t block = 0; block < blocks.block_count(); ++block) {
        const std::uint64_t offset = (block * blocks.group_count() + group) * slice;
        file.parts.emplace_back(SlicePart{source_count_ + blocks_file, offset, slice});
      }
    }
    return add_temporary(std::move(file));
  }

  // The same view, whose steps are now those of the temporary. The columns become two axes, which
  // group and which column of it, and so does the innermost row axis, which block and which row of
  // it.
  static Computation second_pass(const Computation& computation, const TensorRef& temporary,
                                 const std::vector<Axis>& axes, const Blocks& blocks) {
    const View& view = computation.views.front();
    const Axis& innermost = axes[axes.size() - 2];
    View staged{0, {}, {}, 0};
    const auto add = [&staged](std::uint64_t extent, std::uint64_t step) {
      staged.shape.push_back(extent);
      staged.strides.push_back(static_cast<std::int64_t>(step));
    };
    for (std::size_t place = 0; place < view.shape.size(); ++place) {
      const auto step = static_cast<std::uint64_t>(view.strides[place]);
      if (view.shape[place] == 1) continue;
      if (place == axes.back().place) {
        add(blocks.group_count(), blocks.rows * blocks.group);
        add(blocks.group, blocks.block);
      } else if (place == innermost.place) {
        add(innermost.extent / blocks.block, blocks.group * blocks.block);
        add(blocks.block, 1);
      } else {  // a multiple of a whole block
        add(view.shape[place], step / blocks.columns * blocks.group);
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

Bundle stage_chunks(const Bundle& bundle, std::uint32_t source_count, const MemoryLimits& limits) {
  return ChunkStager(bundle, source_count, limits).run();
}

Bundle stage_transposes(const Bundle& bundle, std::uint32_t source_count,
                        const MemoryLimits& limits) {
  return TransposeStager(bundle, source_count, limits).run();
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
                                } else if (const auto* in = std::get_if<Chunked>(&input.storage)) {
                                  add(in->file);
                                }
                              }
                            },
                            [](const DeferredPart&) {}},
             part);
  return {found.begin(), found.end()};
}

}  // namespace tensorferry::tensor
