#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <numeric>

#include "io/crc32.h"
#include "io/error.h"
#include "io/overloaded.h"
#include "tensor/produce.h"
#include "tensor/sha256.h"
#include "tensor/values.h"

namespace tensorferry::tensor {

namespace {

using Progress = std::function<void(std::uint64_t)>;

struct Context {
  const Bundle& bundle;
  const std::vector<io::Source>& sources;
  const ReduceResults& results;
  const MemoryLimits& limits;
  const Progress& progress;
};

// Calls `consume` with the bytes of a part, piece by piece.
template <class Consume>
void for_each_piece(const Context& context, const Bundle& bundle, const Part& part,
                    std::uint64_t piece, const Consume& consume) {
  const std::uint64_t size = part_size(part);
  std::vector<std::byte> buffer(std::min(piece, size));
  for (std::uint64_t begin = 0; begin < size; begin += piece) {
    const std::span<std::byte> out = std::span(buffer).first(std::min(piece, size - begin));
    produce(bundle, part, begin, context.sources, context.results, context.limits, out);
    consume(std::span<const std::byte>(out));
    if (context.progress) context.progress(out.size());
  }
}

template <class Consume>
void for_each_piece(const Context& context, const Reduce& reduce, const Consume& consume) {
  constexpr std::uint64_t slice_piece = 1u << 20;  // what is only looked at stays in the cache
  for (const Part& part : reduced_parts(context.bundle, reduce)) {
    const bool slice = std::holds_alternative<SlicePart>(part);
    const std::uint64_t piece =
        slice ? slice_piece : preferred_piece(context.bundle, part, context.limits);
    for_each_piece(context, context.bundle, part, piece, consume);
  }
}

// The same elements in any order: those of a view that is a whole input are read as they lie.
View in_stored_order(const View& view, const TensorRef& input) {
  View whole = identity_view(view.input, input.shape);
  if (element_count(view.shape) != element_count(input.shape)) return view;
  std::vector<std::size_t> axes(view.shape.size());
  std::iota(axes.begin(), axes.end(), std::size_t{0});
  std::stable_sort(axes.begin(), axes.end(),
                   [&](std::size_t a, std::size_t b) { return view.strides[a] > view.strides[b]; });
  std::int64_t dense = 1;
  for (std::size_t i = axes.size(); i-- > 0;) {
    if (view.shape[axes[i]] == 1) continue;
    if (view.strides[axes[i]] != dense) return view;
    dense *= static_cast<std::int64_t>(view.shape[axes[i]]);
  }
  return whole;
}

// Min and max over the elements before they are quantized.
ValueRange range_of(const Context& context, const Computation& computation) {
  ValueRange range;
  for (const View& view : computation.views) {
    Bundle bundle;
    Computation part = computation;
    part.views = {in_stored_order(view, computation.inputs[view.input])};
    part.axis = 0;
    part.shape = part.views[0].shape;
    if (!part.values.empty() && std::holds_alternative<Quantize>(part.values.back())) {
      part.values.pop_back();
    }
    part.dtype = computation.inputs[view.input].dtype;
    for (const ValueOp& op : part.values) {
      if (const auto* cast = std::get_if<Cast>(&op)) part.dtype = cast->to;
    }
    const DType dtype = part.dtype;
    const std::uint64_t size = element_count(part.shape) * dtype_size(dtype);
    bundle.computations.push_back(std::move(part));
    const Part elements = ComputedPart{0, 0, size};
    for_each_piece(context, bundle, elements, preferred_piece(bundle, elements, context.limits),
                   [&](std::span<const std::byte> bytes) { extend_range(range, bytes, dtype); });
  }
  return range;
}

ReduceResult reduce_range(const Context& context, const Reduce& reduce) {
  const auto* over = std::get_if<TensorElements>(&reduce.over);
  if (over == nullptr) {
    throw io::Error(io::ErrorCode::Internal, "The minimum or maximum of bytes is not defined.");
  }
  const ValueRange range = range_of(context, context.bundle.computations.at(over->computation));
  return reduce.kind == ReduceKind::Minimum ? range.minimum : range.maximum;
}

}  // namespace

ReduceResult reduce(const Bundle& bundle, ReduceId id, const std::vector<io::Source>& sources,
                    const ReduceResults& results, const MemoryLimits& limits,
                    const std::function<void(std::uint64_t)>& progress) {
  const Context context{bundle, sources, results, limits, progress};
  const Reduce& it = bundle.reduces.at(id);
  switch (it.kind) {
    case ReduceKind::Minimum:
    case ReduceKind::Maximum:
      return reduce_range(context, it);
    case ReduceKind::Crc32: {
      std::uint32_t crc = 0;
      for_each_piece(context, it,
                     [&](std::span<const std::byte> bytes) { crc = io::crc32(bytes, crc); });
      return crc;
    }
    case ReduceKind::Sha256: {
      Sha256 sha;
      for_each_piece(context, it, [&](std::span<const std::byte> bytes) { sha.update(bytes); });
      return sha.finish();
    }
  }
  throw io::Error(io::ErrorCode::Internal, "An unknown reduction.");
}

}  // namespace tensorferry::tensor
